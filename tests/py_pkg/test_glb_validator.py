"""GLB files before the Khronos validator (npm package gltf-validator, run by node)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from export_support import random_animation

from diffusiontalker.io import save_animation

PACKAGE = "gltf-validator@2.0.0-dev.3.10"
SCRIPT = """
const validator = require(process.argv[1]);
const data = new Uint8Array(require('fs').readFileSync(process.argv[2]));
validator.validateBytes(data, {maxIssues: 100}).then((report) => console.log(JSON.stringify(report)));
"""


def find_validator() -> str:
    """Folder of the npm package: in NODE_PATH, or where tests/run.sh installs it. Skips, and says what is missing."""
    if shutil.which("node") is None:
        pytest.skip("the Khronos validator was not run: node is not installed")
    folders = [*os.environ.get("NODE_PATH", "").split(os.pathsep), "build/node/node_modules"]
    root = Path(__file__).parents[2]
    for folder in filter(None, folders):
        package = root / folder / "gltf-validator"  # an absolute folder stays what it is
        if package.is_dir():
            return str(package)
    pytest.skip(f"the Khronos validator was not run: npm install --prefix build/node {PACKAGE}")


@pytest.mark.parametrize("pose", [False, True])
@pytest.mark.parametrize(("n_frames", "channels"), [(1, None), (90, None), (4000, None), (0, None), (5, ("jawOpen",))])
@pytest.mark.slow
def test_glb_passes_the_khronos_validator(tmp_path, n_frames, channels, pose):
    package = find_validator()
    anim = random_animation(n_frames, pose=pose, **({"channels": channels} if channels else {}))
    save_animation(anim, tmp_path / "a.glb")
    command = ["node", "-e", SCRIPT, package, str(tmp_path / "a.glb")]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    report = json.loads(result.stdout)
    counts = {k: v for k, v in report["issues"].items() if k.startswith("num")}
    assert counts == {"numErrors": 0, "numWarnings": 0, "numInfos": 0, "numHints": 0}, report["issues"]["messages"][:5]
    assert report["info"]["hasMorphTargets"] and report["info"]["animationCount"] == (n_frames > 0)


@pytest.mark.parametrize("suffix", [".vrma", ".arkit.vrma"])
def test_vrm_animation_passes_the_khronos_validator(tmp_path, suffix):
    """Infos: the validator does not know the extension, and bones and expressions have no mesh."""
    package = find_validator()
    save_animation(random_animation(30, pose=True), tmp_path / f"a{suffix}")
    command = ["node", "-e", SCRIPT, package, str(tmp_path / f"a{suffix}")]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    report = json.loads(result.stdout)
    assert (report["issues"]["numErrors"], report["issues"]["numWarnings"], report["issues"]["numHints"]) == (0, 0, 0)
    told = {message["code"] for message in report["issues"]["messages"]}
    assert told == {"UNSUPPORTED_EXTENSION", "NODE_EMPTY"}
