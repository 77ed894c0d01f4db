"""How much open sky each vertex sees: soft shadows that are computed once and shipped with the head."""

from __future__ import annotations

import numpy as np

_BIAS = 0.02  # decimetres; a surface must be this far in front to cast a shadow
_MAX_STEPS = 24  # points along each side of a face that stand for it in the depth map, at most


def sphere_directions(n: int) -> np.ndarray:
    """n directions spread evenly over the sphere (the golden-angle spiral), float64 [n, 3]."""
    k = np.arange(n) + 0.5
    polar, turn = np.arccos(1 - 2 * k / n), np.pi * (1 + 5**0.5) * k
    return np.stack([np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)], axis=1)


def vertex_normals(positions: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """Area-weighted unit normals, float64 [V, 3]."""
    a, b, c, d = (positions[quads[:, i]] for i in range(4))
    face = np.cross(c - a, d - b)
    normals = np.zeros_like(positions)
    for i in range(4):
        np.add.at(normals, quads[:, i], face)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def _surface_points(positions: np.ndarray, quads: np.ndarray, grid: int) -> np.ndarray:
    """Points that cover every face without gaps in the depth map, float64 [n, 3]."""
    cell = np.ptp(positions, axis=0).max() / grid
    corners = positions[quads]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    steps = np.clip(np.ceil(longest / cell).astype(int) + 1, 2, _MAX_STEPS)
    points = []
    for n in np.unique(steps):
        u, v = (g.ravel()[:, None, None] for g in np.meshgrid(*[np.linspace(0, 1, n)] * 2))
        a, b, c, d = np.moveaxis(corners[steps == n], 1, 0)
        points.append(((1 - u) * ((1 - v) * a + v * b) + u * ((1 - v) * d + v * c)).reshape(-1, 3))
    return np.concatenate(points)


def openness(positions: np.ndarray, quads: np.ndarray, n_directions: int = 96, grid: int = 256) -> np.ndarray:
    """Share of the sky above each vertex, weighted by the cosine, that no face hides.
    positions: float64 [V, 3] in decimetres; quads: int [F, 4], those that cast shadows.
    grid: cells of the depth map on each side.   Returns float64 [V], 0..1.
    """
    normals = vertex_normals(positions, quads)
    points = _surface_points(positions, quads, grid)
    lifted = positions + normals * _BIAS
    seen, total = np.zeros(len(positions)), np.zeros(len(positions))
    for direction in sphere_directions(n_directions):
        side = np.cross(direction, [0.0, 1.0, 0.0] if abs(direction[1]) < 0.9 else [1.0, 0.0, 0.0])
        side /= np.linalg.norm(side)
        axes = np.stack([side, np.cross(direction, side)], axis=1)
        flat = points @ axes
        low, cell = flat.min(0), (flat.max(0) - flat.min(0)).max() / (grid - 1)

        def cells(p: np.ndarray, low=low, cell=cell) -> np.ndarray:
            index = np.clip(np.round((p - low) / cell).astype(np.intp), 0, grid - 1)
            return index[:, 0] * grid + index[:, 1]

        height = np.full(grid * grid, -np.inf)
        np.maximum.at(height, cells(flat), points @ direction)
        weight = np.maximum(normals @ direction, 0)
        # Half a cell of slope is forgiven, or grazing surfaces would shade themselves.
        hidden = height[cells(lifted @ axes)] > lifted @ direction + _BIAS + cell
        seen += weight * ~hidden
        total += weight
    return seen / np.maximum(total, 1e-12)
