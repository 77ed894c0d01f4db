"""A character's file after an animation went in: what is new is right, and everything else is as it was."""

from __future__ import annotations

import base64
import json
import struct
from types import SimpleNamespace

import numpy as np
import pytest
from own_head_support import Character, Spoken, animation_of, pack, unpack

from diffusiontalker.cli.failures import sentence
from diffusiontalker.errors import InputError
from diffusiontalker.ownhead import animate_head
from diffusiontalker.ownhead.plan import TONGUE_SHARE
from diffusiontalker.spec.channels import ARKIT_CHANNELS

NAMES = ("jawOpen", "eyeBlinkLeft", "own")


def full_character() -> Character:
    """A character with much beside its face."""
    made = Character()
    made.mesh(NAMES, weights=[0.25, 0, 0.5])
    made.node(name="Head", translation=[0, 1.5, 0], children=[0])
    made.document["scenes"][0]["nodes"] = [1]
    times, turns = made.accessor(np.zeros((2, 3))), made.accessor(np.ones((2, 3)))
    made.document |= {
        "extensionsUsed": ["KHR_materials_unlit", "X_unknown"],
        "materials": [{"extensions": {"KHR_materials_unlit": {}}, "extras": {"note": "Ünïcode ☺"}}],
        "animations": [
            {
                "name": "Wave",
                "samplers": [{"input": times, "output": turns}],
                "channels": [{"sampler": 0, "target": {"node": 1, "path": "translation"}}],
            }
        ],
        "extensions": {"X_unknown": {"deep": [[{"a": None, "b": True}]]}},
    }
    return made


def without_the_new(after: dict, before: dict) -> dict:
    """A document without what an animation adds, which has to be behind what was there."""
    old = json.loads(json.dumps(after))
    for key in ("accessors", "bufferViews", "animations"):
        n = len(before.get(key, []))
        assert len(old[key]) >= n
        old[key] = old[key][:n]
        if key not in before:
            del old[key]
    old["buffers"][0]["byteLength"] = before["buffers"][0]["byteLength"]
    return old


def test_everything_that_was_there_stays():
    made = full_character()
    glb, _ = animate_head(made.glb(), animation_of(jawOpen=0.5, pose=(0.1, 0, 0)))
    text, binary, _ = unpack(glb)
    assert without_the_new(json.loads(text), made.document) == made.document
    assert binary.startswith(made.binary) and len(binary) > len(made.binary)
    assert [a["name"] for a in json.loads(text)["animations"]] == ["Wave", "Speech"]


def test_numbers_keep_their_digits_and_chunks_their_bytes():
    made = full_character()
    text = json.dumps(made.document).replace("1.5", "1.50000000000000000000123e0")
    rest = struct.pack("<I4s", 4, b"OWN\0") + b"\x01\x02\x03\x04"
    glb, _ = animate_head(pack(text.encode(), made.binary, rest), animation_of(jawOpen=0.5))
    after, _, behind = unpack(glb)
    assert "[0,1.50000000000000000000123e0,0]" in after
    assert behind == rest


def test_a_second_animation_has_another_name_and_leaves_the_first():
    once, first = animate_head(full_character().glb(), animation_of(jawOpen=0.5))
    twice, second = animate_head(once, animation_of(jawOpen=0.25))
    assert (first.animation, second.animation) == ("Speech", "Speech 2")
    assert unpack(twice)[1].startswith(unpack(once)[1])
    assert Spoken(twice).values(0)[0, 0] == 0.25


def test_weights_are_the_animation_s_and_other_targets_rest():
    curve = np.float32([0.1, 0.7, 0.3, 1.2, -0.1])
    glb, report = animate_head(full_character().glb(), animation_of(jawOpen=curve, fps=(30000, 1001)))
    spoken = Spoken(glb)
    weights = spoken.values(0)
    assert np.array_equal(weights[:, 0], curve)
    assert (weights[:, 1] == 0).all() and (weights[:, 2] == 0.5).all()
    assert np.array_equal(spoken.times, np.float32(np.arange(5) * 1001 / 30000))
    clock = spoken.document["accessors"][spoken.animation["samplers"][0]["input"]]
    assert clock["min"] == [0] and np.float32(clock["max"][0]) == spoken.times[-1]
    assert report.meshes[0].still == ("own",) and report.n_matched == 2


