"""Shapes that are compressed by EXT_meshopt_compression. The streams are from meshoptimizer: vertices from 0.2.30,
version 0, and indices from 0.22.0, version 1."""

from __future__ import annotations

import base64
import contextlib

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

# 40 triangles: beside the last ones, new, far away, and the first ones again. As triangles, and as a sequence.
CORNERS = [
    0, 1, 2, 0, 1, 2, 1, 3, 3, 3, 2, 4, 0, 1, 2, 2, 1, 3, 4, 5, 6, 7, 8, 9, 9, 8, 10, 0, 1, 2, 2, 1, 3, 4, 5, 6, 6,
    5, 7, 7, 5, 1, 0, 1, 2, 0, 0, 3, 3, 0, 1, 4, 5, 6, 6, 5, 7, 0, 1, 2, 2, 1, 3, 4, 5, 6, 6, 5, 7, 4, 3, 8, 8, 3,
    2, 9, 10, 11, 11, 10, 12, 12, 10, 13, 13, 10, 10, 12, 14, 14, 2, 11, 15, 15, 11, 8, 16, 17, 18, 11, 2, 19, 20,
    21, 22, 22, 21, 13, 0, 1, 2, 2, 1, 3, 2, 2, 4
]  # fmt: skip
TRIANGLES = base64.b64decode(
    "4fD+/v7+EPDwEP4Q8BAW/v4C8BD+EPAQ/gbwEBAT/v4I8GDwGv4Q/gDyBhMAAAAzAEXyFuUAIgB2h1ZneKmGZYlomAFpAAA="
)
SEQUENCE = base64.b64decode(
    "0QAEBAYEBAIIAAACCA4EBAACCAQEBAQEBAACCCYEBAACCAQEBAACCAAGDgIEBAYADAAKBAwEBAACCBoEBAACCAQEBAACCAoCFAAS"
    "AhwEBAACCAAGDAAKAAgIAC4kEAAOCiAEBBoiRAQEBAACHjIEBAACCAIACAAAAAA="
)


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


def _from_the_least(corners: list[int]) -> list[list[int]]:
    """Triangles that begin with their least corner: the encoder may turn them."""
    rows = [corners[i : i + 3] for i in range(0, len(corners), 3)]
    return [min(row[k:] + row[:k] for k in range(3)) for row in rows]


@pytest.mark.parametrize("stride", [2, 4])
def test_indices_are_decoded(stride):
    found = {
        mode: decode(stream, len(CORNERS), stride, mode).view(f"<u{stride}").ravel().tolist()
        for mode, stream in (("TRIANGLES", TRIANGLES), ("INDICES", SEQUENCE))
    }
    assert found["INDICES"] == CORNERS
    assert _from_the_least(found["TRIANGLES"]) == _from_the_least(CORNERS)


@pytest.mark.parametrize(("stream", "mode"), [(TRIANGLES, "TRIANGLES"), (SEQUENCE, "INDICES")])
def test_damaged_indices_get_a_sentence(stream, mode):
    for n in range(1, len(stream) - 20):
        with pytest.raises(InputError, match="cannot be decoded"):
            decode(stream[:n], len(CORNERS), 2, mode)
    for count, stride in ((len(CORNERS), 8), (-3, 2), (1 << 40, 2)):
        with pytest.raises(InputError, match="cannot be decoded"):
            decode(stream, count, stride, mode)
    with pytest.raises(InputError, match="in a way that is not read"):
        decode(b"\xe0" + stream[1:], len(CORNERS), 2, mode)
    noise = np.random.default_rng(0)
    for _ in range(200):  # of noise some is a file, and the rest is told
        data = stream[:1] + noise.integers(0, 256, 150, np.uint8).tobytes()
        with contextlib.suppress(InputError):
            assert decode(data, 120, 2, mode).shape == (120, 2)


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
