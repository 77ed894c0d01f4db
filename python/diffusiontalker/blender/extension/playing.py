"""A take onto a character: curves of its shape keys and bones."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Quaternion

from . import keys
from .characters import BASE, Character, base, rest, shape_keys
from .spoken import Take

ACTION = "Speech"


@dataclass(frozen=True)
class Span:
    """Frames of the scene.   first: of the take's first key.   begin, end: keys go to begin <= frame < end."""

    first: int
    begin: int
    end: int


def play(character: Character, take: Take, moved: list[set[str]], span: Span, with_bones: bool) -> list[str]:
    """Writes the keys of a take.   moved: names of the shape keys that it moves, for each mesh.
    Returns sentences about what stands in its way.
    """
    rows = slice(max(0, span.begin - span.first), max(0, span.end - span.first))
    first = max(span.begin, span.first)
    notes = []
    for index, weights in take.weights.items():
        notes += _weights(character.objects[index], weights[rows], moved[index], first)
    if with_bones and character.armature is not None:
        for index, rotations in take.rotations.items():
            notes += _rotations(character.armature, character.bones[index], rotations[rows], first)
    return notes


def _weights(o, weights: np.ndarray, moved: set[str], first: int) -> list[str]:
    data = o.data.shape_keys
    blocks = shape_keys(o)
    driven = _driven(data)
    curves, stopped = None, []
    for block, values in zip(blocks, weights.T, strict=True):
        path = f'key_blocks["{bpy.utils.escape_identifier(block.name)}"].value'
        rests = block.value == 0 and not values.any() and not keys.has_curve(data, path)
        if block.name not in moved or rests or not len(values):
            continue
        if path in driven:
            stopped.append(block.name)
            continue
        # Blender cuts values at the ends of a key's slider.
        block.slider_max = max(block.slider_max, float(values.max()))
        block.slider_min = min(block.slider_min, float(values.min()))
        if curves is None:
            curves = keys.curves_of(data, ACTION)
        keys.write(curves, path, 0, first, values)
    if stopped:
        return [f"shape keys of {o.name} have drivers, which go before the animation: {', '.join(stopped)}"]
    return []


def _rotations(armature, name: str, rotations: np.ndarray, first: int) -> list[str]:
    """rotations: with the bone's rest; its channel has what is turned beyond it."""
    bone = armature.pose.bones[name]
    back = rest(bone.bone).to_quaternion().inverted()
    turns = [back @ Quaternion((w, x, y, z)) for x, y, z, w in rotations.astype(float)]
    if bone.rotation_mode == "AXIS_ANGLE":
        bone.rotation_mode = "QUATERNION"
    path = bone.path_from_id("rotation_quaternion" if bone.rotation_mode == "QUATERNION" else "rotation_euler")
    if path in _driven(armature):
        return [f"the bone {name} has a driver, which goes before the animation"]
    bone[BASE] = base(armature, name)
    values = np.array(turns if bone.rotation_mode == "QUATERNION" else _eulers(turns, bone.rotation_mode))
    curves = keys.curves_of(armature, ACTION)
    for index, column in enumerate(values.T):
        keys.write(curves, path, index, first, column)
    return []


def _eulers(turns: list[Quaternion], order: str) -> list:
    """Angles whose neighbours are near each other."""
    out: list = []
    for turn in turns:
        out.append(turn.to_euler(order, out[-1]) if out else turn.to_euler(order))
    return out


def _driven(owner) -> set[str]:
    data = owner.animation_data
    return set() if data is None else {driver.data_path for driver in data.drivers}
