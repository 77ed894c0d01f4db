"""Eyebrows: thin strips that lie on the skin and move with it. The base mesh has none."""

from __future__ import annotations

import numpy as np

# The subject's left brow in decimetres of the base mesh, seen from the front: x, y of the middle line and half its
# width, from the nose to the temple. Drawn by eye above the ridge that browDown and browInnerUp move most.
_LINE = np.array(
    [
        [0.112, 7.461, 0.010],
        [0.125, 7.464, 0.020],
        [0.155, 7.471, 0.025],
        [0.220, 7.485, 0.026],
        [0.300, 7.500, 0.023],
        [0.380, 7.507, 0.019],
        [0.450, 7.500, 0.014],
        [0.510, 7.481, 0.009],
        [0.548, 7.462, 0.003],
    ]
)
_N_COLUMNS, _N_ROWS = 24, 5
_LIFT = 0.012  # decimetres above the skin in the middle of a strip; its border lies half as high


def build_brow(
    positions: np.ndarray, deltas: np.ndarray, quads: np.ndarray, normals: np.ndarray, side: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One brow. positions [V, 3], deltas [52, V, 3], quads [F, 4] and normals [V, 3]: the skin.
    side: +1 the subject's left, -1 the right.   Returns (positions [m, 3], deltas [52, m, 3], quads [f, 4]).
    """
    at = np.linspace(0, 1, _N_COLUMNS)
    knots = (_LINE[:, 0] - _LINE[0, 0]) / (_LINE[-1, 0] - _LINE[0, 0])
    x, y, half = (_spline(at, knots, _LINE[:, i]) for i in range(3))
    rows = np.linspace(-1, 1, _N_ROWS)
    # Rows stand across the line, not upright, so that the tail narrows to a point.
    slope = np.gradient(y, x)
    across = np.stack([-slope, np.ones_like(slope)], axis=1) / np.hypot(slope, 1)[:, None]
    flat = np.stack([x, y], axis=1)[None] + rows[:, None, None] * half[None, :, None] * across[None]
    lift = _LIFT * (1 - 0.5 * np.abs(rows))
    points, moves = [], []
    for row, line in enumerate(flat):
        for p in line:
            corners, weights = _on_skin(positions, quads, side * p[0], p[1])
            normal = weights @ normals[corners]
            points.append(weights @ positions[corners] + lift[row] * normal)
            moves.append(np.tensordot(deltas[:, corners], weights, axes=(1, 0)))
    faces = []
    for r in range(_N_ROWS - 1):
        for c in range(_N_COLUMNS - 1):
            a = r * _N_COLUMNS + c
            face = [a, a + 1, a + _N_COLUMNS + 1, a + _N_COLUMNS]
            faces.append(face if side > 0 else face[::-1])
    return np.array(points), np.stack(moves, axis=1), np.array(faces)


def _spline(at: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Cubic Hermite curve through the values, with the slopes of a Catmull-Rom spline."""
    slopes = np.gradient(values, knots)
    k = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
    step = knots[k + 1] - knots[k]
    u = (at - knots[k]) / step
    ease = u * u * (3 - 2 * u)
    bend = step * (u * (1 - u) ** 2 * slopes[k] - u * u * (1 - u) * slopes[k + 1])
    return values[k] * (1 - ease) + values[k + 1] * ease + bend


def _on_skin(positions, quads, x: float, y: float) -> tuple[np.ndarray, np.ndarray]:
    """Corners and barycentric weights of the foremost skin triangle at (x, y), seen along z."""
    best, found = -np.inf, None
    for triangle in (quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]):
        a, b, c = (positions[triangle[:, i], :2] for i in range(3))
        area = _cross(b - a, c - a)
        p = np.array([x, y])
        with np.errstate(divide="ignore", invalid="ignore"):
            u, v, w = _cross(b - p, c - p) / area, _cross(c - p, a - p) / area, _cross(a - p, b - p) / area
        for hit in np.flatnonzero((u >= -1e-9) & (v >= -1e-9) & (w >= -1e-9)):
            weights = np.array([u[hit], v[hit], w[hit]])
            z = weights @ positions[triangle[hit], 2]
            if z > best:
                best, found = z, (triangle[hit], weights)
    if found is None:
        raise ValueError(f"no skin at x {x}, y {y}: the brow line leaves the face")
    return found


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
