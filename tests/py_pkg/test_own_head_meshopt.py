"""Shapes that are compressed by EXT_meshopt_compression. The streams are from meshoptimizer 0.2.30, version 0."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from own_head_support import Character, Spoken, animation_of, unpack

from diffusiontalker.errors import InputError
from diffusiontalker.io.gltf.accessors import read_accessor
from diffusiontalker.io.gltf.container import read_gltf
from diffusiontalker.io.gltf.meshopt import decode
from diffusiontalker.ownhead import animate_head

# 280 vertices of 4 bytes, more than a block: small steps, noise and a constant, jumps, equal steps.
VERTICES = base64.b64decode(
    "oFVVVVUAAgAIACAAgAIACAAgAIACAAgAIACAAgAIACAAgAIACAAgAIACAAgAIACAAgAIACAAgAIACAAgAIACAAgAIACAHwAAAABg"
    "jLjk78OXaz8TGERwnMj037OHWy8DKFSArNj7z6N3///AAEsfDDhkkLzoFhFEEEEwAAAAdgAA8AB1dvAAAAB1dgAA8AB1dvAAAAB1"
    "dgAA8AB1dvAAAAB1dqqqqqoKqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
    "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqgUCAAgA"
    "IAAAAAAACqqqqqqqqqqqqqqqqgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADIAA=="
)
NORMALS = base64.b64decode("oAE/AAAAgkfIAT8AAAB+zrQAASoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAfwB/AQ==")
FLOATS = base64.b64decode("oAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABQAA/fn//wABAAAFAABA6A==")
# Three vertices of 4 numbers of 16 bits: a triangle, and the second one 500 down.
TRIANGLE = base64.b64decode("oAE8AAAALzABPAAAAAYFAQwAAAAvAQwAAAAGAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
DELTAS = base64.b64decode("oAAAATwAAAAYFwE8AAAAAwQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")


def test_every_kind_of_group_is_decoded():
    i = np.arange(280)
    noise = np.where(i < 40, i * 37 + i * i * 11, 9)
    wanted = np.stack([i // 7, noise, np.where(i % 40 == 0, 200, 3), i * 5], axis=1).astype(np.uint8)
    np.testing.assert_array_equal(decode(VERTICES, 280, 4, "ATTRIBUTES"), wanted)


def test_normals_and_floats_pass_their_filters():
    normals = decode(NORMALS, 4, 4, "ATTRIBUTES", "OCTAHEDRAL").view(np.int8)
    assert normals.tolist() == [[127, 0, 0, 1], [-91, 89, 0, 2], [-60, -44, -103, 3], [0, 0, 127, 4]]
    floats = decode(FLOATS, 1, 16, "ATTRIBUTES", "EXPONENTIAL").view("<f4")
    assert floats.tolist() == [[0.625, -7.0, 32.0, 0.25]]


@pytest.mark.parametrize("n", [0, 1, 5, 40, 100, len(VERTICES) - 1])
def test_a_stream_that_is_cut_off_gets_a_sentence(n):
    with pytest.raises(InputError, match=r"cannot be decoded|in a way that is not read"):
        decode(VERTICES[:n], 280, 4, "ATTRIBUTES")


@pytest.mark.parametrize(
    ("stream", "mode", "kind"),
    [
        (VERTICES, "TRIANGLES", "NONE"),
        (VERTICES, "ATTRIBUTES", "QUATERNION"),
        (b"\xa1" + VERTICES[1:], "ATTRIBUTES", "NONE"),
    ],
)
def test_other_kinds_of_compression_get_a_sentence(stream, mode, kind):
    with pytest.raises(InputError, match="export it without compression"):
        decode(stream, 280, 4, mode, kind)


def compressed(names=("jawOpen",), **change) -> Character:
    """A triangle whose position and targets are compressed, as gltfpack writes it: with a buffer that is nowhere."""
    made = Character()
    for stream in (TRIANGLE, DELTAS):
        packed = made.view(stream)
        place = made.document["bufferViews"].pop(packed)
        compression = {"buffer": 0, "byteOffset": place["byteOffset"], "byteLength": len(stream), "byteStride": 8,
                       "count": 3, "mode": "ATTRIBUTES", **change}  # fmt: skip
        made.document["bufferViews"].append(
            {"buffer": 1, "byteOffset": 24 * packed, "byteLength": 24, "byteStride": 8,
             "extensions": {"EXT_meshopt_compression": compression}}
        )  # fmt: skip
        made.document["accessors"].append({"bufferView": packed, "componentType": 5122, "count": 3, "type": "VEC3"})
    fallback = {"byteLength": 48, "extensions": {"EXT_meshopt_compression": {"fallback": True}}}
    made.document["buffers"].append(fallback)
    targets = [{"POSITION": 1} for _ in names]
    primitive = {"attributes": {"POSITION": 0}, "targets": targets}
    made.document["meshes"].append({"primitives": [primitive], "extras": {"targetNames": list(names)}})
    made.document["extensionsUsed"] = made.document["extensionsRequired"] = ["EXT_meshopt_compression"]
    made.node(mesh=0)
    return made


def test_accessors_read_what_is_compressed():
    gltf = read_gltf(compressed().glb())
    assert read_accessor(gltf, 0).tolist() == [[0, 0, 0], [1000, 0, 0], [0, 1000, 0]]
    assert read_accessor(gltf, 1).tolist() == [[0, 0, 0], [0, -500, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    "change",
    [{"byteLength": 1 << 40}, {"byteOffset": -8}, {"count": 1 << 40}, {"byteStride": 6}, {"buffer": 1}, {"count": -1}],
)
def test_a_damaged_compression_gets_a_sentence(change):
    gltf = read_gltf(compressed(**change).glb())
    with pytest.raises(InputError, match="the head is damaged"):
        read_accessor(gltf, 0)


@pytest.mark.parametrize("extension", ["EXT_meshopt_compression", "KHR_draco_mesh_compression"])
def test_known_names_need_no_decoding_and_the_compressed_bytes_stay(extension):
    """The streams could not be decoded, and nothing asks for that."""
    made = compressed(mode="SECRET")
    if extension == "KHR_draco_mesh_compression":
        primitive = made.document["meshes"][0]["primitives"][0]
        primitive["extensions"] = {extension: {"bufferView": 0, "attributes": {"POSITION": 0}}}
    glb, _ = animate_head(made.glb(), animation_of(3, jawOpen=[0, 0.5, 1]))
    spoken = Spoken(glb)
    assert spoken.values(0)[:, 0].tolist() == [0, 0.5, 1]
    assert unpack(glb)[1].startswith(made.binary)
    for key in ("meshes", "nodes", "extensionsRequired"):
        assert spoken.document[key] == made.document[key]
    assert spoken.document["bufferViews"][:2] == made.document["bufferViews"]
    assert spoken.document["buffers"][1] == made.document["buffers"][1]


@pytest.mark.parametrize("compression", [[1], None, 3, "x"])
def test_a_compression_that_is_no_object_gets_a_sentence(compression):
    made = compressed()
    made.document["bufferViews"][0]["extensions"]["EXT_meshopt_compression"] = compression
    with pytest.raises(InputError, match="the head is damaged"):
        animate_head(made.glb(), animation_of(), fit=True)
