"""The selected character: its meshes with shape keys and its bones, as the program takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from mathutils import Matrix, Quaternion

from . import keys, spoken
from .program import Failure

BASE = "diffusiontalker_base"  # property of a pose bone


@dataclass(frozen=True)
class Character:
    """objects: meshes with shape keys, each with its own.   armature: object or None.   bones: names, parents first."""

    objects: tuple
    armature: Any
    bones: tuple[str, ...]

    @property
    def name(self) -> str:
        return (self.armature or self.objects[0]).name

    def glb(self, with_shapes: bool) -> bytes:
        """The character as the program takes it.   with_shapes: its geometry too, which --fit needs."""
        meshes = [_mesh(o, with_shapes) for o in self.objects]
        if self.armature is None:
            return spoken.character(meshes)
        described = [_bone(self.armature, name, self.bones) for name in self.bones]
        return spoken.character(meshes, described, np.array(self.armature.matrix_world))


def selected(context) -> Character:
    """The character of the selection. Raises Failure: nothing to animate, several characters, a linked file."""
    chosen = list(dict.fromkeys([*context.selected_objects, *([context.object] if context.object else [])]))
    armatures = [o for o in chosen if o.type == "ARMATURE"]
    meshes = [o for o in chosen if o.type == "MESH"]
    if armatures and not meshes:
        meshes = [o for o in context.scene.objects if o.type == "MESH" and _armature(o) in armatures]
    meshes = [o for o in meshes if o.data.shape_keys is not None and len(o.data.shape_keys.key_blocks) > 1]
    if not meshes:
        raise Failure("nothing selected has shape keys: select the mesh of a face, or the armature of a character")
    one = {o.data.shape_keys: o for o in reversed(meshes)}  # objects that share a mesh share its keys
    meshes = [o for o in meshes if one[o.data.shape_keys] is o]
    rigs = list(dict.fromkeys([*armatures, *filter(None, map(_armature, meshes))]))
    if len(rigs) > 1:
        raise Failure(f"the selection has several characters ({', '.join(o.name for o in rigs)}): select one")
    for o in (*meshes, *rigs):
        if o.library is not None or o.data.library is not None:
            raise Failure(f"{o.name} is linked from another file: make it local, or a library override")
    for o in meshes:
        if not o.data.shape_keys.use_relative:
            raise Failure(f"the shape keys of {o.name} are absolute: switch Relative on")
    rig = rigs[0] if rigs else None
    bones = [] if rig is None else _sorted(rig.data.bones)
    return Character(tuple(meshes), rig, tuple(bone.name for bone in bones))


def _armature(o):
    found = o.find_armature()
    while found is None and o.parent is not None:
        o = o.parent
        found = o if o.type == "ARMATURE" else None
    return found


def _sorted(bones) -> list:
    """Parents before their children."""
    out = [b for b in bones if b.parent is None]
    for bone in out:
        out.extend(bone.children)
    return out


def rest(bone) -> Matrix:
    """A bone's rest in its parent's axes, or the armature's."""
    if bone.parent is None:
        return bone.matrix_local
    return bone.parent.matrix_local.inverted() @ bone.matrix_local


def base(armature, name: str) -> Quaternion:
    """The rotation in its parent's axes that a bone's movement starts from: as the bone is posed, and after the first
    take as it was posed then. A bone with keys of somebody else's starts from its rest.
    """
    bone = armature.pose.bones[name]
    if BASE in bone:
        return Quaternion(bone[BASE])
    if keys.has_curve(armature, bone.path_from_id("rotation_quaternion").rpartition(".")[0] + ".rotation"):
        return rest(bone.bone).to_quaternion()
    return _posed(bone).to_quaternion()


def _posed(bone) -> Matrix:
    return bone.matrix if bone.parent is None else bone.parent.matrix.inverted() @ bone.matrix


def _bone(armature, name: str, names: tuple[str, ...]) -> spoken.Bone:
    bone = armature.pose.bones[name]
    w, x, y, z = base(armature, name)
    parent = None if bone.parent is None else names.index(bone.parent.name)
    return spoken.Bone(name, parent, (x, y, z, w), tuple(_posed(bone).to_translation()))


def shape_keys(o) -> list:
    """The shape keys of an object that have a weight."""
    data = o.data.shape_keys
    return [block for block in data.key_blocks if block != data.reference_key]


def _mesh(o, with_shapes: bool) -> spoken.Mesh:
    blocks = shape_keys(o)
    surface = _surface(o, blocks) if with_shapes else None
    return spoken.Mesh(o.name, tuple(block.name for block in blocks), np.array(o.matrix_world), surface)


def _surface(o, blocks) -> spoken.Surface:
    mesh = o.data
    n = len(mesh.vertices)

    def vectors(items, name: str) -> np.ndarray:
        values = np.empty((n, 3), np.float32)
        items.foreach_get(name, values.ravel())
        return values

    rest = vectors(mesh.shape_keys.reference_key.data, "co")
    deltas = np.empty((len(blocks), n, 3), np.float32)
    for delta, block in zip(deltas, blocks, strict=True):
        delta[:] = vectors(block.data, "co") - vectors(block.relative_key.data, "co")
    return spoken.Surface(rest, vectors(mesh.vertices, "normal"), deltas)
