"""What of a character would move, without an animation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from diffusiontalker.ownhead.bones import find_bone
from diffusiontalker.ownhead.container import read_gltf
from diffusiontalker.ownhead.mapping import Mapping
from diffusiontalker.ownhead.names import Match
from diffusiontalker.ownhead.plan import by_name, head_plan
from diffusiontalker.ownhead.rig import checked_meshes
from diffusiontalker.ownhead.visemes import VISEMES
from diffusiontalker.spec.channels import ARKIT_CHANNELS


@dataclass(frozen=True)
class Inspection:
    """targets: name -> what moves it, None: nothing.   bone: node that the head pose turns.   missing: ARKit channels
    that no target shows.   notes: sentences for the user."""

    targets: dict[str, Match | None]
    bone: str | None
    missing: tuple[str, ...]
    notes: tuple[str, ...]


def inspect_head(
    head: bytes, mapping: Mapping | None = None, *, folder: Path | None = None, fit: bool = False
) -> Inspection:
    """Arguments and errors as animate_head(); a head of which no target is known is no error here."""
    mapping = mapping or Mapping()
    gltf = read_gltf(head, folder)
    meshes = checked_meshes(gltf)
    plan, notes, _ = head_plan(gltf, meshes, mapping, fit)
    bone = find_bone(gltf, mapping.head_bone, tuple(n for mesh in meshes for n in mesh.nodes))
    targets = by_name(meshes, plan)
    shown = {source for m in targets.values() if m is not None for source in m.terms}
    shown |= {channel for viseme in shown & VISEMES.keys() for channel in VISEMES[viseme]}
    missing = tuple(c for c in ARKIT_CHANNELS if c not in shown)
    return Inspection(targets, None if bone is None else bone.name, missing, notes)
