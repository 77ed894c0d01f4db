"""Teeth: the two bands of the base mesh set where teeth are in people, and single crowns in front of them.

The base mesh bites edge to edge, 4 mm behind the lips, with two smooth bands for teeth. Lengths are millimetres in the
head's coordinates (origin midway between the eyeballs, y up, z forward); the sizes of the crowns are rounded from the
usual anatomical tables (central incisors 8.5 mm wide, canines 7.6 mm), the rest is our choice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.head.fields import smooth_step

_ARCH_CENTRE_Z, _ARCH_HALF_WIDTH = -3.0, 26.0
_UPPER_DEPTH, _LOWER_DEPTH = 27.9, 25.2  # from the centre of an arch to the front of its incisors
_UPPER_INSET, _LOWER_INSET = 0.962, 0.94  # share of the arch of the crowns inside which the bands lie


@dataclass(frozen=True)
class _Arch:
    depth: float
    up: int  # direction from the edge of a tooth to its root
    widths: tuple[float, ...]  # of the crowns, from the midline
    heights: tuple[float, ...]
    edges: tuple[float, ...]  # how far each edge stays behind the line of the edges
    edge_x: tuple[float, ...]  # the line of the edges: height at distances from the midline
    edge_y: tuple[float, ...]
    recess: float  # how far the sides of a crown lie behind its middle


_UPPER = _Arch(
    depth=_UPPER_DEPTH,
    up=1,
    widths=(8.5, 6.7, 7.6, 7.0, 6.8, 9.5),
    heights=(10.2, 9.2, 10.0, 8.6, 8.0, 7.5),
    edges=(0.0, 0.6, 0.0, 0.3, 0.3, 0.2),
    edge_x=(0.0, 8.9, 17.4, 22.1, 25.4),
    edge_y=(-71.5, -71.2, -69.4, -66.3, -63.2),
    recess=0.9,
)
_LOWER = _Arch(
    depth=_LOWER_DEPTH,
    up=-1,
    widths=(5.4, 5.9, 6.9, 7.0, 7.1, 11.0),
    heights=(8.8, 8.8, 9.6, 8.4, 7.8, 7.0),
    edges=(0.0, 0.0, -0.2, 0.3, 0.4, 0.3),
    edge_x=(0.0, 9.1, 17.7, 22.2, 25.6),
    edge_y=(-70.3, -70.0, -68.2, -65.8, -63.5),
    recess=0.5,
)
# Rows of a crown from the gums over the edge to its back: share of the height from the gums, offset from the arch,
# share of the width.
_ROWS = (
    (0.0, -0.7, 0.80),
    (0.3, 0.25, 0.94),
    (0.8, 0.0, 1.0),
    (0.985, -0.3, 0.97),
    (1.0, -1.1, 0.97),
    (0.55, -5.0, 1.02),
)
_COLUMNS = (-1.0, -0.7, 0.0, 0.7, 1.0)
_GAP = 0.08  # half the distance of two crowns


def upper_band(p: np.ndarray) -> np.ndarray:
    """Positions [n, 3] of the upper band: front teeth 3 mm lower and their edge 2.6 mm further out."""
    front = smooth_step((p[:, 2] + 2) / 22)
    crown = np.clip((-49.3 - p[:, 1]) / 19.1, 0, 1)  # 0 at the gums, 1 at the edge
    y, z = -(1.0 + 2.0 * crown) * front, 2.6 * crown * front
    return _inset(p + np.stack([0 * y, y, z], axis=1), _UPPER_DEPTH, _UPPER_INSET)


def lower_band(p: np.ndarray) -> np.ndarray:
    """Positions [n, 3] of the lower band: front teeth 1.3 mm lower, so that the upper ones overlap them."""
    front = smooth_step((p[:, 2] + 2) / 22)
    return _inset(p + np.stack([0 * front, -1.3 * front, 0 * front], axis=1), _LOWER_DEPTH, _LOWER_INSET)


def gums(band: np.ndarray, upper: bool) -> np.ndarray:
    """bool [n]: which vertices of a band [n, 3] have the colour of gums: the whole lower one, whose inside is seen from
    the side, and of the upper one what lies more than 3.5 mm from the edges."""
    t = np.arctan2(np.abs(band[:, 0]) / _ARCH_HALF_WIDTH, (band[:, 2] - _ARCH_CENTRE_Z) / _UPPER_DEPTH)
    edge = np.interp(_ARCH_HALF_WIDTH * np.sin(t), _UPPER.edge_x, _UPPER.edge_y)
    # Behind the arch the edges of the last molars rise in a line.
    edge = np.where(t < np.pi / 2, edge, -62.3 + 0.21 * (_ARCH_CENTRE_Z - band[:, 2]))
    return band[:, 1] - edge > 3.5 if upper else np.ones(len(band), bool)


def _arch_length(arch: _Arch) -> tuple[np.ndarray, np.ndarray]:
    """Length along the left half of an arch from the midline, and the angle of the ellipse there."""
    angles = np.linspace(0, np.pi / 2, 400)
    x, z = _on_arch(arch, angles)
    return np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))]), angles


def _on_arch(arch: _Arch, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _ARCH_HALF_WIDTH * np.sin(angle), _ARCH_CENTRE_Z + arch.depth * np.cos(angle)


def _inset(p: np.ndarray, depth: float, share: float) -> np.ndarray:
    """Front vertices outside of the inner ellipse come in to it, those at the midline only a little."""
    front = smooth_step((p[:, 2] + 12) / 12)
    radius = np.hypot(p[:, 0] / _ARCH_HALF_WIDTH, (p[:, 2] - _ARCH_CENTRE_Z) / depth)
    limit = np.where(np.abs(p[:, 0]) < 1, 0.975, share)
    scale = 1 + front * (np.minimum(1, limit / np.maximum(radius, 1e-9)) - 1)
    centre = np.array([0, 0, _ARCH_CENTRE_Z])
    return centre + (p - centre) * np.stack([scale, 1 + 0 * scale, scale], axis=1)


def crowns(band: np.ndarray, band_deltas: np.ndarray, upper: bool):
    """The crowns of one arch. band: [n, 3], deltas [52, n, 3]: the band of that arch, which moves as an affine map of
    the place (a jaw that turns), so that the map fitted on it moves the crowns.
    Returns (positions [m, 3], deltas [52, m, 3], quads [f, 4])."""
    arch = _UPPER if upper else _LOWER
    left: list[np.ndarray] = []
    faces: list[np.ndarray] = []
    at = 0.0
    for width, height, back in zip(arch.widths, arch.heights, arch.edges, strict=True):
        start = len(left) * len(_ROWS) * len(_COLUMNS)
        left.append(_crown(arch, at, width, height, back, len(left)))
        at += width
        faces.append(_grid_quads(start, arch.up < 0))
    points, quads = np.concatenate(left), np.concatenate(faces)
    points = np.concatenate([points, points * [-1, 1, 1]])
    quads = np.concatenate([quads, quads[:, ::-1] + len(points) // 2])
    fitted = np.linalg.lstsq(_affine(band), np.moveaxis(band_deltas, 1, 0).reshape(len(band), -1), rcond=None)[0]
    moved = np.moveaxis((_affine(points) @ fitted).reshape(len(points), -1, 3), 1, 0)
    return points, moved, quads


def _affine(points: np.ndarray) -> np.ndarray:
    return np.hstack([points, np.ones((len(points), 1))])


def _crown(arch: _Arch, start: float, width: float, height: float, back: float, number: int) -> np.ndarray:
    """One crown, [rows * columns, 3]. start: length along the arch from the midline to its near side."""
    length, angles = _arch_length(arch)
    points = []
    for share, offset, taper in _ROWS:
        for u in _COLUMNS:
            s = start + width / 2 + u * taper * (width / 2 - _GAP)
            t = np.interp(s, length, angles)
            normal = np.array([np.sin(t) / _ARCH_HALF_WIDTH, np.cos(t) / arch.depth])
            normal /= np.linalg.norm(normal)
            out = offset - arch.recess * abs(u) ** 2.5
            x, z = _on_arch(arch, t)
            edge = np.interp(x, arch.edge_x, arch.edge_y)
            # Corners of incisors are round, canines and premolars end in a point.
            round_off = (0.45 if number < 2 else 1.3) * abs(u) ** (3 if number < 2 else 1.3)
            rise = back + (1 - share) * height + round_off * (share > 0.7)
            points.append([max(x + out * normal[0], 0.1), edge + arch.up * rise, z + out * normal[1]])
    return np.array(points)


def _grid_quads(start: int, flip: bool) -> np.ndarray:
    """Faces of a crown, counter-clockwise from outside."""
    n = len(_COLUMNS)
    faces = []
    for r in range(len(_ROWS) - 1):
        for c in range(n - 1):
            a = start + r * n + c
            face = [a, a + n, a + n + 1, a + 1]
            faces.append(face[::-1] if flip else face)
    return np.array(faces)
