"""The geometry of a character's targets, and the built-in head laid over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.head.appearance import normals as head_normals
from diffusiontalker.head.model import Head
from diffusiontalker.io.gltf.accessors import read_accessor
from diffusiontalker.io.gltf.container import Gltf
from diffusiontalker.io.gltf.draco import unpack
from diffusiontalker.ownhead.bones import face_axes, scene_matrix
from diffusiontalker.ownhead.rig import MorphMesh, label

# Shares of the size of the moving face.
_NORMAL_WEIGHT = 0.12  # how far apart two places count whose normals are at right angles: keeps the lips apart
_FAR = 0.12  # vertices farther from the built-in head than this are left out
_MOVING = 0.05  # share of a shape's largest movement that counts as moving
_FARTHEST = 1e9  # a coordinate beyond it is damage
_MAX_POINTS = 700  # of each side that the alignment looks at
_N_ALIGNMENTS = 20
_TRIM = 0.85  # share of the nearest pairs that count


@dataclass(frozen=True)
class Shapes:
    """Moving vertices of all meshes, in the face's axes (x to the subject's left, y up, z forward), any unit.
    names: of the targets; those of one name in several meshes are one."""

    positions: np.ndarray  # float64 [V, 3]
    normals: np.ndarray  # float64 [V, 3], unit
    whole: np.ndarray  # float64 [W, 6], positions and normals of all vertices of these meshes
    names: tuple[str, ...]
    deltas: np.ndarray  # float32 [K, V, 3]


def read_shapes(gltf: Gltf, meshes: list[MorphMesh]) -> Shapes:
    """Raises InputError: compressed or damaged shapes, nothing that moves."""
    axes = face_axes(gltf)
    names: dict[str, int] = {}
    for mesh in meshes:
        for i in range(len(mesh.names)):
            names.setdefault(label(mesh, i), len(names))
    parts = []
    for mesh in meshes:
        matrix = np.eye(4) if "skin" in gltf.items("nodes")[mesh.nodes[0]] else scene_matrix(gltf, mesh.nodes[0])
        turn = axes.T @ matrix[:3, :3]
        shift = axes.T @ matrix[:3, 3]
        primitives = gltf.items("meshes")[mesh.index]["primitives"]
        parts += [_part(gltf, mesh, primitive, names, turn, shift) for primitive in primitives]
    positions, normals = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    deltas = np.concatenate([part[2] for part in parts], axis=1)
    if not (np.abs(positions) < _FARTHEST).all() or not (np.abs(deltas) < _FARTHEST).all():
        raise InputError("the head is damaged: its shapes hold values that are no numbers, or far away")
    size = np.linalg.norm(deltas, axis=2)
    moving = (size > _MOVING * size.max(axis=1, keepdims=True)).any(axis=0) if size.size else np.zeros(0, bool)
    if moving.sum() < 8:
        raise InputError("the targets of the head move nothing, so they cannot be fitted: export it with its shapes")
    whole = np.hstack([positions, normals])
    return Shapes(positions[moving], normals[moving], whole, tuple(names), deltas[:, moving])


def _part(gltf: Gltf, mesh: MorphMesh, primitive: dict, names: dict[str, int], turn, shift):
    """Positions, normals and deltas of one primitive in the face's axes."""
    attributes = primitive.get("attributes", {})
    unpack(gltf, primitive)
    if "POSITION" not in attributes:
        raise InputError("the head is damaged: a mesh has no positions")
    positions = np.asarray(read_accessor(gltf, attributes["POSITION"]), np.float64)
    normals = np.zeros_like(positions)
    if "NORMAL" in attributes:
        normals = np.asarray(read_accessor(gltf, attributes["NORMAL"]), np.float64) @ turn.T
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    deltas = np.zeros((len(names), len(positions), 3), np.float32)
    for i, target in enumerate(primitive.get("targets", [])):
        if "POSITION" in target:
            delta = read_accessor(gltf, target["POSITION"])
            if delta.shape != positions.shape:
                raise InputError("the head is damaged: a target has another number of vertices than its mesh")
            deltas[names[label(mesh, i)]] = delta @ turn.T
    return positions @ turn.T + shift, normals, deltas


@dataclass(frozen=True)
class Overlay:
    """The built-in head's movements at a character's vertices. used: bool [V], vertices near enough to tell.
    field: float32 [C, U, 3], the movement of each channel at the used vertices.   distance: median distance of the two
    faces, as a share of the character's size."""

    used: np.ndarray
    field: np.ndarray
    distance: float


