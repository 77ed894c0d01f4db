"""A character as it is drawn: the triangles of all its meshes in the scene, at rest, and how they move.

A vertex is at  p + sum over movers of share * (move - 1) p,  p = position + sum of weight * delta,  where a mover is a
node that turns and its move a matrix of the scene. Skins are in the pose of the file; position and deltas are those
behind the skin, because a skin is linear in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.gltf.accessors import read_accessor
from diffusiontalker.io.gltf.container import Gltf
from diffusiontalker.io.gltf.draco import unpack
from diffusiontalker.ownhead.bones import scene_matrices
from diffusiontalker.ownhead.materials import Material, material_of

_MAX_TRIANGLES = 2_000_000
_FARTHEST = 1e9  # a coordinate beyond it is damage
_TRIANGLES = 4  # primitive.mode; other modes are lines and points


@dataclass(frozen=True, eq=False)
class Part:
    """A primitive of a mesh, as one node shows it, in the scene and at rest.

    node: that shows it.   positions: float32 [V, 3].   deltas: float32 [T, V, 3], of its targets.   share: float32
    [V, M], 0..1, how far each mover takes a vertex along.   triangles: int32 [n, 3].   uv: float32 [V, 2], or None.
    tint: linear float32 [V, 4], colours of vertices, or None."""

    node: int
    positions: np.ndarray
    deltas: np.ndarray
    share: np.ndarray
    triangles: np.ndarray
    uv: np.ndarray | None
    tint: np.ndarray | None
    material: Material


@dataclass(frozen=True, eq=False)
class Figure:
    """parts: what is drawn.   axes: of the face, as Bone.axes.   movers: nodes that turn, those above before those
    below.   above: place in `movers` of the next one above each; -1 for none."""

    parts: tuple[Part, ...]
    axes: np.ndarray
    movers: tuple[int, ...]
    above: tuple[int, ...]


def figure_of(gltf: Gltf, turning: Sequence[int], axes: np.ndarray) -> Figure:
    """The figure of a file's scene.   turning: nodes that turn.   axes: of the face (ownhead.bones.face_axes).
    Raises InputError: damaged, compressed shapes, nothing to draw."""
    try:
        matrices = scene_matrices(gltf)
        mover_of, movers, above = _movers(gltf, set(turning))
        parts = tuple(_parts(gltf, matrices, mover_of, len(movers)))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as e:
        if isinstance(e, InputError):
            raise
        raise InputError("the head is damaged: its meshes cannot be read") from e
    if not parts:
        raise InputError("the head has no triangles in its scene: export its meshes with it")
    if sum(len(p.triangles) for p in parts) > _MAX_TRIANGLES:
        raise InputError(f"the head has more than {_MAX_TRIANGLES:,} triangles: export a smaller level of detail")
    return Figure(parts, axes, movers, above)


def _shown(gltf: Gltf) -> Iterator[int]:
    """Nodes of the file's scene."""
    nodes, scenes = gltf.items("nodes"), gltf.items("scenes")
    index = gltf.document.get("scene", 0)
    waiting = list(scenes[index].get("nodes", [])) if scenes else list(range(len(nodes)))
    seen: set[int] = set()
    while waiting:
        i = waiting.pop()
        if i not in seen:
            seen.add(i)
            yield i
            waiting += nodes[i].get("children", [])


def _movers(gltf: Gltf, turning: set[int]) -> tuple[list[int], tuple[int, ...], tuple[int, ...]]:
    """(place of the mover that takes each node along, -1 for none; Figure.movers; Figure.above)."""
    nodes = gltf.items("nodes")
    children = {child for node in nodes for child in node.get("children", [])}
    mover_of, movers, above = [-1] * len(nodes), [], []
    waiting = [(i, -1) for i in range(len(nodes)) if i not in children]
    while waiting:
        i, mover = waiting.pop()
        if i in turning:
            movers.append(i)
            above.append(mover)
            mover = len(movers) - 1
        mover_of[i] = mover
        waiting += [(child, mover) for child in nodes[i].get("children", [])]
    return mover_of, tuple(movers), tuple(above)


def _parts(gltf: Gltf, matrices: list[np.ndarray], mover_of: list[int], n_movers: int) -> Iterator[Part]:
    nodes, meshes = gltf.items("nodes"), gltf.items("meshes")
    for i in sorted(_shown(gltf)):
        if "mesh" not in nodes[i]:
            continue
        skin = gltf.items("skins")[nodes[i]["skin"]] if "skin" in nodes[i] else None
        for primitive in meshes[nodes[i]["mesh"]]["primitives"]:
            if primitive.get("mode", _TRIANGLES) == _TRIANGLES and "POSITION" in primitive["attributes"]:
                yield _part(gltf, i, primitive, skin, matrices, mover_of, n_movers)


