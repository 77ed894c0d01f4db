"""Animates a character of the user's own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.curves import pose_of
from diffusiontalker.io.dials import animation_extras
from diffusiontalker.io.glb_container import ANIMATION_NAME
from diffusiontalker.io.gltf.container import Gltf, read_gltf
from diffusiontalker.ownhead.bones import STILL, Bone, find_bone, turned, turning
from diffusiontalker.ownhead.curves import Curves
from diffusiontalker.ownhead.face_bones import FaceBone, find_face_bones, turns
from diffusiontalker.ownhead.mapping import Mapping
from diffusiontalker.ownhead.names import Match, Plan
from diffusiontalker.ownhead.plan import channels_of, head_plan, no_match, shown_by
from diffusiontalker.ownhead.rig import MorphMesh, label, morph_meshes

_NO_BONE = "no node is found that turns the head, so it keeps still: #head_bone in a mapping names one"


@dataclass(frozen=True)
class MeshReport:
    """name: of the mesh.   matched: target -> what moves it.   still: targets that nothing moves."""

    name: str
    matched: dict[str, Match]
    still: tuple[str, ...]


@dataclass(frozen=True)
class HeadReport:
    """What of a head moves.   meshes: those with targets.   bone: node that the head pose turns, None: nothing turns.
    unused: channels of ours, which the animation moves, that nothing shows.   animation: name of the new animation.
    fit_error: root mean square of the fitted movement's difference to the built-in head's, as a share of that; None
    without a fit.   notes: sentences for the user.   face_bones: node of the jaw or an eye -> channels that turn it.
    """

    meshes: tuple[MeshReport, ...]
    bone: str | None
    unused: tuple[str, ...]
    animation: str
    fit_error: float | None = None
    notes: tuple[str, ...] = ()
    face_bones: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def n_matched(self) -> int:
        """Targets that move, over all meshes."""
        return sum(len(mesh.matched) for mesh in self.meshes)


@dataclass(frozen=True)
class PreparedHead:
    """A character that is read, with what moves each target (prepare_head)."""

    gltf: Gltf
    meshes: list[MorphMesh]
    plan: Plan
    notes: tuple[str, ...]
    fit_error: float | None
    head_bone: str | None
    face_bones: tuple[FaceBone, ...] = ()


def animate_head(
    head: bytes, animation, mapping: Mapping | None = None, *, folder: Path | None = None, fit: bool = False
) -> tuple[bytes, HeadReport]:
    """Puts an animation into a character.
    head: the bytes of a .glb, .vrm or .gltf (glTF 2.0).   animation: of blendshapes (api.animation.Animation).
    mapping: for targets whose names are not known.   folder: where files are that a .gltf names.   fit: find what moves
    each target by its shape instead of its name (ownhead.fit).
    Returns a .glb and what moves in it. The file keeps everything it has and gets one animation more, with linear keys
    at the animation's frames; targets that nothing moves stay at their rest weights. Bones of the jaw and the eyes turn
    where no target shows their movement (ownhead.face_bones).
    Raises InputError: not glTF 2.0, damaged, no target that is known and no jaw, channels that are no blendshapes.
    """
    return animate_prepared(prepare_head(head, mapping, folder=folder, fit=fit), animation)


def prepare_head(
    head: bytes, mapping: Mapping | None = None, *, folder: Path | None = None, fit: bool = False
) -> PreparedHead:
    """The part of animate_head() that needs no animation, with the errors that belong to it."""
    mapping = mapping or Mapping()
    gltf = read_gltf(head, folder)
    meshes = morph_meshes(gltf)
    plan, notes, fit_error = head_plan(gltf, meshes, mapping, fit)
    face_bones = find_face_bones(gltf, {**mapping.face_bones}, shown_by(plan))
    if not any(plan.values()) and not any(bone.part == "jaw" for bone in face_bones):
        raise no_match(meshes)
    return PreparedHead(gltf, meshes, plan, notes, fit_error, mapping.head_bone, face_bones)


def animate_prepared(prepared: PreparedHead, animation) -> tuple[bytes, HeadReport]:
    """The rest of animate_head(); `prepared` may be used again."""
    if getattr(animation, "space", "blendshapes") != "blendshapes":
        raise InputError(f"a head takes ARKit blendshapes, and this motion is of {animation.space}: use another bundle")
    if not len(animation.weights):
        raise InputError("the animation has no frames: animate a longer recording")
    gltf, meshes, plan = prepared.gltf.copy(), prepared.meshes, prepared.plan
    pose = pose_of(animation)
    nodes = tuple(node for mesh in meshes for node in mesh.nodes)
    bone = None if pose is None else find_bone(gltf, prepared.head_bone, nodes)
    curves = Curves(animation)
    turning_bones = [(b.bone, turned(b.bone, turns(b, curves))) for b in prepared.face_bones]
    if bone is not None and pose is not None:
        if any(bone.node == other.node for other, _ in turning_bones):
            raise InputError(f"the node {bone.name} is two bones of the mapping: name another one")
        turning_bones.insert(0, (bone, turning(bone, pose)))
    name = _free_name(gltf)
    _write(gltf, name, animation, curves, meshes, plan, turning_bones)
    stays = bone is None and pose is not None and bool(np.any(pose)) and prepared.head_bone != STILL
    report = _report(prepared, animation, bone, name, (_NO_BONE,) if stays else ())
    return gltf.to_glb(), report


def _free_name(gltf: Gltf) -> str:
    taken = {str(animation.get("name")) for animation in gltf.items("animations")}
    numbered = (f"{ANIMATION_NAME} {i}" for i in range(2, len(taken) + 3))
    return next(name for name in (ANIMATION_NAME, *numbered) if name not in taken)


def _write(
    gltf: Gltf, name: str, animation, curves: Curves, meshes: list[MorphMesh], plan: Plan,
    turning_bones: list[tuple[Bone, np.ndarray]],
) -> None:  # fmt: skip
    """Adds the animation."""
    n = len(animation.weights)
    times = (np.arange(n, dtype=np.float64) * animation.fps_den / animation.fps_num).astype(np.float32)
    entry: dict = {"name": name, "samplers": [], "channels": [], **animation_extras(animation)}
    clock = gltf.add_accessor(times, bounds=True)

    known: dict[bytes, int] = {}  # curves that several meshes share are written once

    def add(values: np.ndarray) -> int:
        digest = hashlib.sha256(values.tobytes()).digest()
        if digest not in known:
            known[digest] = len(entry["samplers"])
            output = gltf.add_accessor(values)
            entry["samplers"].append({"input": clock, "output": output, "interpolation": "LINEAR"})
        return known[digest]

    for mesh in meshes:
        if not plan[mesh.index]:
            continue
        moving = curves.of(plan[mesh.index])
        for node, rest in zip(mesh.nodes, mesh.rest, strict=True):
            values = np.tile(np.array(rest, np.float32), (n, 1))
            for target, curve in moving.items():
                values[:, target] = curve
            sampler = add(values.ravel())
            entry["channels"].append({"sampler": sampler, "target": {"node": node, "path": "weights"}})
    for bone, rotations in turning_bones:
        sampler = add(rotations)
        entry["channels"].append({"sampler": sampler, "target": {"node": bone.node, "path": "rotation"}})
    gltf.document.setdefault("animations", []).append(entry)


def _report(prepared: PreparedHead, animation, bone: Bone | None, name: str, notes: tuple[str, ...]) -> HeadReport:
    meshes, plan = prepared.meshes, prepared.plan
    reports = tuple(
        MeshReport(
            mesh.name,
            {label(mesh, i): m for i, m in plan[mesh.index].items()},
            tuple(label(mesh, i) for i in range(len(mesh.names)) if i not in plan[mesh.index]),
        )
        for mesh in meshes
    )
    face_bones = {b.bone.name: b.channels for b in prepared.face_bones}
    used = channels_of(shown_by(plan)) | {channel for channels in face_bones.values() for channel in channels}
    moving = np.abs(np.asarray(animation.weights)).max(axis=0) > 1e-3
    unused = [c for c, moves in zip(animation.channels, moving, strict=True) if moves and c not in used]
    bone_name = None if bone is None else bone.name
    return HeadReport(
        reports, bone_name, tuple(unused), name, prepared.fit_error, (*prepared.notes, *notes), face_bones
    )
