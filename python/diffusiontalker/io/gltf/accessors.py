"""Numbers of a glTF file: accessors of every component type, interleaved, normalised and sparse."""

from __future__ import annotations

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.glb_container import COMPONENT_KINDS, WIDTHS
from diffusiontalker.io.gltf.container import COMPRESSED, Gltf
from diffusiontalker.io.gltf.meshopt import decode

_MOST_BYTES = 1 << 28  # of one decoded view: a stream of few bytes may stand for many


def read_accessor(gltf: Gltf, index: int) -> np.ndarray:
    """The values of an accessor, [count, width]: float32, normalised ones as -1..1 or 0..1, or its integers.
    Those of a mesh that is compressed as a whole need io.gltf.draco.unpack() before.
    Raises InputError for a damaged file and for compressed bytes.
    """
    values = raw_numbers(gltf, index)
    if not gltf.items("accessors")[index].get("normalized"):
        return values
    if values.dtype.kind == "f":
        raise InputError(f"the head is damaged: accessor {index} cannot be read")
    return np.maximum(values / np.float32(np.iinfo(values.dtype).max), -1).astype(np.float32)


def raw_numbers(gltf: Gltf, index: int) -> np.ndarray:
    """As read_accessor(), with the integers of normalised accessors as they are."""
    try:
        if index in gltf.unpacked:
            return gltf.unpacked[index]
        return _read(gltf, gltf.items("accessors")[index])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as e:
        if isinstance(e, InputError):
            raise
        raise InputError(f"the head is damaged: accessor {index} cannot be read") from e


def _read(gltf: Gltf, accessor: dict) -> np.ndarray:
    kind = np.dtype(COMPONENT_KINDS[accessor["componentType"]])
    width, count = WIDTHS[accessor["type"]], accessor["count"]
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
    return values


def _rows(gltf: Gltf, view_index: int, start: int, kind: np.dtype, width: int, count: int) -> np.ndarray:
    view = gltf.items("bufferViews")[view_index]
    size = kind.itemsize * width
    compression = next((view["extensions"][name] for name in COMPRESSED if name in view.get("extensions", {})), None)
    if compression is not None:
        if view_index not in gltf.decoded:  # one view may hold many accessors
            gltf.decoded[view_index] = _decoded(gltf, compression)
        data, first, stride = gltf.decoded[view_index], start, compression["byteStride"]
        inside = len(data)
    else:
        data, first = np.frombuffer(_bytes(gltf, view), np.uint8), view.get("byteOffset", 0) + start
        stride, inside = view.get("byteStride", size), min(view.get("byteOffset", 0) + view["byteLength"], len(data))
    end = first + stride * (count - 1) + size
    if count < 0 or start < 0 or stride < size or (count and end > inside):
        raise InputError("the head is damaged: an accessor reaches behind its bytes")
    rows = np.lib.stride_tricks.as_strided(data[first:], (count, size), (stride, 1), writeable=False)
    return np.ascontiguousarray(rows).view(kind).reshape(count, width)


def _bytes(gltf: Gltf, view: dict) -> bytes:
    """The buffer that a view, or its compression, names."""
    if view.get("buffer", 0) != 0:
        raise InputError("the head is damaged: a buffer view names a buffer that is not there")
    return gltf.binary


def _decoded(gltf: Gltf, compression: dict) -> np.ndarray:
    """The bytes of a compressed view, uint8 [n]."""
    first, n_bytes = compression.get("byteOffset", 0), compression["byteLength"]
    if first < 0 or n_bytes < 0 or first + n_bytes > len(gltf.binary):
        raise InputError("the head is damaged: an accessor reaches behind its bytes")
    stream = _bytes(gltf, compression)[first : first + n_bytes]
    count, stride = compression["count"], compression["byteStride"]
    if count * stride > _MOST_BYTES:
        raise InputError("the head is damaged: a compressed buffer view is too large")
    return decode(stream, count, stride, compression["mode"], compression.get("filter", "NONE")).ravel()