def _part(
    gltf: Gltf,
    node: int,
    primitive: dict,
    skin: dict | None,
    matrices: list[np.ndarray],
    mover_of: list[int],
    n_movers: int,
) -> Part:
    unpack(gltf, primitive)
    attributes = primitive["attributes"]
    positions = np.asarray(read_accessor(gltf, attributes["POSITION"]), np.float64)
    n = len(positions)
    deltas = np.zeros((len(primitive.get("targets", [])), n, 3))
    for row, target in zip(deltas, primitive.get("targets", []), strict=True):
        if "POSITION" in target:
            row[:] = read_accessor(gltf, target["POSITION"])
    if skin is None:
        linear, shift = matrices[node][:3, :3], matrices[node][:3, 3]
        positions, deltas = positions @ linear.T + shift, deltas @ linear.T
        share = np.tile(np.arange(n_movers) == mover_of[node], (n, 1))
    else:
        blend, share = _skinned(gltf, attributes, skin, matrices, mover_of, n_movers, n)
        positions = np.einsum("vij,vj->vi", blend[:, :3, :3], positions) + blend[:, :3, 3]
        deltas = np.einsum("vij,tvj->tvi", blend[:, :3, :3], deltas)
    if not (np.abs(positions) < _FARTHEST).all() or not (np.abs(deltas) < _FARTHEST).all():
        raise InputError("the head is damaged: its shapes hold values that are no numbers, or far away")
    triangles = read_accessor(gltf, primitive["indices"])[:, 0] if "indices" in primitive else np.arange(n)
    triangles = triangles[: len(triangles) // 3 * 3].astype(np.int64).reshape(-1, 3)
    if triangles.size and (triangles.max() >= n or triangles.min() < 0):
        raise InputError("the head is damaged: a triangle names a vertex that is not there")
    material = material_of(gltf, primitive.get("material"))
    uv = attributes.get(f"TEXCOORD_{material.uv_set}")
    tint = attributes.get("COLOR_0")
    return Part(
        node, np.float32(positions), np.float32(deltas), np.float32(share), np.int32(triangles),
        None if uv is None or material.picture is None else _of_vertices(gltf, uv, n)[:, :2],
        None if tint is None else _with_alpha(_of_vertices(gltf, tint, n)), material,
    )  # fmt: skip


def _of_vertices(gltf: Gltf, accessor: int, n: int) -> np.ndarray:
    """float32 [n, width] of an attribute, whose integers stand for 0..1."""
    values = read_accessor(gltf, accessor)
    if len(values) != n:
        raise InputError("the head is damaged: a mesh has attributes of different lengths")
    if values.dtype.kind != "f":
        values = values / np.iinfo(values.dtype).max
    return np.nan_to_num(np.float32(values))


def _with_alpha(colors: np.ndarray) -> np.ndarray:
    return colors if colors.shape[1] == 4 else np.column_stack([colors[:, :3], np.ones(len(colors), np.float32)])


def _skinned(gltf: Gltf, attributes: dict, skin: dict, matrices, mover_of: list[int], n_movers: int, n: int):
    """(matrix of each vertex [n, 4, 4], shares of the movers [n, M])."""
    joints = skin["joints"]
    inverse = np.tile(np.eye(4), (len(joints), 1, 1))
    if "inverseBindMatrices" in skin:
        inverse = np.asarray(read_accessor(gltf, skin["inverseBindMatrices"]), float).reshape(-1, 4, 4)
        inverse = inverse[: len(joints)].transpose(0, 2, 1)
    world = np.stack([matrices[j] for j in joints]) @ inverse
    turns = np.array([np.arange(n_movers) == mover_of[j] for j in joints], float)
    blend, share, total = np.zeros((n, 4, 4)), np.zeros((n, n_movers)), np.zeros(n)
    k = 0
    while f"JOINTS_{k}" in attributes:
        names = read_accessor(gltf, attributes[f"JOINTS_{k}"]).astype(np.int64)
        weights = _of_vertices(gltf, attributes[f"WEIGHTS_{k}"], n).astype(np.float64)
        for column in range(names.shape[1]):
            weight = weights[:, column]
            blend += weight[:, None, None] * world[names[:, column]]
            share += weight[:, None] * turns[names[:, column]]
            total += weight
        k += 1
    total = np.where(total > 0, total, 1)
    return blend / total[:, None, None], share / total[:, None]
