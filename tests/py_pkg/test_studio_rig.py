"""The studio's rig in JavaScript gives targets and bones what the package gives them."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from own_head_support import Character

from diffusiontalker.api.animation import Animation
from diffusiontalker.head import load_head
from diffusiontalker.io.visemes import pose_table
from diffusiontalker.ownhead import prepare_head
from diffusiontalker.ownhead.puppet import puppet_of
from diffusiontalker.ownhead.visemes import viseme_system
from diffusiontalker.render.figure_data import built_in_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS
from diffusiontalker.studio.head import packed

ASSETS = Path(__file__).parents[2] / "python" / "diffusiontalker" / "assets"
VOWELS = ("viseme_aa", "viseme_E", "viseme_I", "viseme_O", "viseme_U", "viseme_PP")
SCRIPT = """
import {Rig} from './studio/rig.js';
import {readFileSync} from 'fs';
const {rig, channels, frames} = JSON.parse(readFileSync(0));
const made = new Rig(rig, channels);
console.log(JSON.stringify(frames.map(frame => {
  const {weights, moves} = made.pose(Float32Array.from(frame));
  const lists = Object.entries(weights).map(([n, w]) => [n, Array.from(w)]);
  return {weights: Object.fromEntries(lists), moves: Array.from(moves)};
})));
"""


def node(folder: Path, script: str, document) -> object:
    """What a module prints as JSON. It stands in a copy of the page's scripts, as Node.js takes `.js` for modules only
    beside a package.json."""
    if shutil.which("node") is None:
        pytest.skip("the page's scripts were not run: Node.js is not installed")
    place = folder / "page"
    if not place.exists():
        shutil.copytree(ASSETS / "studio", place / "studio")
        shutil.copytree(ASSETS / "client", place / "studio" / "client")
        (place / "package.json").write_text('{"type": "module"}')
    (place / "run.js").write_text(script)
    done = subprocess.run(
        ["node", "run.js"], cwd=place, input=json.dumps(document), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def speech(n: int = 12) -> Animation:
    """Faces as speech makes them, with a head that turns."""
    rng = np.random.default_rng(3)
    weights = np.float32(rng.uniform(0, 0.8, (n, 52)) * (rng.uniform(size=(n, 52)) < 0.4))
    weights[0] = 0
    return Animation(weights, ARKIT_CHANNELS, 30, head_pose=np.float32(rng.normal(0, 0.3, (n, 3))))


def jaw_and_head(*targets: str) -> Character:
    """A face on a tilted jaw below a tilted head below a scaled root."""
    c = Character()
    c.mesh(targets)
    c.document["scenes"][0]["nodes"] = [3]
    c.node(root=False, name="Jaw", translation=[0, 1, 0], rotation=[0, 0, 0.6, 0.8], children=[0])
    c.node(root=False, name="Head", translation=[0.5, 0, 0.2], rotation=[0.28, 0, 0, 0.96], children=[1])
    c.node(root=False, name="Root", scale=[2, 2, 2], translation=[0, 1, 0], children=[2])
    if not targets:
        c.document["meshes"][0]["primitives"][0].pop("targets")
        c.document["meshes"][0].pop("extras")
    return c


def characters():
    visemes = Character()
    visemes.mesh(VOWELS)
    visemes.node(name="Head")
    mixed = Character()
    mixed.mesh(("jawOpen", "mouthSmile", "eyeBlinkLeft", "mouthClose"))  # one target of two channels
    return {
        "visemes": visemes.glb(), "mixture": mixed.glb(), "bones": jaw_and_head().glb(),
        "both": jaw_and_head("eyeBlinkLeft").glb(),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["built-in", "visemes", "mixture", "bones", "both"])
def test_targets_and_bones_move_as_in_the_package(tmp_path, name):
    animation = speech()
    prepared = built_in_head(animation) if name == "built-in" else prepare_head(characters()[name])
    puppet = puppet_of(prepared, animation)
    data = packed(prepared, animation)
    (size,) = struct.unpack_from("<I", data)
    document = json.loads(data[4 : 4 + size])
    values = np.hstack([animation.weights, animation.head_pose])
    found = node(tmp_path, SCRIPT, {
        "rig": document["rig"], "channels": [*ARKIT_CHANNELS, "headYaw", "headPitch", "headRoll"],
        "frames": values.tolist(),
    })  # fmt: skip
    assert set(puppet.weights) == {int(n) for n in document["rig"]["nodes"]}
    for k, frame in enumerate(found):
        for number, weights in puppet.weights.items():
            ours = np.array(frame["weights"][str(number)])
            if name == "visemes":  # two solutions may look alike: what counts is how near they are to the mouth
                assert ours.min() >= 0 and ours.sum() <= 1 + 1e-6
                assert distance(ours, animation.weights[k]) <= distance(weights[k], animation.weights[k]) + 2e-3
            else:
                np.testing.assert_allclose(ours, weights[k], atol=1e-6)
        np.testing.assert_allclose(np.reshape(frame["moves"], puppet.moves[k].shape), puppet.moves[k], atol=1e-5)
    assert puppet.moves.shape[1] == {"built-in": 1, "bones": 2, "both": 2}.get(name, puppet.moves.shape[1])


def distance(shares: np.ndarray, face: np.ndarray) -> float:
    """What viseme_weights() makes smallest, as a share of the squares of the face's mouth."""
    gram, products = viseme_system(VOWELS)
    return float(shares @ gram @ shares / 2 - face @ products @ shares) / max(1e-9, float(np.trace(gram)))


