"""Rounds off the coarse parts of the body: the skull, the neck and the shoulders."""

from __future__ import annotations

import numpy as np

from training.head.ambient import vertex_normals
from training.head.base_mesh import BaseMesh

# Edges longer than this (decimetres) are halved; those of the face are shorter already.
_MAX_EDGE = 0.15
# Share of the way from the flat midpoint to the curved one (Boubekeur and Alexa, "Phong tessellation", 2008, use 3/4).
_CURVE = 0.75


def refine_long_edges(mesh: BaseMesh, group: str) -> BaseMesh:
    """Halves the long edges of one group's faces, with the new vertices on the curved surface.
    A face with all edges halved becomes four quads, one with some a fan of triangles, so that no T-joint is left.
    Vertices keep their numbers; new ones follow.
    """
    normals = vertex_normals(mesh.positions, mesh.quads)
    chosen = mesh.groups == group
    rows = [[*mesh.positions], [*mesh.uv], [*np.moveaxis(mesh.deltas, 1, 0)]]
    middles: dict[tuple[int, int], int] = {}

    def middle(a: int, b: int) -> int | None:
        p, q = mesh.positions[a], mesh.positions[b]
        if np.linalg.norm(p - q) <= _MAX_EDGE:
            return None
        key = (min(a, b), max(a, b))
        if key not in middles:
            flat = (p + q) / 2
            pulled = [flat - normals[i] * (normals[i] @ (flat - mesh.positions[i])) for i in (a, b)]
            add(flat + _CURVE * ((pulled[0] + pulled[1]) / 2 - flat), [a, b])
            middles[key] = len(rows[0]) - 1
        return middles[key]

    def add(position: np.ndarray, parents: list[int]) -> None:
        rows[0].append(position)
        for row in rows[1:]:
            row.append(sum(row[i] for i in parents) / len(parents))

    quads, groups = [], []
    for quad, name, mine in zip(mesh.quads, mesh.groups, chosen, strict=True):
        corners = [int(a) for i, a in enumerate(quad) if a != quad[i - 1]]
        halves = [middle(a, b) if mine else None for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
        split = [h for h in halves if h is not None]
        faces = [[int(a) for a in quad]]
        if split:
            around = [i for pair in zip(corners, halves, strict=True) for i in pair if i is not None]
            # A surface that bends both ways rises in the middle by the sum of what opposite edges rise.
            ends = zip(corners, corners[1:] + corners[:1], halves, strict=True)
            rise = [rows[0][h] - (rows[0][a] + rows[0][b]) / 2 for a, b, h in ends if h is not None]
            add(np.mean([rows[0][i] for i in corners], axis=0) + np.sum(rise, axis=0) * 2 / len(corners), corners)
            centre = len(rows[0]) - 1
            n = len(around)
            if len(split) == len(corners):
                faces = [[around[k], around[k + 1], centre, around[k - 1]] for k in range(0, n, 2)]
            else:
                faces = [[centre, around[k], around[(k + 1) % n], around[(k + 1) % n]] for k in range(n)]
        quads += faces
        groups += [name] * len(faces)
    return BaseMesh(np.array(rows[0]), np.array(quads), np.array(rows[1]), np.array(groups), np.stack(rows[2], axis=1))
