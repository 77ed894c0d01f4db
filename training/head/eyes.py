"""Eyeballs with a round iris and pupil, in place of the base mesh's eight-sided ones."""

from __future__ import annotations

import itertools

import numpy as np

N_SECTORS = 24
# Ring angles from the optical axis, in degrees. An iris is 11.7 mm wide on an eyeball of 24 mm (the usual anatomical
# figures), that is asin(5.85 / 12) = 29 degrees; the pupil is that of indoor light.
_PUPIL, _IRIS = 11.0, 29.0
_RINGS = {
    "pupil": (0.0, 5.5, _PUPIL),
    "iris": (_PUPIL, 15.0, 22.0, 26.5, _IRIS),
    "eye_white": (_IRIS, 33.0, 42.0, 54.0, 68.0, 84.0, 100.0),
}


def fit_sphere(p: np.ndarray) -> tuple[np.ndarray, float]:
    """Least-squares centre and radius of points [n, 3]."""
    a = np.hstack([2 * p, np.ones((len(p), 1))])
    solution = np.linalg.lstsq(a, (p**2).sum(1), rcond=None)[0]
    centre = solution[:3]
    return centre, float(np.sqrt(solution[3] + centre @ centre))


def build_eye(old: np.ndarray, old_deltas: np.ndarray):
    """A front cap of a sphere in the place of one old eyeball.
    old: [n, 3]; old_deltas: [52, n, 3]. A target moves an eyeball as an affine map (a rotation, linearised), so the
    map fitted on the old vertices moves the new ones.
    Returns (positions [m, 3], deltas [52, m, 3], {part: quads}, centre [3]). Parts share no vertex, so that colours
    change sharply at the rings.
    """
    centre, radius = fit_sphere(old)
    positions: list[np.ndarray] = []
    quads: dict[str, np.ndarray] = {}
    for part, rings in _RINGS.items():
        starts = []
        for angle in np.radians(rings):
            starts.append(len(positions))
            for turn in np.arange(N_SECTORS if angle else 1) * 2 * np.pi / N_SECTORS:
                direction = [np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)]
                positions.append(centre + radius * np.array(direction))
        quads[part] = _ring_quads(starts, pole=rings[0] == 0.0)
    points = np.array(positions)
    basis = np.hstack([old - centre, np.ones((len(old), 1))])
    fitted = np.linalg.lstsq(basis, np.moveaxis(old_deltas, 1, 0).reshape(len(old), -1), rcond=None)[0]
    moved = np.hstack([points - centre, np.ones((len(points), 1))]) @ fitted
    return points, np.moveaxis(moved.reshape(len(points), -1, 3), 1, 0), quads, centre


def _ring_quads(starts: list[int], pole: bool) -> np.ndarray:
    """Faces between neighbouring rings, counter-clockwise from the front. starts: first vertex of each ring, from the
    innermost. With `pole` the innermost is a single vertex, surrounded by triangles."""
    quads = []
    for inner, outer in itertools.pairwise(starts):
        for a in range(N_SECTORS):
            b = (a + 1) % N_SECTORS
            if pole and inner == starts[0]:
                quads.append([inner, outer + a, outer + b, outer + b])
            else:
                quads.append([inner + a, outer + a, outer + b, inner + b])
    return np.array(quads)
