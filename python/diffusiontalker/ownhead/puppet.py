"""A character that moves: its figure with the weights of its targets and the moves of its bones in every frame."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.formats.record import Unusable
from diffusiontalker.io.gltf.container import Gltf, read_gltf
from diffusiontalker.io.gltf.curves import GltfFile, grid_of
from diffusiontalker.ownhead.animate import PreparedHead, animate_prepared
from diffusiontalker.ownhead.bones import eye_places, face_axes, local_matrix, scene_matrices
from diffusiontalker.ownhead.figure import Figure, Part, figure_of
from diffusiontalker.ownhead.plan import is_built_in
from diffusiontalker.ownhead.rig import morph_meshes

_MOVING = 0.15  # share of the largest movement from which a vertex belongs to the face that moves


@dataclass(frozen=True, eq=False)
class Puppet:
    """figure: what is drawn.   weights: node -> float32 [n, T] of its targets.   rest: node -> float32 [T] of all nodes
    with targets.   moves: float64 [n, M, 3, 4], what each mover of the figure does to places of the scene.   n_frames,
    rate: of both.   box: float64 [2, 3], corners of the face that moves, in the face's axes (Figure.axes)."""

    figure: Figure
    weights: dict[int, np.ndarray]
    rest: dict[int, np.ndarray]
    moves: np.ndarray
    n_frames: int
    rate: Fraction
    box: np.ndarray

    def vertices(self, part: Part, frame: int) -> np.ndarray:
        """Places of a part's vertices in a frame, float32 [V, 3]."""
        places = part.positions
        if len(part.deltas):
            rest = self.rest.get(part.node, np.zeros(len(part.deltas), np.float32))
            now = self.weights[part.node][frame] if part.node in self.weights else rest
            moving = np.flatnonzero(now[: len(part.deltas)])
            places = places + np.tensordot(now[moving], part.deltas[moving], 1)
        moved = places
        for k, move in enumerate(self.moves[frame]):
            if part.share[:, k].any():
                there = places @ np.float32(move[:, :3]).T + np.float32(move[:, 3])
                moved = moved + part.share[:, k : k + 1] * (there - places)
        return np.float32(moved)


def puppet_of(prepared: PreparedHead, animation) -> Puppet:
    """A character with an animation of blendshapes. Raises InputError as animate_prepared() and puppet_of_data()."""
    return puppet_of_data(animate_prepared(prepared, animation)[0])


def has_own_head(path: Path) -> bool:
    """Whether a .glb holds another head than the built-in one; False too for a file that cannot be read."""
    try:
        document = GltfFile(path.read_bytes()).document
    except (Unusable, OSError, ValueError):
        return False
    return isinstance(document.get("asset"), dict) and not is_built_in(document)


def puppet_of_file(path: Path) -> Puppet:
    """As puppet_of_data(), of a file."""
    try:
        return puppet_of_data(path.read_bytes(), path.parent)
    except OSError as e:
        raise InputError(f"{path} cannot be read: {e.strerror or e}") from e
    except InputError as e:
        raise InputError(f"{path}: {e}") from e


def puppet_of_data(data: bytes, folder: Path | None = None) -> Puppet:
    """A .glb with the animation that was added to it last, or else its first one: weights of targets and rotations of
    nodes.   folder: of files that it names.   Raises InputError: damaged, no animation of a face, as figure_of()."""
    try:
        curves = [c for c in GltfFile(data).curves() if c[1] in ("weights", "rotation")]
        if not curves:
            raise Unusable("no animation of targets or bones")
        rate, times = grid_of([c for _, _, c in curves], max(c.values.shape[-1] for _, _, c in curves))
        sampled = [(node, kind, curve.on(rate).at(times)) for node, kind, curve in curves]
    except Unusable as e:
        raise InputError(f"the character cannot be drawn: it has {str(e).removeprefix('has ')}") from e
    except (ValueError, KeyError, TypeError, IndexError) as e:
        raise InputError("the head is damaged: its animation cannot be read") from e
    gltf = read_gltf(data, folder)
    rest = {
        node: np.array(weights, np.float32)
        for mesh in morph_meshes(gltf)
        for node, weights in zip(mesh.nodes, mesh.rest, strict=True)
    }
    weights = {
        node: np.float32(values)
        for node, kind, values in sampled
        if kind == "weights" and values.shape[1] == len(rest.get(node, ()))
    }
    nodes = gltf.items("nodes")
    rotations = {
        node: values
        for node, kind, values in sampled
        if kind == "rotation" and values.shape[1] == 4 and "matrix" not in nodes[node]
    }
    figure = figure_of(gltf, list(rotations), face_axes(gltf))
    moves = _moves(gltf, figure, rotations, len(times))
    return Puppet(figure, weights, rest, moves, len(times), rate, _face_box(gltf, figure, set(weights)))


