"""Targets of unknown names, found by their shapes; accessors of every kind."""

from __future__ import annotations

import json

import numpy as np
import pytest
from export_support import random_animation
from own_head_support import FLOAT, USHORT, Character, Spoken, animation_of, pack, unpack

from diffusiontalker.errors import InputError
from diffusiontalker.head import load_head
from diffusiontalker.head.appearance import normals
from diffusiontalker.io import save_animation
from diffusiontalker.io.gltf.accessors import read_accessor
from diffusiontalker.io.gltf.container import read_gltf
from diffusiontalker.ownhead import animate_head
from diffusiontalker.ownhead.inspect import inspect_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS


@pytest.fixture(scope="module")
def built_in(tmp_path_factory) -> bytes:
    """The built-in head as a GLB, as if it were somebody's."""
    path = tmp_path_factory.mktemp("head") / "a.glb"
    save_animation(random_animation(1), path)
    return path.read_bytes()


def odd(glb: bytes, order: np.ndarray, **node) -> bytes:
    """The head with the targets in another order (only those in it) and without telling names. node: its transform."""
    text, binary, _ = unpack(glb)
    document = json.loads(text)
    del document["animations"]
    mesh = document["meshes"][0]
    mesh["extras"]["targetNames"] = [f"Shape {i}" for i in range(len(order))]
    mesh["weights"] = [0.0] * len(order)
    for primitive in mesh["primitives"]:
        primitive["targets"] = [primitive["targets"][i] for i in order]
    document["nodes"][0] |= node
    return pack(json.dumps(document).encode(), binary)


# In centimetres, elsewhere, looking a little aside.
ELSEWHERE = {"scale": [100, 100, 100], "translation": [3, 170, -2], "rotation": [0.05, 0.03, 0, 0.998]}


@pytest.mark.slow
def test_the_shapes_of_arkit_are_found_under_any_name(built_in):
    order = np.random.default_rng(4).permutation(52)
    seen = inspect_head(odd(built_in, order, **ELSEWHERE), fit=True)
    found = {target: list(m.terms) for target, m in seen.targets.items() if m is not None}
    right = {f"Shape {i}": [ARKIT_CHANNELS[k]] for i, k in enumerate(order)}
    wrong = {target: (found.get(target), right[target]) for target in right if found.get(target) != right[target]}
    assert len(wrong) <= 2, wrong


@pytest.mark.slow
def test_few_shapes_are_mixed_so_that_the_jaw_opens_and_its_error_is_told(built_in):
    kept = [ARKIT_CHANNELS.index(c) for c in ("jawOpen", "mouthPucker", "mouthSmileLeft", "mouthSmileRight")]
    head = odd(built_in, np.array(kept))
    anim = animation_of(3, jawOpen=[0, 0.5, 1])
    glb, report = animate_head(head, anim, fit=True)
    weights = Spoken(glb).values(0)
    assert np.abs(weights[:, 0] - [0, 0.5, 1]).max() < 0.12
    assert np.abs(weights[:, 1:]).max() < 0.1
    assert report.fit_error is not None and 0.2 < report.fit_error < 0.95
    assert f"{report.fit_error:.0%}" in " ".join(report.notes)


def test_a_thing_without_a_face_cannot_be_fitted():
    made = Character()
    made.mesh(("a", "b"))
    with pytest.raises(InputError, match="cannot be fitted"):
        animate_head(made.glb(), animation_of(jawOpen=0.5), fit=True)


def accessors_of(made: Character):
    return read_gltf(made.glb())


def with_mesh() -> Character:
    made = Character()
    made.mesh(("jawOpen",))
    return made


