"""Keys onto curves of actions, in every way that Blender 4.2 to 5 keeps actions."""

from __future__ import annotations

import bpy
import numpy as np

_LINEAR = 1  # number of the interpolation LINEAR


def curves_of(owner, name: str):
    """The curves of the action of a data-block; it gets an action of that name where it has none."""
    data = owner.animation_data or owner.animation_data_create()
    if data.action is None:
        data.action = bpy.data.actions.new(name)
    action = data.action
    if not hasattr(action, "slots"):  # before Blender 4.4
        return action.fcurves
    if data.action_slot is None:
        fitting = [slot for slot in action.slots if slot.target_id_type == owner.id_type]
        data.action_slot = fitting[0] if fitting else action.slots.new(id_type=owner.id_type, name=owner.name)
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(data.action_slot, ensure=True).fcurves


def write(curves, path: str, index: int, first: int, values: np.ndarray) -> None:
    """Linear keys at the frames from `first` on. They take the place of keys between; keys before and behind stay."""
    curve = curves.find(path, index=index) or curves.new(path, index=index)
    points = curve.keyframe_points
    for i in reversed(range(len(points))):
        if first - 0.5 < points[i].co[0] < first + len(values) - 0.5:
            points.remove(points[i], fast=True)
    n_kept = len(points)
    points.add(len(values))
    places = np.zeros((len(points), 2), np.float32)
    points.foreach_get("co", places.ravel())
    places[n_kept:, 0] = first + np.arange(len(values))
    places[n_kept:, 1] = values
    points.foreach_set("co", places.ravel())
    kinds = np.zeros(len(points), np.int32)
    points.foreach_get("interpolation", kinds)
    kinds[n_kept:] = _LINEAR
    points.foreach_set("interpolation", kinds)
    curve.update()


def has_curve(owner, path: str) -> bool:
    """Whether a data-block has a curve whose path begins so."""
    data = owner.animation_data
    return bool(data and data.action) and any(c.data_path.startswith(path) for c in curves_of(owner, ""))
