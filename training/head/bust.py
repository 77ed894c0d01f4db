"""Cuts the body down to a bust with a smooth border."""

from __future__ import annotations

import numpy as np

from training.head.base_mesh import BaseMesh

# The bust, in decimetres of the base mesh: a rounded shape below the neck, too narrow for the shoulder joints.
_SHOULDER_Y, _DEPTH, _HALF_WIDTH, _ROUNDNESS = 5.95, 0.95, 1.22, 2.4


def inside(p: np.ndarray) -> np.ndarray:
    """Positive inside the bust, 0 on its border; p is [V, 3] in decimetres."""
    down = np.maximum(_SHOULDER_Y - p[:, 1], 0) / _DEPTH
    side = np.where(p[:, 1] < _SHOULDER_Y + 0.2, np.abs(p[:, 0]) / _HALF_WIDTH, 0)
    return 1 - down**_ROUNDNESS - side**_ROUNDNESS


def cut_bust(mesh: BaseMesh, groups: list[str]) -> tuple[BaseMesh, np.ndarray]:
    """Keeps the listed groups where `inside` is positive; faces on the border are clipped, so that the border is a
    smooth curve and not a row of torn quads.
    Returns the mesh with unused vertices removed (a triangle is a quad that repeats its last vertex), and per new
    vertex the base vertex it came from, -1 for those made on the border.
    """
    field = inside(mesh.positions)
    positions, uv = list(mesh.positions), list(mesh.uv)
    deltas = [mesh.deltas[:, i] for i in range(len(positions))]
    crossings: dict[tuple[int, int], int] = {}

    def crossing(a: int, b: int) -> int:
        key = (min(a, b), max(a, b))
        if key not in crossings:
            u = field[key[0]] / (field[key[0]] - field[key[1]])
            for rows in (positions, uv, deltas):
                rows.append(rows[key[0]] * (1 - u) + rows[key[1]] * u)
            crossings[key] = len(positions) - 1
        return crossings[key]

    quads, kept_groups = [], []
    for quad, group in zip(mesh.quads, mesh.groups, strict=True):
        if group not in groups:
            continue
        polygon = []
        for a, b in zip(quad, np.roll(quad, -1), strict=True):
            if field[a] > 0:
                polygon.append(int(a))
            if (field[a] > 0) != (field[b] > 0):
                polygon.append(crossing(int(a), int(b)))
        while len(polygon) >= 3:  # at most five corners: one quad and perhaps a triangle
            quads.append((polygon[:4] + polygon[2:3])[:4] if len(polygon) == 3 else polygon[:4])
            kept_groups.append(group)
            polygon = [polygon[0], *polygon[3:]]
    used, new_quads = np.unique(np.array(quads), return_inverse=True)
    result = BaseMesh(
        np.array(positions)[used],
        new_quads.reshape(-1, 4),
        np.array(uv)[used],
        np.array(kept_groups),
        np.stack(deltas, axis=1)[:, used],
    )
    return result, np.where(used < len(mesh.positions), used, -1)