def test_every_mesh_and_every_node_of_it_moves():
    made = Character()
    face = made.mesh(ARKIT_CHANNELS, "Face", n_primitives=2)
    teeth = made.mesh(("tongueOut", "jawOpen"), "Teeth")
    again = made.node(mesh=0, name="mirror image", weights=[0.5] * 52)
    made.mesh(("unrelated",), "Hat")
    glb, report = animate_head(made.glb(), animation_of(jawOpen=0.5, tongueOut=0.25))
    spoken = Spoken(glb)
    assert {c["target"]["node"] for c in spoken.animation["channels"]} == {face, teeth, again}
    np.testing.assert_allclose(spoken.values(teeth), [[0.25 * TONGUE_SHARE, 0.5]] * 5, atol=1e-7)
    assert spoken.values(again)[0, ARKIT_CHANNELS.index("jawOpen")] == 0.5
    assert [len(mesh.matched) for mesh in report.meshes] == [52, 2, 0]


def test_the_tongue_of_the_built_in_head_moves_as_far_as_it_was_made_for():
    """Its own tongueOut is at the teeth at 0.5; those of other characters are far out of the mouth at 1."""
    made = Character()
    made.mesh(("tongueOut", "jawOpen"), "Teeth")
    made.document["asset"]["generator"] = "DiffusionTalker 1.0"
    assert Spoken(animate_head(made.glb(), animation_of(tongueOut=0.25))[0]).values(0)[0].tolist() == [0.25, 0]


def test_meshes_with_the_same_targets_share_their_curves():
    made = Character()
    for name in ("Face", "Teeth", "Lashes"):
        made.mesh(ARKIT_CHANNELS, name)
    spoken = Spoken(animate_head(made.glb(), animation_of(jawOpen=0.5))[0])
    assert len(spoken.animation["channels"]) == 3 and len(spoken.animation["samplers"]) == 1
    assert len(spoken.binary) - len(made.binary) < 5 * 4 * (52 + 1) + 8


def test_unused_channels_are_told():
    _, report = animate_head(full_character().glb(), animation_of(jawOpen=0.5, cheekPuff=0.3))
    assert report.unused == ("cheekPuff",)


def gltf_with(made: Character, buffer_uri: str) -> bytes:
    made.document["buffers"][0]["uri"] = buffer_uri
    return json.dumps(made.document).encode()


def test_a_gltf_with_everything_inside_becomes_a_glb():
    made = full_character()
    uri = "data:application/octet-stream;base64," + base64.b64encode(made.binary).decode()
    glb, _ = animate_head(gltf_with(made, uri), animation_of(jawOpen=0.5))
    text, binary, _ = unpack(glb)
    assert binary.startswith(made.binary)
    assert "uri" not in json.loads(text)["buffers"][0]


def test_files_beside_a_gltf_go_into_the_glb(tmp_path):
    made = full_character()
    made.document["buffers"].append({"byteLength": 8, "uri": "my%20more.bin"})
    made.document["bufferViews"].append({"buffer": 1, "byteOffset": 4, "byteLength": 4})
    made.document["images"] = [{"uri": "skin.png"}]
    (tmp_path / "face.bin").write_bytes(made.binary)
    (tmp_path / "my more.bin").write_bytes(b"....more")
    (tmp_path / "skin.png").write_bytes(b"a picture")
    glb, _ = animate_head(gltf_with(made, "face.bin"), animation_of(jawOpen=0.5), folder=tmp_path)
    text, binary, _ = unpack(glb)
    document = json.loads(text)
    assert len(document["buffers"]) == 1

    def bytes_of(view: int) -> bytes:
        entry = document["bufferViews"][view]
        return binary[entry["byteOffset"] : entry["byteOffset"] + entry["byteLength"]]

    assert bytes_of(len(made.document["bufferViews"]) - 1) == b"more"
    assert document["images"][0]["mimeType"] == "image/png"
    assert bytes_of(document["images"][0]["bufferView"]) == b"a picture"
    assert Spoken(glb).values(0)[0, 0] == 0.5


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("../secret.bin", "not in its own folder"),
        ("/etc/passwd", "not in its own folder"),
        ("https://example.org/a.bin", "not in its own folder"),
        ("missing.bin", "missing.bin, which cannot be read"),
        ("data:application/octet-stream;base64,@@@", "not base64"),
    ],
)
def test_addresses_that_cannot_be_followed(tmp_path, uri, says):
    with pytest.raises(InputError, match=says):
        animate_head(gltf_with(full_character(), uri), animation_of(jawOpen=0.5), folder=tmp_path)


