"""Small characters for the tests of own heads, made on the spot, and a reader of the results."""

from __future__ import annotations

import json
import struct
from types import SimpleNamespace

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS

FLOAT, USHORT = 5126, 5123


class Character:
    """A glTF document with one buffer that grows."""

    def __init__(self):
        self.binary = b""
        self.document: dict = {
            "asset": {"version": "2.0", "generator": "a test"},
            "scene": 0,
            "scenes": [{"nodes": []}],
            "nodes": [],
            "meshes": [],
            "accessors": [],
            "bufferViews": [],
            "buffers": [{"byteLength": 0}],
        }

    def view(self, data: bytes, **more) -> int:
        self.binary += bytes(-len(self.binary) % 4)
        self.document["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data), **more}
        )
        self.binary += data
        self.document["buffers"][0]["byteLength"] = len(self.binary)
        return len(self.document["bufferViews"]) - 1

    def accessor(self, array: np.ndarray, **more) -> int:
        array = np.asarray(array, "<f4")
        entry = {
            "bufferView": self.view(array.tobytes()),
            "componentType": FLOAT,
            "count": len(array),
            "type": "VEC3",
            "min": array.min(0).tolist(),
            "max": array.max(0).tolist(),
            **more,
        }
        self.document["accessors"].append(entry)
        return len(self.document["accessors"]) - 1

    def node(self, root: bool = True, **node) -> int:
        self.document["nodes"].append(node)
        index = len(self.document["nodes"]) - 1
        if root:
            self.document["scenes"][0]["nodes"].append(index)
        return index

    def mesh(self, names, name="Face", n_primitives=1, told=True, **more) -> int:
        """A triangle per primitive with a target per name; returns the index of a node that shows it."""
        rng = np.random.default_rng(len(self.binary))
        primitives = []
        for _ in range(n_primitives):
            position = self.accessor(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]]))
            targets = [{"POSITION": self.accessor(rng.normal(size=(3, 3)))} for _ in names]
            primitives.append({"attributes": {"POSITION": position}, "targets": targets})
        extras = {"extras": {"targetNames": list(names)}} if told else {}
        self.document["meshes"].append({"name": name, "primitives": primitives, **extras, **more})
        return self.node(mesh=len(self.document["meshes"]) - 1, name=f"{name} node")

    def glb(self) -> bytes:
        return pack(json.dumps(self.document).encode(), self.binary)


def pack(text: bytes, binary: bytes | None, rest: bytes = b"") -> bytes:
    """A .glb of its JSON and its binary chunk."""
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if binary is not None:
        binary += bytes(-len(binary) % 4)
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    chunks += rest
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def unpack(glb: bytes) -> tuple[str, bytes, bytes]:
    """JSON text, binary chunk and what follows it, of a .glb whose lengths are right."""
    magic, version, total = struct.unpack_from("<4sII", glb)
    n, kind = struct.unpack_from("<I4s", glb, 12)
    assert (magic, version, total, kind) == (b"glTF", 2, len(glb), b"JSON")
    m, kind = struct.unpack_from("<I4s", glb, 20 + n)
    assert kind == b"BIN\0" and n % 4 == m % 4 == 0
    return glb[20 : 20 + n].decode(), glb[28 + n : 28 + n + m], glb[28 + n + m :]


class Spoken:
    """The new animation of a .glb, read with struct and json only."""

    def __init__(self, glb: bytes):
        text, self.binary, _ = unpack(glb)
        self.document = json.loads(text)
        self.animation = self.document["animations"][-1]

    def floats(self, accessor: int) -> np.ndarray:
        entry = self.document["accessors"][accessor]
        view = self.document["bufferViews"][entry["bufferView"]]
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[entry["type"]]
        assert entry["componentType"] == FLOAT and view["byteOffset"] % 4 == 0 and view["buffer"] == 0
        assert view["byteLength"] == entry["count"] * width * 4
        flat = np.frombuffer(self.binary, "<f4", entry["count"] * width, view["byteOffset"])
        return flat if width == 1 else flat.reshape(-1, width)

    def values(self, node: int, path: str = "weights") -> np.ndarray:
        """Weights [n, K] or rotations [n, 4] of a node."""
        (channel,) = [c for c in self.animation["channels"] if c["target"] == {"node": node, "path": path}]
        sampler = self.animation["samplers"][channel["sampler"]]
        assert sampler["interpolation"] == "LINEAR"
        values = self.floats(sampler["output"])
        return values.reshape(len(self.floats(sampler["input"])), -1)

    @property
    def times(self) -> np.ndarray:
        return self.floats(self.animation["samplers"][0]["input"])


def animation_of(n_frames: int = 5, pose=None, fps=(30, 1), **channels):
    """An animation in which the named channels have a value or a curve; the others are 0."""
    weights = np.zeros((n_frames, len(ARKIT_CHANNELS)), np.float32)
    for name, value in channels.items():
        weights[:, ARKIT_CHANNELS.index(name)] = value
    made = SimpleNamespace(weights=weights, channels=ARKIT_CHANNELS, fps_num=fps[0], fps_den=fps[1])
    if pose is not None:
        made.head_pose = np.broadcast_to(np.asarray(pose, np.float32), (n_frames, 3))
    return made