def test_the_vowels_of_the_client_are_those_of_the_package(tmp_path):
    found = node(tmp_path, """
        import {Mixture, VRM_POSES} from './studio/client/index.js';
        import {readFileSync} from 'fs';
        const {channels, frames} = JSON.parse(readFileSync(0)), vowels = Mixture.ofPoses(channels, VRM_POSES);
        console.log(JSON.stringify({poses: VRM_POSES, shares: frames.map(f => Array.from(vowels.of(f)))}));
    """, {"channels": ARKIT_CHANNELS, "frames": [list(map(float, row)) for row in vowel_faces()]})  # fmt: skip
    kept = {
        shape: pose for shape, pose in json.loads((ASSETS / "viseme_poses.json").read_text())["vrm"].items() if pose
    }
    assert found["poses"] == kept
    # A face that is a vowel is that vowel, and closed lips are none.
    shares = np.array(found["shares"])
    assert (np.argmax(shares[:5], axis=1) == np.arange(5)).all() and shares[:5].max(axis=1).min() > 0.7
    assert shares[5].max() < 0.2 and shares[:, :].sum(axis=1).max() <= 1 + 1e-6


def vowel_faces() -> np.ndarray:
    """The five vowels, and an open jaw under closed lips."""
    rows = np.zeros((6, 52))
    for row, pose in zip(rows, [p for p in pose_table("vrm").values() if p], strict=False):
        for channel, value in pose.items():
            row[ARKIT_CHANNELS.index(channel)] = value
    rows[5, [ARKIT_CHANNELS.index("jawOpen"), ARKIT_CHANNELS.index("mouthClose")]] = 0.3
    return rows


def test_names_of_targets_in_any_spelling(tmp_path):
    targets = ["JawOpen", "jaw_open", "Face.M_MouthSmile_L", "eyeBlink-left", "browInnerUp", "Angry", "brow_down_R"]
    found = node(tmp_path, """
        import {Mapping, morphFace, namesOf} from './studio/client/index.js';
        import {readFileSync} from 'fs';
        const {channels, targets} = JSON.parse(readFileSync(0)), names = namesOf(targets, channels);
        const mesh = {morphTargetDictionary: {JawOpen: 0, smile: 1}, morphTargetInfluences: [0, 0]};
        const values = new Float32Array(channels.length);
        values[channels.indexOf('jawOpen')] = 0.5; values[channels.indexOf('mouthSmileLeft')] = 0.8;
        const byName = morphFace(mesh, channels), n = byName.n;
        byName(values);
        const first = [...mesh.morphTargetInfluences];
        morphFace(mesh, channels, {smile: {mouthSmileLeft: 0.5, jawOpen: 0.5}})(values);
        let refusal = '';
        try { new Mapping(channels, {x: 'jawOpne'}); } catch (error) { refusal = error.message; }
        console.log(JSON.stringify({names, n, first, second: mesh.morphTargetInfluences, refusal}));
    """, {"channels": ARKIT_CHANNELS, "targets": targets})  # fmt: skip
    assert found["names"] == {
        "JawOpen": "jawOpen", "jaw_open": "jawOpen", "Face.M_MouthSmile_L": "mouthSmileLeft",
        "eyeBlink-left": "eyeBlinkLeft", "browInnerUp": "browInnerUp", "brow_down_R": "browDownRight",
    }  # fmt: skip
    assert (found["n"], found["first"]) == (1, [0.5, 0])
    np.testing.assert_allclose(found["second"], [0.5, 0.65], atol=1e-6)
    assert "jawOpne" in found["refusal"]


def test_the_head_of_the_page_has_all_that_the_viewer_draws():
    animation = speech(2)
    data = packed(built_in_head(animation), animation)
    (size,) = struct.unpack_from("<I", data)
    document = json.loads(data[4 : 4 + size])
    assert size % 4 == 0 and len(document["figure"]["parts"]) >= 1
    n_vertices = sum(part["positions"][2] // 3 for part in document["figure"]["parts"])
    assert n_vertices >= len(load_head().positions)
    assert document["report"]["turns_head"] and document["report"]["n_moving"] == 52