def overlay(head: Head, shapes: Shapes, n_channels: int, by_whole: bool) -> Overlay:
    """Lays the built-in head over a character: position, size and a small turn.
    by_whole: from the whole meshes, for a character of which little moves; else from the moving parts of both faces.
    Raises InputError for what does not come near the built-in head.
    """
    indices = np.unique(head.target_indices)
    ours, our_normals = head.positions.astype(np.float64), np.asarray(head_normals(head), np.float64)
    size = float(np.linalg.norm(shapes.positions.std(axis=0))) * 2
    theirs = shapes.positions / size
    if by_whole:
        placing = _align(ours, our_normals, shapes.whole[:, :3] / size, shapes.whole[:, 3:])
    else:
        placing = _align(ours[indices], our_normals[indices], theirs, shapes.normals)
    scale, turn, shift = placing
    ours, our_normals = ours[indices], our_normals[indices]
    placed = scale * ours @ turn.T + shift
    near, distance = _nearest(theirs, shapes.normals, placed, our_normals @ turn.T, 4)
    used = distance[:, 0] < _FAR
    if used.sum() < 8:
        raise InputError("the head does not look like the built-in one, so its targets cannot be fitted: use a mapping")
    share = 1 / np.maximum(distance[used], 1e-4) ** 2
    share /= share.sum(axis=1, keepdims=True)
    field = np.zeros((n_channels, int(used.sum()), 3), np.float32)
    place = np.full(len(head.positions), -1)
    place[indices] = np.arange(len(indices))
    for c in range(n_channels):
        moving, movement = head.target(c)
        delta = np.zeros((len(indices), 3))
        delta[place[moving]] = movement
        field[c] = np.einsum("vk,vkx->vx", share, delta[near[used]]) @ turn.T * (scale * size)
    return Overlay(used, field, float(np.median(distance[used, 0])))


def _align(ours, our_normals, theirs, their_normals) -> tuple[float, np.ndarray, np.ndarray]:
    """Scale, rotation and shift from ours to theirs: closest pairs in both directions, again and again."""
    pick_a, pick_b = (np.linspace(0, len(p) - 1, min(len(p), _MAX_POINTS)).astype(int) for p in (ours, theirs))
    a, b, na, nb = ours[pick_a], theirs[pick_b], our_normals[pick_a], their_normals[pick_b]
    scale = float(np.linalg.norm(b.std(axis=0)) / np.linalg.norm(a.std(axis=0)))
    turn, shift = np.eye(3), b.mean(axis=0) - scale * a.mean(axis=0)
    for _ in range(_N_ALIGNMENTS):
        placed, placed_normals = scale * a @ turn.T + shift, na @ turn.T
        there, d1 = _nearest(placed, placed_normals, b, nb, 1)
        back, d2 = _nearest(b, nb, placed, placed_normals, 1)
        keep1, keep2 = (d[:, 0] <= np.quantile(d[:, 0], _TRIM) for d in (d1, d2))
        source = np.concatenate([a[keep1], a[back[keep2, 0]]])
        target = np.concatenate([b[there[keep1, 0]], b[keep2]])
        scale, turn, shift = _similarity(source, target)
    return scale, turn, shift


def _similarity(source: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Scale, rotation and shift that bring pairs of points together best (Umeyama 1991)."""
    ms, mt = source.mean(axis=0), target.mean(axis=0)
    cs, ct = source - ms, target - mt
    u, s, vt = np.linalg.svd(ct.T @ cs)
    sign = np.diag([1.0, 1.0, float(np.sign(np.linalg.det(u @ vt)))])
    turn = u @ sign @ vt
    scale = float(np.trace(np.diag(s) @ sign) / np.maximum((cs**2).sum(), 1e-12))
    return scale, turn, mt - scale * turn @ ms


def _nearest(points, point_normals, others, other_normals, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices and distances of the k nearest others of each point, [n, k]; turned normals count as distance."""
    mine = np.hstack([points, _NORMAL_WEIGHT * point_normals]).astype(np.float32)
    theirs = np.hstack([others, _NORMAL_WEIGHT * other_normals]).astype(np.float32)
    square = (theirs**2).sum(axis=1)
    index, distance = np.zeros((len(mine), k), int), np.zeros((len(mine), k))
    for start in range(0, len(mine), 512):
        rows = mine[start : start + 512]
        d = (rows**2).sum(axis=1)[:, None] + square - 2 * rows @ theirs.T
        best = np.argpartition(d, k - 1, axis=1)[:, :k]
        value = np.take_along_axis(d, best, axis=1)
        order = np.argsort(value, axis=1)
        index[start : start + 512] = np.take_along_axis(best, order, axis=1)
        distance[start : start + 512] = np.sqrt(np.maximum(np.take_along_axis(value, order, axis=1), 0))
    return index, distance
