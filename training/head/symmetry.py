"""Makes the targets mirror images of each other: what the left side does in one, the right side does in the other."""

from __future__ import annotations

import numpy as np

_GRID = 1e-3  # decimetres; the base mesh gives its vertices in steps of 1e-4
_FARTHEST = 2e-3  # decimetres between a mirrored vertex and its partner


def mirror_map(positions: np.ndarray) -> np.ndarray:
    """Per vertex [V] the one at its mirror image in x = 0, or -1 where the mesh has none."""
    flipped = positions * [-1, 1, 1]
    cells: dict[tuple[int, int, int], list[int]] = {}
    for i, key in enumerate(map(tuple, np.floor(positions / _GRID).astype(int))):
        cells.setdefault(key, []).append(i)
    near = [(a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)]
    partner = np.full(len(positions), -1)
    for i, (a, b, c) in enumerate(np.floor(flipped / _GRID).astype(int)):
        rows = [r for da, db, dc in near for r in cells.get((a + da, b + db, c + dc), ())]
        if rows:
            distance = np.linalg.norm(positions[rows] - flipped[i], axis=1)
            if distance.min() <= _FARTHEST:
                partner[i] = rows[int(np.argmin(distance))]
    # Where several vertices share a place, only a pair that names each other is one.
    mutual = partner[partner] == np.arange(len(positions))
    return np.where((partner >= 0) & mutual, partner, -1)


def other_side(channels: tuple[str, ...]) -> list[int]:
    """Per channel the index of the one that does the same on the other side: itself where there are no sides."""
    swap = {"Left": "Right", "Right": "Left"}
    names = [next((c.removesuffix(s) + t for s, t in swap.items() if c.endswith(s)), c) for c in channels]
    return [channels.index(name) for name in names]


def mirrored_targets(deltas: np.ndarray, positions: np.ndarray, channels: tuple[str, ...]) -> np.ndarray:
    """deltas [K, V, 3] with each target the mean of itself and the mirror image of its other side. Vertices without
    a mirror image keep their movement."""
    partner = mirror_map(positions)
    paired = np.flatnonzero(partner >= 0)
    result = deltas.copy()
    image = deltas[other_side(channels)][:, partner[paired]] * [-1, 1, 1]
    result[:, paired] = (deltas[:, paired] + image) / 2
    return result
