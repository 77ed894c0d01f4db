"""Numbers of a glTF file: accessors of every component type, interleaved, normalised and sparse."""

from __future__ import annotations

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.glb_container import COMPONENT_KINDS, VECTOR_WIDTHS
from diffusiontalker.ownhead.container import COMPRESSED, Gltf


def read_accessor(gltf: Gltf, index: int) -> np.ndarray:
    """The values of an accessor, [count, width]: float32, normalised ones as -1..1 or 0..1, or its integers.
    Raises InputError for a damaged file and for compressed bytes.
    """
    try:
        return _read(gltf, gltf.items("accessors")[index])
    except (IndexError, KeyError, TypeError, ValueError) as e:
        if isinstance(e, InputError):
            raise
        raise InputError(f"the head is damaged: accessor {index} cannot be read") from e


def _read(gltf: Gltf, accessor: dict) -> np.ndarray:
    kind = np.dtype(COMPONENT_KINDS[accessor["componentType"]])
    width, count = VECTOR_WIDTHS[accessor["type"]], accessor["count"]
    start = accessor.get("byteOffset", 0)
    if "bufferView" in accessor:
        values = _rows(gltf, accessor["bufferView"], start, kind, width, count)
    else:
        values = np.zeros((count, width), kind)
    if "sparse" in accessor:
        sparse = accessor["sparse"]
        where, what, n = sparse["indices"], sparse["values"], sparse["count"]
        index_kind = np.dtype(COMPONENT_KINDS[where["componentType"]])
        at = _rows(gltf, where["bufferView"], where.get("byteOffset", 0), index_kind, 1, n)[:, 0]
        values = values.copy()
        values[at] = _rows(gltf, what["bufferView"], what.get("byteOffset", 0), kind, width, n)
    if accessor.get("normalized"):
        return np.maximum(values / np.float32(np.iinfo(kind).max), -1).astype(np.float32)
    return values


def _rows(gltf: Gltf, view_index: int, start: int, kind: np.dtype, width: int, count: int) -> np.ndarray:
    view = gltf.items("bufferViews")[view_index]
    if any(name in view.get("extensions", {}) for name in COMPRESSED):
        raise InputError(
            "the shapes of the head are compressed (meshopt), and only its names can be used: export it without "
            "compression"
        )
    if view["buffer"] != 0:
        raise InputError("the head is damaged: a buffer view names a buffer that is not there")
    first = view.get("byteOffset", 0) + start
    size = kind.itemsize * width
    stride = view.get("byteStride", size)
    end = first + stride * (count - 1) + size
    inside = view.get("byteOffset", 0) + view["byteLength"]
    if count < 0 or start < 0 or stride < size or (count and end > min(inside, len(gltf.binary))):
        raise InputError("the head is damaged: an accessor reaches behind its bytes")
    data = np.frombuffer(gltf.binary, np.uint8)
    rows = np.lib.stride_tricks.as_strided(data[first:], (count, size), (stride, 1), writeable=False)
    return np.ascontiguousarray(rows).view(kind).reshape(count, width)
