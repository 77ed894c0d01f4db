"""The examples of the browser client, with the libraries that they show: npm install --prefix web/client"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("uvicorn")
from browser_support import Browser, browser_path
from export_support import random_animation
from serve_support import TOKEN, Server

import diffusiontalker as dt
from diffusiontalker.io import save_animation

pytestmark = pytest.mark.slow
CLIENT = Path(__file__).parents[2] / "web" / "client"
SPEECH = CLIENT.parents[1] / "examples" / "speech.wav"
NEEDED = {"three": "three", "vrm": "@pixiv/three-vrm", "babylon": "@babylonjs/core"}


@pytest.fixture(scope="module")
def host():
    """The address of the examples."""
    browser_path()
    if shutil.which("node") is None:
        pytest.skip("the examples were not opened: Node.js is not installed")
    subprocess.run(["node", "build.mjs"], cwd=CLIENT, check=True, stdout=subprocess.DEVNULL)
    process = subprocess.Popen(["node", "examples/host.mjs", "0"], cwd=CLIENT, stdout=subprocess.PIPE, text=True)
    yield process.stdout.readline().split()[-1]
    process.kill()
    process.communicate()


@pytest.fixture(scope="module")
def server():
    with Server(dt.load("base", n_threads=1)) as running:
        yield running


def vrm(path: Path) -> Path:
    """The built-in head in a .glb as a VRM 1 avatar with five vowels and blinks."""
    data = path.read_bytes()
    size = struct.unpack_from("<I", data, 12)[0]
    document = json.loads(data[20 : 20 + size])
    names = document["meshes"][0]["extras"]["targetNames"]
    shapes = {"aa": "jawOpen", "ih": "mouthStretchLeft", "ou": "mouthPucker", "ee": "mouthSmileLeft",
              "oh": "mouthFunnel", "blinkLeft": "eyeBlinkLeft", "blinkRight": "eyeBlinkRight"}  # fmt: skip
    bones = ("hips", "spine", "head", "leftUpperLeg", "leftLowerLeg", "leftFoot", "rightUpperLeg", "rightLowerLeg",
             "rightFoot", "leftUpperArm", "leftLowerArm", "leftHand", "rightUpperArm", "rightLowerArm",
             "rightHand")  # fmt: skip
    first = len(document["nodes"])
    document["nodes"] += [{"name": bone} for bone in bones]
    document["scenes"][0]["nodes"] += list(range(first, first + len(bones)))
    document["extensionsUsed"] = [*document.get("extensionsUsed", []), "VRMC_vrm"]
    document.setdefault("extensions", {})["VRMC_vrm"] = {
        "specVersion": "1.0",
        "meta": {"name": "a", "authors": ["a"], "licenseUrl": "https://vrm.dev/licenses/1.0/"},
        "humanoid": {"humanBones": {bone: {"node": first + i} for i, bone in enumerate(bones)}},
        "expressions": {"preset": {
            shape: {"morphTargetBinds": [{"node": 0, "index": names.index(target), "weight": 1}]}
            for shape, target in shapes.items()
        }},
    }  # fmt: skip
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    rest = data[20 + size :]
    path.write_bytes(
        struct.pack("<4sII", b"glTF", 2, 20 + len(text) + len(rest))
        + struct.pack("<I4s", len(text), b"JSON")
        + text
        + rest
    )
    return path.rename(path.with_suffix(".vrm"))


@pytest.mark.parametrize(("example", "moves"), [("three", 52), ("vrm", 7), ("babylon", 52)])
def test_the_example_lets_a_character_speak(host, server, tmp_path, example, moves):
    if not (CLIENT / "node_modules" / NEEDED[example]).exists():
        pytest.skip(f"{example}.html was not opened: npm install --prefix web/client")
    path = tmp_path / "head.glb"
    save_animation(random_animation(2), path)
    if example == "vrm":
        path = vrm(path)
    with Browser(tmp_path / "profile", 700, 700) as browser:
        browser.server = host
        browser.visit(f"{host}examples/{example}.html", "document.getElementById('character')")
        browser.server = ""  # what it asks for from here on are the character, the sound and the session
        for name, value in (("server", f"ws://127.0.0.1:{server.port}/v1/stream"), ("token", TOKEN)):
            browser.run(f"document.getElementById('{name}').value = '{value}'")
        browser.choose_files("#character", path)
        browser.wait("document.getElementById('message').textContent === 'Now choose a recording.'")
        still = browser.picture().astype(int)
        browser.choose_files("#recording", SPEECH)
        browser.wait("document.getElementById('message').textContent.endsWith('targets move.')")
        # A mesh for each part of the head, with all targets.
        assert int(browser.run("parseInt(document.getElementById('message').textContent)")) % moves == 0
        browser.wait("document.getElementById('sound').currentTime > 0.3")
        assert np.abs(browser.picture().astype(int)[:500] - still[:500]).mean() > 0.05
        assert [error for error in browser.errors if not error.startswith("the page asks for")] == []