def broken(change) -> bytes:
    made = full_character()
    change(made)
    return made.glb()


def _set(*path_and_value):
    *path, key, value = path_and_value

    def change(made):
        item = made.document
        for step in path:
            item = item[step]
        item[key] = value

    return change


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "neither .glb nor .gltf"),
        (b"not a head at all", "neither .glb nor .gltf"),
        (b"\x89PNG\r\n", r"neither .glb nor .gltf, or damaged \(it is no text\)"),
        (b"glTF\x02\0\0\0", "cut off"),
        (struct.pack("<4sIIII", b"glTF", 1, 20, 0, 0), "version 1"),
        (full_character().glb()[:200], "cut off"),
        (b"[" * 200_000, "neither .glb nor .gltf"),
        (b'{"a": NaN}', "neither .glb nor .gltf"),
        (b"[]", "not an object"),
        (b'{"asset": {"version": "1.0"}}', "not glTF 2.0"),
        (b'{"asset": {"version": "2.0"}}', "no blendshapes"),
        (broken(_set("nodes", 3)), "its nodes are no list"),
        (broken(_set("meshes", 0, "primitives", 7)), "primitives are no list"),
        (broken(_set("meshes", 0, "weights", "x")), "weights of a mesh"),
        (broken(_set("buffers", 0, "byteLength", 10**9)), "cut off"),
        (broken(_set("nodes", 1, "rotation", [0, 0, 0, 0])), "its nodes cannot be read"),
        (broken(_set("nodes", 0, "children", [1])), "ring"),
    ],
)
def test_a_head_that_cannot_be_used_gets_one_sentence(data, says):
    with pytest.raises(InputError, match=says) as e:
        animate_head(data, animation_of(jawOpen=0.5, pose=(0.1, 0, 0)))
    assert "\n" not in str(e.value) and len(str(e.value)) < 300


JUNK = [None, True, -1, 99, 10**30, 1.5, 1e300, "", "x", [], [None], {}, {"a": 1}, [[]], ["a"]]


def places(item, path=()):
    """Paths of everything in a document."""
    if path:
        yield path
    parts = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    for key, value in parts:
        yield from places(value, (*path, key))


@pytest.mark.filterwarnings("error")
@pytest.mark.slow
def test_any_wrong_value_gives_a_file_or_one_sentence():
    made = full_character()
    anim = animation_of(2, jawOpen=0.5, pose=(0.1, 0, 0))
    sentences, n_files = [], 0
    for n, path in enumerate(places(made.document)):
        for junk in (JUNK[n % len(JUNK)], JUNK[(3 * n + 7) % len(JUNK)]):
            document = json.loads(json.dumps(made.document))
            _set(*path, junk)(SimpleNamespace(document=document))
            try:
                animate_head(pack(json.dumps(document).encode(), made.binary), anim)
                n_files += 1
            except InputError as e:
                sentences.append(str(e))
    assert n_files > 50 and len(sentences) > 50
    assert [s for s in sentences if "\n" in s or len(s) > 400] == []


def test_a_head_without_any_match_is_told_with_its_names():
    made = Character()
    made.mesh(("Angry", "Surprised", "Sad"))
    with pytest.raises(InputError, match=r"no target of the head .*\(Angry, Surprised, Sad\)") as raised:
        animate_head(made.glb(), animation_of(jawOpen=0.5))
    assert "--" not in str(raised.value)  # the server says it too
    text, code = sentence(raised.value)
    assert "--fit" in text and "head inspect" in text and code == 3


def test_an_animation_that_is_no_face_or_empty_is_refused():
    vertices = animation_of()
    vertices.space = "vertices"
    with pytest.raises(InputError, match="of vertices"):
        animate_head(full_character().glb(), vertices)
    with pytest.raises(InputError, match="no frames"):
        animate_head(full_character().glb(), animation_of(0))


def test_compressed_shapes_do_not_matter_to_names():
    made = full_character()
    for view in made.document["bufferViews"]:
        view["extensions"] = {"EXT_meshopt_compression": {"buffer": 0, "byteLength": 4, "byteStride": 4, "count": 1}}
    glb, _ = animate_head(made.glb(), animation_of(jawOpen=0.5))
    assert Spoken(glb).values(0)[0, 0] == 0.5
