"""Buffer views compressed by EXT_meshopt_compression: mode ATTRIBUTES of stream version 0 with the filters of positions
and normals, and both modes of indices.

Written after the extension's specification (Khronos glTF registry, EXT_meshopt_compression, appendices A and B)."""

from __future__ import annotations

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.gltf import meshopt_indices

_MAGIC = 0xA0
_GROUP = 16
# Values of 2 and 4 bits in each byte, the highest bits first.
_PAIRS = np.array([[b >> 6 & 3, b >> 4 & 3, b >> 2 & 3, b & 3] for b in range(256)], np.uint8)
_HALVES = np.array([[b >> 4, b & 15] for b in range(256)], np.uint8)
_DAMAGED = "the head is damaged: a compressed buffer view cannot be decoded"
_UNREAD = (
    "the shapes of the head are compressed in a way that is not read (meshopt), and only its names can be used: export "
    "it without compression"
)


def decode(stream: bytes, count: int, stride: int, mode: str, kind: str = "NONE") -> np.ndarray:
    """The bytes of a buffer view, uint8 [count, stride].   kind: the filter.
    Raises InputError: damaged, or another mode, version or filter.
    """
    if mode in _OF_INDICES and kind == "NONE":
        return _indices(stream, count, stride, mode)
    if mode != "ATTRIBUTES" or stream[:1] != bytes([_MAGIC]) or kind not in ("NONE", *_FILTERS):
        raise InputError(_UNREAD)
    tail = max(stride, 32)
    if stride % 4 or not 4 <= stride <= 256 or count < 0 or len(stream) < 1 + tail:
        raise InputError(_DAMAGED)
    values = _vertices(stream[:-tail], count, stride, np.frombuffer(stream[-stride:], np.uint8))
    return values if kind == "NONE" else _FILTERS[kind](values)


_OF_INDICES = {
    "TRIANGLES": (meshopt_indices.TRIANGLES, meshopt_indices.triangles),
    "INDICES": (meshopt_indices.INDICES, meshopt_indices.sequence),
}


def _indices(stream: bytes, count: int, stride: int, mode: str) -> np.ndarray:
    magic, read = _OF_INDICES[mode]
    if stream[:1] != bytes([magic]):
        raise InputError(_UNREAD)
    if stride not in (2, 4) or count < 0:
        raise InputError(_DAMAGED)
    try:
        found = read(stream, count)
    except (IndexError, ValueError) as e:
        raise InputError(_DAMAGED) from e
    if len(found) and not (0 <= found.min() and found.max() < 1 << 8 * stride):
        raise InputError(_DAMAGED)
    return found.astype(f"<u{stride}").view(np.uint8).reshape(count, stride)


def _vertices(stream: bytes, count: int, stride: int, last: np.ndarray) -> np.ndarray:
    """last: the vertex that the first differences are against."""
    out = np.empty((count, stride), np.uint8)
    data = np.frombuffer(stream, np.uint8)
    n_block = min((8192 // stride) & ~(_GROUP - 1), 256)
    at = 1
    for start in range(0, count, n_block):
        n = min(n_block, count - start)
        for k in range(stride):
            differences, at = _bytes(data, at, -(-n // _GROUP))
            zigzag = (differences[:n] >> 1) ^ (-(differences[:n] & 1).astype(np.int8)).view(np.uint8)
            out[start : start + n, k] = np.cumsum(zigzag, dtype=np.uint8) + last[k]
        last = out[start + n - 1]
    return out


def _bytes(data: np.ndarray, at: int, n_groups: int) -> tuple[np.ndarray, int]:
    """One byte of each vertex of a block, uint8 [16 * n_groups], and where the next ones begin."""
    n_header = -(-n_groups // 4)
    header = data[at : at + n_header]
    if len(header) < n_header:
        raise InputError(_DAMAGED)
    at += n_header
    widths = np.stack([header & 3, header >> 2 & 3, header >> 4 & 3, header >> 6], axis=1).ravel()[:n_groups]
    out = np.zeros((n_groups, _GROUP), np.uint8)
    for group in np.flatnonzero(widths):
        width = widths[group]
        if width == 3:
            values, n_explicit = data[at : at + _GROUP], 0
            at += _GROUP
        else:
            n_fixed = 4 * int(width)
            values = (_PAIRS if width == 1 else _HALVES)[data[at : at + n_fixed]].ravel()
            at += n_fixed
            explicit = values == (3 if width == 1 else 15)
            n_explicit = int(explicit.sum())
        if len(values) < _GROUP or at + n_explicit > len(data):
            raise InputError(_DAMAGED)
        out[group] = values
        if n_explicit:
            out[group, explicit] = data[at : at + n_explicit]
            at += n_explicit
    return out.ravel(), at


def _octahedral(values: np.ndarray) -> np.ndarray:
    """Unit vectors x, y on an octahedron, of 8 or 16 bits; the third value is what 1 is."""
    if values.shape[1] not in (4, 8):
        raise InputError(_DAMAGED)
    n_bytes = values.shape[1] // 4
    numbers = np.ascontiguousarray(values).view(f"<i{n_bytes}")
    x, y = (numbers[:, i] / np.maximum(numbers[:, 2].astype(np.float64), 1) for i in (0, 1))
    z = 1 - np.abs(x) - np.abs(y)
    folded = np.maximum(-z, 0)
    x, y = x - np.copysign(folded, x), y - np.copysign(folded, y)
    vectors = np.stack([x, y, z], axis=1)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    out = numbers.copy()
    out[:, :3] = np.round(vectors * (2 ** (8 * n_bytes - 1) - 1))
    return out.view(np.uint8)


def _exponential(values: np.ndarray) -> np.ndarray:
    """Floats as 24 bits of mantissa and 8 bits of exponent."""
    numbers = np.ascontiguousarray(values).view("<i4")
    floats = np.ldexp(((numbers << 8) >> 8).astype(np.float64), numbers >> 24).astype("<f4")
    return floats.view(np.uint8)


_FILTERS = {"OCTAHEDRAL": _octahedral, "EXPONENTIAL": _exponential}
