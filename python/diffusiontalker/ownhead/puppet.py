"""A character that moves: its figure with the weights of its targets and the turn of its head in every frame."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.curves import pose_of
from diffusiontalker.io.formats.gltf_file import Curve, GltfFile, grid_of
from diffusiontalker.io.formats.record import Unusable
from diffusiontalker.io.glb_container import GENERATOR
from diffusiontalker.ownhead.animate import PreparedHead
from diffusiontalker.ownhead.bones import bone_at, eye_places, face_axes, find_bone, turn_matrices, turning
from diffusiontalker.ownhead.container import Gltf, read_gltf
from diffusiontalker.ownhead.curves import Curves
from diffusiontalker.ownhead.figure import Figure, Part, figure_of
from diffusiontalker.ownhead.rig import MorphMesh, checked_meshes

_MOVING = 0.15  # share of the largest movement from which a vertex belongs to the face that moves


@dataclass(frozen=True, eq=False)
class Puppet:
    """figure: what is drawn.   weights: node -> float32 [n, T] of its targets.   rest: node -> float32 [T] of all nodes
    with targets.   turns: float64 [n, 3, 3], rotation of the head in the scene, or None.   n_frames, rate: of both.
    box: float64 [2, 3], corners of the face that moves, in the face's axes (Figure.axes)."""

    figure: Figure
    weights: dict[int, np.ndarray]
    rest: dict[int, np.ndarray]
    turns: np.ndarray | None
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
        if self.turns is not None and part.share.any():
            turn = np.float32(self.turns[frame] - np.eye(3))
            places = places + part.share[:, None] * ((places - np.float32(self.figure.pivot)) @ turn.T)
        return np.float32(places)


def puppet_of(prepared: PreparedHead, animation) -> Puppet:
    """A character with an animation of blendshapes. Raises InputError as animate_prepared() and figure_of()."""
    if getattr(animation, "space", "blendshapes") != "blendshapes":
        raise InputError(f"a head takes ARKit blendshapes, and this motion is of {animation.space}: use another bundle")
    gltf, pose, n = prepared.gltf, pose_of(animation), len(animation.weights)
    nodes = tuple(node for mesh in prepared.meshes for node in mesh.nodes)
    bone = None if pose is None else find_bone(gltf, prepared.head_bone, nodes)
    curves, weights = Curves(animation), {}
    for mesh in prepared.meshes:
        moving = curves.of(prepared.plan[mesh.index])
        for node, rest in zip(mesh.nodes, mesh.rest, strict=True):
            if moving:
                weights[node] = np.tile(np.array(rest, np.float32), (n, 1))
                for target, curve in moving.items():
                    weights[node][:, target] = curve
    turns = None if bone is None or pose is None else turn_matrices(bone, turning(bone, pose))
    figure = figure_of(gltf, bone, face_axes(gltf))
    rate = Fraction(animation.fps_num, animation.fps_den)
    return _puppet(gltf, figure, prepared.meshes, weights, turns, n, rate)


def has_own_head(path: Path) -> bool:
    """Whether a .glb holds another head than the built-in one; False too for a file that cannot be read."""
    try:
        asset = GltfFile(path).document.get("asset")
    except (Unusable, OSError, ValueError):
        return False
    return isinstance(asset, dict) and not str(asset.get("generator", "")).startswith(GENERATOR)


def puppet_of_file(path: Path) -> Puppet:
    """A .glb with the animation that was added to it last, or else its first one: the weights of its meshes, and the
    rotation of one node. Raises InputError: damaged, no animation of a face, as figure_of()."""
    try:
        file = GltfFile(path)
        curves = [c for c in file.curves() if c[1] in ("weights", "rotation")]
        if not any(kind == "weights" for _, kind, _ in curves):
            raise Unusable("has no animation of morph targets")
        gltf = read_gltf(path.read_bytes(), path.parent)
        meshes = checked_meshes(gltf)
        rate, times = grid_of([c for _, _, c in curves], max(c.values.shape[-1] for _, _, c in curves))
        sampled = [(node, kind, curve.on(rate).at(times)) for node, kind, curve in curves]
    except Unusable as e:
        raise InputError(f"{path} {e}: animate the head first") from e
    except OSError as e:
        raise InputError(f"{path} cannot be read: {e.strerror or e}") from e
    sizes = {node: len(mesh.names) for mesh in meshes for node in mesh.nodes}
    weights = {
        node: np.float32(values)
        for node, kind, values in sampled
        if kind == "weights" and values.shape[1] == sizes.get(node)
    }
    turning_node = _turning(gltf, [(node, curve) for node, kind, curve in curves if kind == "rotation"], sizes)
    bone = None if turning_node is None else bone_at(gltf, turning_node)
    own = next((v for node, kind, v in sampled if kind == "rotation" and node == turning_node), None)
    turns = None if bone is None or own is None else turn_matrices(bone, own)
    return _puppet(gltf, figure_of(gltf, bone, face_axes(gltf)), meshes, weights, turns, len(times), rate)


def _turning(gltf: Gltf, rotations: list[tuple[int, Curve]], sizes: dict[int, int]) -> int | None:
    """Of the nodes that rotate, the one that carries the head."""
    likely = find_bone(gltf, None, tuple(sizes))
    nodes = [node for node, curve in rotations if curve.values.shape[-1] == 4]
    if likely is not None and likely.node in nodes:
        return likely.node
    return nodes[0] if len(nodes) == 1 else None


def _puppet(gltf: Gltf, figure: Figure, meshes: list[MorphMesh], weights, turns, n: int, rate: Fraction) -> Puppet:
    rest = {
        node: np.array(weights_at_rest, np.float32)
        for mesh in meshes
        for node, weights_at_rest in zip(mesh.nodes, mesh.rest, strict=True)
    }
    return Puppet(figure, weights, rest, turns, n, rate, _face_box(gltf, figure, set(weights)))


def _face_box(gltf: Gltf, figure: Figure, nodes: set[int]) -> np.ndarray:
    """Corners of the vertices that targets of these nodes move, and of the eyes where they are known."""
    parts = [p for p in figure.parts if p.node in nodes and len(p.deltas)]
    reach = [np.linalg.norm(p.deltas, axis=2).max(axis=0) for p in parts]
    if not parts or max(r.max(initial=0) for r in reach) == 0:
        raise InputError("the targets of the head that are animated move nothing: export it with its shapes")
    least = _MOVING * max(r.max(initial=0) for r in reach)
    places = np.concatenate([p.positions[r >= least] for p, r in zip(parts, reach, strict=True)]) @ figure.axes
    box = np.stack([places.min(axis=0), places.max(axis=0)]).astype(np.float64)
    eyes = eye_places(gltf)
    if eyes is not None:
        eyes = eyes @ figure.axes
        box = np.stack([np.minimum(box[0], eyes.min(axis=0)), np.maximum(box[1], eyes.max(axis=0))])
    return box
