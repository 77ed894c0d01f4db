"""Vertex caches: the positions of every vertex in every frame, as PC2 (little-endian) and MDD (big-endian).

PC2 is the point cache of 3ds Max, MDD that of LightWave; Blender's Mesh Cache modifier reads both."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np

from diffusiontalker.blocks import block_frames
from diffusiontalker.io.formats.checks import rate_of
from diffusiontalker.io.formats.record import Format, Motion, Unusable

_PC2 = struct.Struct("<12siiffi")  # signature, version, points, first frame, frames per sample, samples
_PC2_SIGNATURE = b"POINTCACHE2\0"
_MDD = struct.Struct(">2i")  # frames, points
_MAX_POINTS = 50_000_000
_PC2_FPS = 30  # PC2 holds no rate


def _positions(anim, dtype: str) -> Iterator[bytes]:
    step = block_frames(3 * anim.n_vertices)
    for i in range(0, len(anim.weights), step):
        yield anim.vertices(i, min(len(anim.weights), i + step)).astype(dtype).tobytes()


def write_pc2(anim, f: BinaryIO) -> None:
    """A header of 32 bytes and the positions float32 [n, V, 3]. One sample is one frame, from frame 0; the file holds
    no frame rate. The header: signature, version 1, points, start, sampling, samples."""
    f.write(_PC2.pack(_PC2_SIGNATURE, 1, anim.n_vertices, 0.0, 1.0, len(anim.weights)))
    for block in _positions(anim, "<f4"):
        f.write(block)


def write_mdd(anim, f: BinaryIO) -> None:
    """Frames and points, the time of each frame in seconds as float32, and the positions float32 [n, V, 3]."""
    n = len(anim.weights)
    f.write(_MDD.pack(n, anim.n_vertices))
    f.write((np.arange(n) * anim.fps_den / anim.fps_num).astype(">f4").tobytes())
    for block in _positions(anim, ">f4"):
        f.write(block)


def read_pc2(path: Path) -> Motion:
    """Positions of every sample, at 30 frames a second, since the file holds no rate."""
    with path.open("rb") as f:
        beginning = f.read(_PC2.size)
        if len(beginning) < _PC2.size or not beginning.startswith(_PC2_SIGNATURE):
            raise Unusable("does not begin with POINTCACHE2")
        _, version, n_points, _, sampling, n = _PC2.unpack(beginning)
        if version != 1:
            raise Unusable(f"is version {version} of PC2, expected 1")
        notes = [f"PC2 holds no frame rate: {_PC2_FPS} is taken"]
        if sampling != 1:
            notes.append(f"its samples are {sampling:g} frames apart, and each is taken as one frame")
        values = _read_positions(path, f, n, n_points, "<f4", _PC2.size)
    return Motion(values, (), _PC2_FPS, space="vertices", n_points=n_points, notes=tuple(notes))


def read_mdd(path: Path) -> Motion:
    """Positions of every frame, at the rate of the times."""
    with path.open("rb") as f:
        beginning = f.read(_MDD.size)
        if len(beginning) < _MDD.size:
            raise Unusable("is too short for an MDD file")
        n, n_points = _MDD.unpack(beginning)
        if n < 1 or _MDD.size + 4 * n > path.stat().st_size:
            raise Unusable(f"is too short for the times of {n} frames")
        times = np.frombuffer(f.read(4 * n), ">f4").astype(np.float64)
        values = _read_positions(path, f, n, n_points, ">f4", _MDD.size + 4 * n)
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise Unusable("has times that do not rise from frame to frame")
    rate = Fraction(30) if n < 2 else rate_of((n - 1) / (times[-1] - times[0]))
    return Motion(values, (), rate.numerator, rate.denominator, space="vertices", n_points=n_points)


def _read_positions(path: Path, f: BinaryIO, n: int, n_points: int, dtype: str, start: int) -> np.ndarray:
    """float32 [n, 3 V]; the size of the file is compared before anything is read."""
    if n < 1 or not 0 < n_points <= _MAX_POINTS:
        raise Unusable(f"has {n} frames of {n_points} vertices")
    expected = start + 12 * n * n_points
    if path.stat().st_size != expected:
        raise Unusable(f"has {path.stat().st_size} bytes, and {n} frames of {n_points} vertices need {expected}")
    return np.fromfile(f, dtype).reshape(n, -1).astype(np.float32)


PC2 = Format(
    (".pc2",),
    write_pc2,
    read_pc2,
    "the vertices of every frame, a vertex cache",
    spaces=None,
    channels=None,
    remedy="export the vertex cache again",
)
MDD = Format(
    (".mdd",),
    write_mdd,
    read_mdd,
    "the vertices of every frame, with times",
    spaces=None,
    channels=None,
    remedy="export the vertex cache again",
)
