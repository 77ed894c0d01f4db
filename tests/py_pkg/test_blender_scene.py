"""The extension inside Blender. DT_BLENDER names Blender 4.2 or later, or a Python with the package bpy."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli_support import tone

from diffusiontalker.api.saved import load_animation
from diffusiontalker.blender import build_extension
from diffusiontalker.head.pose import quaternions

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).with_name("blender_scene.py")


def blender() -> list[str]:
    """The command that runs a script in Blender. Skips, and says what is missing."""
    chosen = os.environ.get("DT_BLENDER") or shutil.which("blender")
    if not chosen:
        pytest.skip("the extension was not run: DT_BLENDER names no Blender 4.2 and no Python with bpy")
    if Path(chosen).name.lower().startswith("blender"):
        text = subprocess.run([chosen, "--version"], capture_output=True, text=True, check=True).stdout
        if tuple(map(int, text.split()[1].split(".")[:2])) < (4, 2):
            pytest.skip(f"the extension was not run: it needs Blender 4.2, and {chosen} is {text.split()[1]}")
        return [chosen, "--background", "--factory-startup", "--python-exit-code", "1", "--python", str(SCRIPT)]
    return [chosen, str(SCRIPT)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny_bundle, model):
    """Inputs: a sound and one take in four formats."""
    import soundfile

    made = tmp_path_factory.mktemp("blender")
    soundfile.write(made / "in.wav", tone(1.5, 16000), 16000)
    rng = np.random.default_rng(0)
    take = model.animate(made / "in.wav", seed=3)
    walk = np.cumsum(rng.normal(size=(take.n_frames, 55)), axis=0).astype(np.float32) / 20
    take = replace(take, weights=np.abs(walk[:, 3:]) % 1, head_pose=walk[:, :3])
    for name in ("take.json", "take.npz", "take.csv", "take.glb"):
        take.save(made / name)
    return made


@pytest.fixture(scope="module")
def seen(folder, tiny_bundle, tmp_path_factory):
    """What the script saw."""
    command = blender()
    work = tmp_path_factory.mktemp("work")
    program = work / "diffusiontalker"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m diffusiontalker "$@"\n')
    program.chmod(0o755)
    build_extension(work / "extension.zip")
    arguments = [work / "extension.zip", program, folder, tiny_bundle, work / "seen.json"]
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(work / "settings")}
    done = subprocess.run(
        [*command, "--", *map(str, arguments)], capture_output=True, text=True, timeout=300, env=environment
    )
    assert (work / "seen.json").is_file(), (done.stdout + done.stderr)[-3000:]
    return json.loads((work / "seen.json").read_text())


def weights(take, name: str) -> np.ndarray:
    return take.weights[:, take.channels.index(name)]


def test_a_strip_of_the_sequencer_moves_the_face_where_it_is_heard(seen, model, folder):
    take = model.animate(folder / "in.wav").resampled(24, 1)
    strip = seen["strip"]
    begin, end = strip["strip"]
    assert (begin, end) == (14, 43)
    assert strip["keys"]['key_blocks["jawOpen"].value[0]'] == list(range(begin, end))
    values = np.array(strip["values"]["jawOpen"])
    np.testing.assert_allclose(values[begin - 11 : end - 11], weights(take, "jawOpen")[3:32], atol=1e-6)
    assert strip["end"] == end - 1 and not any(strip["values"]["Hat"])


@pytest.mark.parametrize(
    ("name", "rate"),
    [("take.json", (30, 1)), ("take.npz", (24, 1)), ("take.csv", (60, 1)), ("take.glb", (30000, 1001))],
)
def test_every_format_moves_keys_and_head_at_the_rate_of_the_scene(seen, folder, name, rate):
    """The bones have axes of their own, and the head rotates by Euler angles, quaternions or an angle about an axis."""
    take = load_animation(folder / name).resampled(*rate)
    for key, channel in (
        ("jawOpen", "jawOpen"),
        ("MouthSmile_L", "mouthSmileLeft"),
        ("eyeBlinkRight", "eyeBlinkRight"),
    ):
        values = np.array(seen[name]["values"][key])
        n = min(len(values), take.n_frames)
        assert n > 20 and np.ptp(values) > 0.1
        np.testing.assert_allclose(values[:n], weights(take, channel)[:n], atol=2e-6)
    x, y, z, w = quaternions(take.head_pose).astype(float).T
    turned, wanted = np.array(seen[name]["turns"]), np.stack([w, x, y, z], axis=1)
    n = min(len(turned), len(wanted))
    signs = np.sign(np.sum(turned[:n] * wanted[:n], axis=1, keepdims=True))
    np.testing.assert_allclose(turned[:n] * signs, wanted[:n], atol=1e-5)
    assert np.ptp(wanted[:n], axis=0).max() > 0.1


def test_a_second_take_leaves_the_keys_of_the_first_and_those_of_others(seen, folder):
    n = load_animation(folder / "take.json").n_frames
    keys = seen["takes"]["keys"]
    assert keys['key_blocks["jawOpen"].value[0]'] == [*range(1, n + 1), *range(101, n + 101)]
    assert keys['key_blocks["Hat"].value[0]'] == [7]


def test_odd_names_speak_by_a_drafted_mapping(seen):
    assert seen["odd"]["refused"].startswith("Rig: no target of the head has a name that is known (Gob, Winker)")
    assert list(seen["odd"]["keys"]) == ['key_blocks["Gob"].value[0]']


def test_what_cannot_be_done_is_one_sentence_and_moves_nothing(seen):
    found = dict(seen["refusals"])
    assert not found.pop("animated") and found.pop("strips") == 0
    wanted = {
        "silence": "the scene has no sound", "two sounds": "the scene has 2 sounds: select one",
        "no file": "none.csv", "two characters": "the selection has several characters (Rig, Rig.001): select one",
        "nothing": "nothing selected has shape keys", "quote": "a quote that is not closed", "mood": "wrath",
        "program": "/nowhere/diffusiontalker is no program",
    }  # fmt: skip
    assert found.keys() == wanted.keys()
    for name, sentence in wanted.items():
        assert sentence in found[name] and "\n" not in found[name] and "Traceback" not in found[name], found[name]


def test_a_take_is_one_step_of_undo(seen):
    assert seen["undo"] == {"animated": True, "left": False}