def test_sparse_accessors_with_and_without_a_base():
    made = with_mesh()
    where = made.view(np.array([1, 3], "<u2").tobytes())
    what = made.view(np.array([[1, 2, 3], [4, 5, 6]], "<f4").tobytes())
    sparse = {
        "count": 2,
        "indices": {"bufferView": where, "componentType": USHORT},
        "values": {"bufferView": what},
    }
    base = made.accessor(np.ones((4, 3)), sparse=sparse)
    made.document["accessors"].append({"componentType": FLOAT, "count": 4, "type": "VEC3", "sparse": sparse})
    gltf = accessors_of(made)
    expected = np.array([[1, 1, 1], [1, 2, 3], [1, 1, 1], [4, 5, 6]])
    assert np.array_equal(read_accessor(gltf, base), expected)
    assert np.array_equal(read_accessor(gltf, base + 1), expected * [[0], [1], [0], [1]])


@pytest.mark.parametrize(
    ("kind", "code", "scale"), [("<i1", 5120, 127), ("<u1", 5121, 255), ("<i2", 5122, 32767), ("<u2", 5123, 65535)]
)
def test_normalised_and_interleaved_accessors(kind, code, scale):
    made = with_mesh()
    limits = np.iinfo(kind)
    rows = np.array([[limits.min, 0, limits.max], [1, 2, 3]], kind)
    stride = 12
    data = b"".join(b"??" + row.tobytes() + bytes(stride - 2 - row.nbytes) for row in rows)
    view = made.view(data, byteStride=stride)
    entry = {"bufferView": view, "byteOffset": 2, "componentType": code, "count": 2, "type": "VEC3"}
    made.document["accessors"] += [{**entry, "normalized": True}, entry]
    gltf = accessors_of(made)
    n = len(made.document["accessors"])
    assert np.allclose(read_accessor(gltf, n - 2), np.maximum(rows / scale, -1), atol=1e-7)
    assert np.array_equal(read_accessor(gltf, n - 1), rows)


@pytest.mark.parametrize(
    "change",
    [{"count": 10**6}, {"byteOffset": -4}, {"count": -1}, {"componentType": 9}, {"type": "MAT9"}, {"bufferView": 99}],
)
def test_damaged_accessors_get_a_sentence(change):
    made = with_mesh()
    made.document["accessors"][0] |= change
    with pytest.raises(InputError, match="the head is damaged"):
        read_accessor(accessors_of(made), 0)


def test_the_built_in_head_s_own_file_is_a_character_too(built_in):
    anim = random_animation(4)
    glb, report = animate_head(built_in, anim)
    assert np.array_equal(Spoken(glb).values(0), anim.weights)
    assert report.animation == "Speech 2" and len(load_head().channels) == report.n_matched


def test_shapes_that_are_no_numbers_get_a_sentence():
    made = with_mesh()
    view = made.document["bufferViews"][1]
    data = bytearray(made.binary)
    data[view["byteOffset"] : view["byteOffset"] + 4] = np.float32(np.nan).tobytes()
    made.binary = bytes(data)
    with pytest.raises(InputError, match="no numbers"):
        animate_head(made.glb(), animation_of(jawOpen=0.5), fit=True)


@pytest.mark.slow
def test_a_head_on_a_whole_body_is_fitted_by_what_moves(built_in):
    """One mesh is head and body, so the whole of it looks like no head."""
    head, rng = load_head(), np.random.default_rng(0)
    around = rng.normal(size=(6000, 3)) * [1, 0, 1]
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    body = around * 3 - np.outer(rng.uniform(4, 30, 6000), [0, 1, 0])
    made = Character()
    attributes = {
        "POSITION": made.accessor(np.concatenate([head.positions, body])),
        "NORMAL": made.accessor(np.concatenate([normals(head), around])),
    }
    targets = []
    for k in range(len(ARKIT_CHANNELS)):
        delta = np.zeros((len(head.positions) + len(body), 3), np.float32)
        moving, movement = head.target(k)
        delta[moving] = movement
        targets.append({"POSITION": made.accessor(delta)})
    made.document["meshes"].append({"name": "Body", "primitives": [{"attributes": attributes, "targets": targets}]})
    made.node(mesh=0)
    seen = inspect_head(made.glb(), fit=True)
    wrong = [k for k, m in enumerate(seen.targets.values()) if m is None or list(m.terms) != [ARKIT_CHANNELS[k]]]
    assert len(wrong) <= 2, wrong
