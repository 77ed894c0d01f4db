"""What the program and the extension say to each other: a character goes there as .glb, and comes back with an
animation. Nothing here needs Blender."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Blender's z is up, glTF's y.
_UPRIGHT = (-(0.5**0.5), 0.0, 0.0, 0.5**0.5)
_WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


@dataclass(frozen=True)
class Surface:
    """Geometry for the fit by shape: float32 positions and unit normals [V, 3], deltas [K, V, 3] of the shape keys."""

    positions: np.ndarray
    normals: np.ndarray
    deltas: np.ndarray


@dataclass(frozen=True)
class Mesh:
    """name: of the object.   keys: names of its shape keys without the reference.   matrix: to the scene, [4, 4]."""

    name: str
    keys: tuple[str, ...]
    matrix: np.ndarray
    surface: Surface | None = None


@dataclass(frozen=True)
class Bone:
    """parent: index in the list of bones, which comes before, or None.   rotation: quaternion x, y, z, w of its rest in
    the parent's axes, or the armature's.   translation: of its rest in the same axes."""

    name: str
    parent: int | None
    rotation: tuple[float, float, float, float]
    translation: tuple[float, float, float]


@dataclass(frozen=True)
class Take:
    """An animation as it came back.   n_frames: keys of each curve, one per frame of the scene.
    weights: mesh index -> float32 [n, K].   rotations: bone index -> quaternions x, y, z, w [n, 4], rest included.
    """

    n_frames: int
    weights: dict[int, np.ndarray]
    rotations: dict[int, np.ndarray]


class _Writer:
    def __init__(self) -> None:
        self.binary = bytearray()
        self.views: list[dict] = []
        self.accessors: list[dict] = []

    def vectors(self, array: np.ndarray) -> int:
        array = np.ascontiguousarray(array, "<f4")
        self.views.append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": array.nbytes})
        self.binary += array.tobytes()
        entry = {"bufferView": len(self.views) - 1, "componentType": 5126, "count": len(array), "type": "VEC3"}
        if len(array):
            entry |= {"min": array.min(0).tolist(), "max": array.max(0).tolist()}
        self.accessors.append(entry)
        return len(self.accessors) - 1


def character(meshes: Sequence[Mesh], bones: Sequence[Bone] = (), armature: np.ndarray | None = None) -> bytes:
    """A .glb of names, bones and, where meshes have it, geometry. Nodes: the scene, meshes, the armature, bones.
    armature: its matrix to the scene, [4, 4].
    """
    out = _Writer()
    nodes: list[dict] = [{"name": "scene", "rotation": list(_UPRIGHT), "children": []}]
    made = []
    for i, mesh in enumerate(meshes):
        made.append({"name": mesh.name, "primitives": [_primitive(out, mesh)], "extras": {"targetNames": [*mesh.keys]}})
        nodes.append({"name": mesh.name, "mesh": i, "matrix": _columns(mesh.matrix)})
        nodes[0]["children"].append(len(nodes) - 1)
    document: dict = {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "meshes": made}
    if bones:
        nodes.append({"name": "armature", "matrix": _columns(armature if armature is not None else np.eye(4))})
        nodes[0]["children"].append(len(nodes) - 1)
        first = len(nodes)
        for i, bone in enumerate(bones):
            nodes.append({"name": bone.name, "rotation": [*bone.rotation], "translation": [*bone.translation]})
            above = nodes[first - 1 if bone.parent is None else first + bone.parent]
            above.setdefault("children", []).append(first + i)
        document["skins"] = [{"joints": list(range(first, len(nodes)))}]
    document["nodes"] = nodes
    if out.accessors:
        document |= {"accessors": out.accessors, "bufferViews": out.views}
        document["buffers"] = [{"byteLength": len(out.binary)}]
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if out.binary:
        chunks += struct.pack("<I4s", len(out.binary), b"BIN\0") + bytes(out.binary)
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _primitive(out: _Writer, mesh: Mesh) -> dict:
    if mesh.surface is None:
        return {"attributes": {}, "targets": [{} for _ in mesh.keys]}
    surface = mesh.surface
    attributes = {"POSITION": out.vectors(surface.positions), "NORMAL": out.vectors(surface.normals)}
    return {"attributes": attributes, "targets": [{"POSITION": out.vectors(d)} for d in surface.deltas]}


def _columns(matrix: np.ndarray) -> list[float]:
    return [float(x) for x in np.asarray(matrix, float).T.ravel()]


def read_take(glb: bytes, n_meshes: int) -> Take:
    """The last animation of a character() of so many meshes, as the program writes it: linear keys, float32."""
    (n_text,) = struct.unpack_from("<I", glb, 12)
    document = json.loads(glb[20 : 20 + n_text])
    binary = memoryview(glb)[28 + n_text :]
    animation = document["animations"][-1]
    weights, rotations, n_frames = {}, {}, 0
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        n_frames = document["accessors"][sampler["input"]]["count"]
        values = _floats(document, binary, sampler["output"]).reshape(n_frames, -1)
        node, path = channel["target"]["node"], channel["target"]["path"]
        if path == "weights":
            weights[node - 1] = values
        elif path == "rotation":
            rotations[node - n_meshes - 2] = values
    return Take(n_frames, weights, rotations)


def _floats(document: dict, binary: memoryview, index: int) -> np.ndarray:
    accessor = document["accessors"][index]
    view = document["bufferViews"][accessor["bufferView"]]
    n = accessor["count"] * _WIDTHS[accessor["type"]]
    return np.frombuffer(binary, "<f4", n, view.get("byteOffset", 0) + accessor.get("byteOffset", 0))