def _moves(gltf: Gltf, figure: Figure, rotations: dict[int, np.ndarray], n: int) -> np.ndarray:
    """float64 [n, M, 3, 4]: the matrix of each mover in a frame behind the inverse of that at rest."""
    nodes, rest = gltf.items("nodes"), scene_matrices(gltf)
    parents = {child: i for i, node in enumerate(nodes) for child in node.get("children", [])}
    found = np.zeros((n, len(figure.movers), 4, 4))
    for k, (node, above) in enumerate(zip(figure.movers, figure.above, strict=True)):
        parent = rest[parents[node]] if node in parents else np.eye(4)
        if above >= 0:
            parent = found[:, above] @ parent
        try:
            found[:, k] = parent @ _local(nodes[node], rotations[node]) @ np.linalg.inv(rest[node])
        except np.linalg.LinAlgError as e:
            raise InputError(f"the node {nodes[node].get('name')} has no size: give it a scale") from e
    return found[:, :, :3]


def _local(node: dict, rotations: np.ndarray) -> np.ndarray:
    """A node's transform to its parent with each of its rotations, float64 [n, 4, 4]."""
    length = np.linalg.norm(rotations, axis=1, keepdims=True)
    x, y, z, w = np.moveaxis(rotations / np.where(length > 0, length, 1), -1, 0)
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    still = local_matrix({key: value for key, value in node.items() if key != "rotation"})  # translation and scale
    found = np.tile(still, (len(rotations), 1, 1))
    found[:, :3, :3] = np.moveaxis(turn, -1, 0) @ still[:3, :3]
    return found


def _face_box(gltf: Gltf, figure: Figure, nodes: set[int]) -> np.ndarray:
    """Corners of the vertices that targets of these nodes move, or bones of a part of the face, and of the eyes where
    they are known."""
    reach = [
        np.linalg.norm(p.deltas, axis=2).max(axis=0)
        if p.node in nodes and len(p.deltas)
        else np.zeros(len(p.positions))
        for p in figure.parts
    ]
    largest = max(float(r.max(initial=0)) for r in reach)
    # Jaw and eyes are bones without others below them, which take less along than the one above them.
    n_carried = sum((p.share > 0.5).sum(axis=0) for p in figure.parts)
    last = [k for k in range(len(figure.movers)) if k not in figure.above]
    small = [k for k in last if figure.above[k] >= 0 and n_carried[k] <= n_carried[figure.above[k]]]
    if not largest and not small:
        small = last
    places = np.concatenate(
        [
            p.positions[((r >= _MOVING * largest) & (largest > 0)) | (p.share[:, small] > 0.5).any(axis=1)]
            for p, r in zip(figure.parts, reach, strict=True)
        ]
    ) @ np.float32(figure.axes)  # fmt: skip
    eyes = eye_places(gltf)
    if eyes is not None:
        places = np.concatenate([places, np.float32(eyes @ figure.axes)])
    if len(places) < 2 or not np.ptp(places, axis=0)[:2].all():
        raise InputError("nothing of the face moves in the animation of the head: export it with its shapes")
    return np.stack([places.min(axis=0), places.max(axis=0)]).astype(np.float64)
