"""Indices compressed by EXT_meshopt_compression: mode TRIANGLES of stream version 1, and mode INDICES.

Written after the extension's specification (Khronos glTF registry, EXT_meshopt_compression, appendix A)."""

from __future__ import annotations

import numpy as np

TRIANGLES, INDICES = 0xE1, 0xD1  # the first byte of each mode
_TAIL_OF_TRIANGLES, _TAIL_OF_INDICES = 16, 4


class _Reader:
    """Numbers behind the codes, each in groups of seven bits, as differences with their sign in the lowest bit."""

    def __init__(self, data: bytes):
        self._data, self._at = data, 0

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def number(self) -> int:
        value, shift = 0, 0
        while shift < 35:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        return value


def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


class _Triangles:
    """What the last triangles were: the next index that is new, the last one that was stored, and 16 edges and 16
    vertices that a code may name, the latest first."""

    def __init__(self, reader: _Reader, codes: bytes):
        """codes: 16 of them that a triangle may name by a number."""
        self._reader, self._codes = reader, codes
        self._next = self._last = 0
        self._edges, self._vertices = [(0, 0)] * 16, [0] * 16

    def triangle(self, code: int) -> tuple[int, int, int]:
        if code < 0xF0:
            return self._beside_an_edge(code >> 4, code & 15)
        if code < 0xFE:
            more = self._codes[code & 15]
            return self._new(0, more >> 4, more & 15)
        more = self._reader.byte()
        if more == 0:
            self._next = 0
        return self._new(0 if code == 0xFE else 15, more >> 4, more & 15)

    def _beside_an_edge(self, edge: int, how: int) -> tuple[int, int, int]:
        a, b = self._edges[edge]
        if how in (13, 14):
            c = self._last = self._last + (1 if how == 14 else -1)
        else:
            c = self._vertex(how, how + 1)
        if how == 0 or how >= 13:
            self._vertices = [c, *self._vertices[:15]]
        self._edges = [(a, c), (c, b), *self._edges[:14]]
        return a, b, c

    def _new(self, first: int, second: int, third: int) -> tuple[int, int, int]:
        """All three by what they are: new, one of the latest, or stored."""
        reads = [(first, first), (second, second), (third, third)]
        # Those that are new are counted before those that are stored are read.
        counted = [self._vertex(how, back) if how != 15 else None for how, back in reads]
        a, b, c = (self._vertex(15, 0) if vertex is None else vertex for vertex in counted)
        for vertex, how in ((a, 0), (b, second), (c, third)):
            if how in (0, 15):
                self._vertices = [vertex, *self._vertices[:15]]
        self._edges = [(a, c), (c, b), (b, a), *self._edges[:13]]
        return a, b, c

    def _vertex(self, how: int, back: int) -> int:
        """how: 0 is a new index, 15 one that is stored, another one of the latest, counted from 1 by `back`."""
        if how == 0:
            self._next += 1
            return self._next - 1
        if how == 15:
            self._last += _signed(self._reader.number())
            return self._last
        return self._vertices[back - 1]


def triangles(stream: bytes, count: int) -> np.ndarray:
    """The indices of mode TRIANGLES, int64 [count]. Raises IndexError or ValueError: damaged."""
    n = count // 3
    codes, rest = stream[1 : 1 + n], stream[1 + n :]
    if count % 3 or len(codes) < n or len(rest) < _TAIL_OF_TRIANGLES:
        raise ValueError("too short")
    state = _Triangles(_Reader(rest[:-_TAIL_OF_TRIANGLES]), rest[-_TAIL_OF_TRIANGLES:])
    return np.array([state.triangle(code) for code in codes], np.int64).reshape(-1)


def sequence(stream: bytes, count: int) -> np.ndarray:
    """The indices of mode INDICES, int64 [count]. Raises IndexError or ValueError: damaged."""
    if len(stream) < 1 + _TAIL_OF_INDICES or count > len(stream):
        raise ValueError("too short")
    reader, last, found = _Reader(stream[1:-_TAIL_OF_INDICES]), [0, 0], np.empty(count, np.int64)
    for i in range(count):
        value = reader.number()
        last[value & 1] += _signed(value >> 1)
        found[i] = last[value & 1]
    return found
