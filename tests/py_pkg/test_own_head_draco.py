"""Meshes that are compressed by Draco. The stream is from Google's own encoder, draco3dgltf 1.5.7."""

from __future__ import annotations

import base64
import importlib.util

import numpy as np
import pytest
from own_head_support import Character, Spoken, animation_of, unpack

from diffusiontalker.errors import InputError
from diffusiontalker.io.gltf import draco
from diffusiontalker.io.gltf.accessors import read_accessor
from diffusiontalker.io.gltf.container import read_gltf
from diffusiontalker.ownhead import animate_head
from diffusiontalker.ownhead.figure import figure_of

# A square of 4 vertices in sequence: POSITION of 14 bits, NORMAL, TEXCOORD_0 as ushort, JOINTS_0 as ubyte.
SQUARE = base64.b64decode(
    "RFJBQ08CAgEAAAACBAEAAQIBAwIBBAAJAwAAAQkDAAEDBAIAAgQCBAADAgMBAQABAQAPAwEgARArARADAKCQiBEAAAD/PwAAAAD/PwAAAAMB"
    "AAoDASAbASADAAiEAP7D////AwAA/wEAAAABAQADAwEwARADACiCZAEAAAAA//8AAAABAQACAwFAAQAyEQAAAAABAAAAAAAAAAAAAAAAAAAA"
    "AACAPw4K"
)
UNIQUE_IDS = {"POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2, "JOINTS_0": 3}
KINDS = {"POSITION": (5126, "VEC3"), "NORMAL": (5126, "VEC3"), "TEXCOORD_0": (5123, "VEC2"), "JOINTS_0": (5121, "VEC4")}
PLACES = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0.5]]


def compressed(stream: bytes = SQUARE, n: int = 4, **ids) -> Character:
    """The square with one target, which Draco leaves as it is."""
    made = Character()
    attributes = {}
    for name in UNIQUE_IDS:
        kind, width = KINDS[name]
        more = {"normalized": True} if name == "TEXCOORD_0" else {}
        made.document["accessors"].append({"componentType": kind, "count": n, "type": width, **more})
        attributes[name] = len(made.document["accessors"]) - 1
    made.document["accessors"].append({"componentType": 5123, "count": 6, "type": "SCALAR"})
    extension = {"bufferView": made.view(stream), "attributes": UNIQUE_IDS | ids}
    primitive = {
        "attributes": attributes, "indices": 4, "targets": [{"POSITION": made.accessor(np.ones((4, 3)))}],
        "extensions": {"KHR_draco_mesh_compression": extension},
    }  # fmt: skip
    made.document["meshes"].append({"primitives": [primitive], "extras": {"targetNames": ["jawOpen"]}})
    made.document["extensionsUsed"] = made.document["extensionsRequired"] = ["KHR_draco_mesh_compression"]
    made.node(mesh=0)
    return made


@pytest.fixture
def decoder():
    if importlib.util.find_spec("DracoPy") is None:
        pytest.skip("nothing was decoded: install DracoPy (the extra draco)")


@pytest.mark.usefixtures("decoder")
def test_every_attribute_is_read_as_its_accessor_says():
    gltf = read_gltf(compressed().glb())
    draco.unpack(gltf, gltf.document["meshes"][0]["primitives"][0])
    assert np.allclose(read_accessor(gltf, 0), PLACES, atol=1e-4)
    assert np.allclose(read_accessor(gltf, 1), [[0, 0, 1]] * 3 + [[0, 1, 0]], atol=1e-2)
    uv = read_accessor(gltf, 2)
    assert uv.dtype == np.float32 and uv.tolist() == [[0, 0], [1, 0], [0, 1], [1, 1]]
    assert read_accessor(gltf, 3).tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    assert read_accessor(gltf, 4).ravel().tolist() == [0, 1, 2, 1, 3, 2]


@pytest.mark.usefixtures("decoder")
def test_such_a_character_is_drawn_and_keeps_its_bytes():
    made = compressed()
    (part,) = figure_of(read_gltf(made.glb()), [], np.eye(3)).parts
    assert np.allclose(part.positions, PLACES, atol=1e-4) and part.triangles.tolist() == [[0, 1, 2], [1, 3, 2]]
    assert np.array_equal(part.deltas, np.ones((1, 4, 3), np.float32))
    glb, _ = animate_head(made.glb(), animation_of(3, jawOpen=[0, 0.5, 1]))
    assert Spoken(glb).values(0)[:, 0].tolist() == [0, 0.5, 1]
    assert unpack(glb)[1].startswith(made.binary)
    assert Spoken(glb).document["meshes"] == made.document["meshes"]


def test_without_the_package_its_installation_is_told(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for use in (
        lambda glb: figure_of(read_gltf(glb), [], np.eye(3)),
        lambda glb: animate_head(glb, animation_of(), fit=True),
    ):
        with pytest.raises(InputError, match=r"compressed \(Draco\): `pip install 'DracoPy.*export it without"):
            use(compressed().glb())
    animate_head(compressed().glb(), animation_of(jawOpen=0.5))  # by its names


@pytest.mark.usefixtures("decoder")
@pytest.mark.parametrize("n", [0, 1, 20, 100, len(SQUARE) - 30])
def test_a_stream_that_is_cut_off_gets_a_sentence(n):
    with pytest.raises(InputError, match="cannot be decoded"):
        figure_of(read_gltf(compressed(SQUARE[:n]).glb()), [], np.eye(3))


@pytest.mark.usefixtures("decoder")
@pytest.mark.parametrize(
    "made", [compressed(n=5), compressed(POSITION=9), compressed(POSITION=None), compressed(NORMAL=2)],
    ids=["count", "unknown id", "no id", "another attribute"],
)  # fmt: skip
def test_what_does_not_fit_its_stream_gets_a_sentence(made):
    with pytest.raises(InputError, match="cannot be decoded"):
        figure_of(read_gltf(made.glb()), [], np.eye(3))


@pytest.mark.parametrize("extension", [[1], 3, "x", {}, {"bufferView": 99, "attributes": {}}, {"bufferView": 0}])
def test_a_compression_that_is_damaged_gets_a_sentence(extension):
    made = compressed()
    made.document["meshes"][0]["primitives"][0]["extensions"]["KHR_draco_mesh_compression"] = extension
    with pytest.raises(InputError, match="the head is damaged"):
        figure_of(read_gltf(made.glb()), [], np.eye(3))
