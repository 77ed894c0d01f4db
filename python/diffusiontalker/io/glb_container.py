"""The parts of a binary glTF 2.0 file (.glb): buffer views, accessors and the two chunks."""

from __future__ import annotations

import json
import struct
from typing import BinaryIO

import numpy as np

from diffusiontalker.errors import OutputError

ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963
# accessor.componentType and accessor.type of glTF 2.0, section 3.6.2: what a number is, and how many an element has.
COMPONENT_KINDS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_COMPONENT = {np.dtype(kind).name: number for number, kind in COMPONENT_KINDS.items()}
_TYPE = {width: name for name, width in WIDTHS.items()}
GENERATOR = "DiffusionTalker"  # begins asset.generator of our own head
ANIMATION_NAME = "Speech"  # of what we add; in a character that has one already "Speech 2" and so on
MAX_GLB_BYTES = 2**32 - 1  # the header counts in 32 bits


class GlbBuilder:
    """Collects accessors; the arrays behind them follow each other in one buffer."""

    def __init__(self) -> None:
        self.accessors: list[dict] = []
        self.views: list[dict] = []
        self._chunks: list[bytes] = []
        self.n_bytes = 0

    def view(self, array: np.ndarray, target: int | None = None) -> int:
        """Adds an array's bytes; returns the index of its buffer view."""
        data = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        index = self.reserve(len(data), target)
        self._chunks.append(data + b"\0" * (-len(data) % 4))
        return index

    def reserve(self, n_bytes: int, target: int | None = None) -> int:
        """A buffer view whose bytes the caller writes after `data()`; all such come last and in order."""
        view = {"buffer": 0, "byteOffset": self.n_bytes, "byteLength": n_bytes}
        if target is not None:
            view["target"] = target
        self.views.append(view)
        self.n_bytes += n_bytes + -n_bytes % 4
        return len(self.views) - 1

    def accessor(self, array: np.ndarray, target: int | None, bounds: bool = False, normalized: bool = False) -> int:
        """array: [n], [n, 2..4] or [n, 16] for matrices, float32, uint32 or uint16. bounds: store min and max."""
        return self.describe(array, self.view(array, target), bounds, normalized)

    def describe(self, array: np.ndarray, view: int | None, bounds: bool = False, normalized: bool = False) -> int:
        n_components = 1 if array.ndim == 1 else array.shape[1]
        entry: dict = {
            "componentType": _COMPONENT[array.dtype.name],
            "count": len(array),
            "type": _TYPE[n_components],
        }
        if view is not None:
            entry["bufferView"] = view
        if normalized:
            entry["normalized"] = True
        if bounds:
            rows = array.reshape(len(array), -1)
            entry["min"], entry["max"] = rows.min(0).tolist(), rows.max(0).tolist()
        self.accessors.append(entry)
        return len(self.accessors) - 1

    def sparse(self, indices: np.ndarray, values: np.ndarray, count: int) -> int:
        """An accessor of `count` zero vectors in which the rows `indices` (rising) are `values` float32 [n, 3]."""
        entry: dict = {"componentType": _COMPONENT["float32"], "count": count, "type": "VEC3"}
        low, high = np.zeros(3), np.zeros(3)
        if len(indices):
            kind = np.uint16 if count <= 0xFFFF else np.uint32
            low, high = values.min(0), values.max(0)
            if len(indices) < count:  # some row is zero
                low, high = np.minimum(low, 0), np.maximum(high, 0)
            entry["sparse"] = {
                "count": len(indices),
                "indices": {
                    "bufferView": self.view(indices.astype(kind)),
                    "componentType": _COMPONENT[np.dtype(kind).name],
                },
                "values": {"bufferView": self.view(values.astype(np.float32))},
            }
        entry["min"], entry["max"] = np.asarray(low, float).tolist(), np.asarray(high, float).tolist()
        self.accessors.append(entry)
        return len(self.accessors) - 1

    def write_head(self, f: BinaryIO, document: dict) -> None:
        """Writes the header, the JSON chunk and the collected bytes; reserved bytes are the caller's to write."""
        document = {
            **document,
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{"byteLength": self.n_bytes}],
        }
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + self.n_bytes
        if total > MAX_GLB_BYTES:
            raise OutputError(f"the animation needs {total} bytes, a GLB file holds 4 GiB: save it as .npz or in parts")
        f.write(struct.pack("<4sII", b"glTF", 2, total))
        f.write(struct.pack("<I4s", len(text), b"JSON") + text)
        f.write(struct.pack("<I4s", self.n_bytes, b"BIN\0"))
        for chunk in self._chunks:
            f.write(chunk)
