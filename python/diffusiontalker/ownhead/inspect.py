"""What of a character would move, without an animation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from diffusiontalker.errors import InputError
from diffusiontalker.io.gltf.container import read_gltf
from diffusiontalker.ownhead.bones import find_bone
from diffusiontalker.ownhead.face_bones import FaceBone, find_face_bones
from diffusiontalker.ownhead.mapping import Mapping
from diffusiontalker.ownhead.names import Match
from diffusiontalker.ownhead.plan import NO_TARGETS, by_name, channels_of, head_plan, shown_by
from diffusiontalker.ownhead.rig import morph_meshes
from diffusiontalker.spec.channels import ARKIT_CHANNELS


@dataclass(frozen=True)
class Inspection:
    """targets: name -> what moves it, None: nothing.   bone: node that the head pose turns.   missing: ARKit channels
    that nothing shows.   notes: sentences for the user.   face_bones: the jaw and the eyes that turn."""

    targets: dict[str, Match | None]
    bone: str | None
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    face_bones: tuple[FaceBone, ...] = ()


def inspect_head(
    head: bytes, mapping: Mapping | None = None, *, folder: Path | None = None, fit: bool = False
) -> Inspection:
    """Arguments and errors as animate_head(); a head of which no target is known is no error here."""
    mapping = mapping or Mapping()
    gltf = read_gltf(head, folder)
    meshes = morph_meshes(gltf)
    plan, notes, _ = head_plan(gltf, meshes, mapping, fit)
    bone = find_bone(gltf, mapping.head_bone, tuple(n for mesh in meshes for n in mesh.nodes))
    face_bones = find_face_bones(gltf, {**mapping.face_bones}, shown_by(plan))
    if not meshes and not face_bones:
        raise InputError(NO_TARGETS)
    shown = channels_of(shown_by(plan)) | {channel for found in face_bones for channel in found.channels}
    missing = tuple(c for c in ARKIT_CHANNELS if c not in shown)
    bone_name = None if bone is None else bone.name
    return Inspection(by_name(meshes, plan), bone_name, missing, notes, face_bones)
