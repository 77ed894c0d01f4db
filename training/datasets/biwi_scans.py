"""Files of the raw BIWI download, and the normalisation that the published numbers were computed in."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from training.datasets.take import DataError


def read_vl(path: Path, n_vertices: int) -> np.ndarray:
    """One frame: a 32-bit count, then x, y, z as 32-bit floats, little endian. Returns float64 [n_vertices, 3]."""
    data = path.read_bytes()
    expected = 4 + 12 * n_vertices
    if len(data) != expected or int.from_bytes(data[:4], "little") != n_vertices:
        raise DataError(f"{path} has {len(data)} bytes, expected {expected} of {n_vertices} vertices: unpack it again")
    return np.frombuffer(data, "<f4", offset=4).reshape(-1, 3).astype(np.float64)


def read_obj(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Vertices float64 [V, 3] and triangles int64 [T, 3] of a Wavefront file; larger polygons become fans."""
    vertices, triangles = [], []
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            words = line.split()
            if not words or words[0] not in ("v", "f"):
                continue
            if words[0] == "v":
                vertices.append([float(w) for w in words[1:4]])
            else:
                corner = [int(w.split("/")[0]) for w in words[1:]]
                corner = [i - 1 if i > 0 else len(vertices) + i for i in corner]
                triangles += [(corner[0], a, b) for a, b in itertools.pairwise(corner[1:])]
    array = np.array(triangles, np.int64).reshape(-1, 3)
    if not len(vertices) or not len(array) or array.min() < 0 or array.max() >= len(vertices):
        raise DataError(f"{path} is no mesh with vertices and faces: unpack the scan again")
    return np.array(vertices, np.float64), array


def normalise(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """The frame of CodeTalker's published data: half a turn about x, centred, divided by the square root of the mesh's
    area. vertices: [V, 3]. Every frame is normalised by itself, as there. Returns float64 [V, 3]."""
    turned = vertices * [1.0, -1.0, -1.0]
    a, b, c = (turned[triangles[:, i]] for i in range(3))
    area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum()
    if not area > 0:
        raise DataError("a scan has no area: unpack rigid_scans and faces again")
    return (turned - turned.mean(axis=0)) / np.sqrt(area)
