"""The built-in head: geometry from blendshape weights, and the measures that are taken on it. NumPy only."""

from diffusiontalker.head.measures import (
    LIP_MEASURES,
    brow_heights,
    corner_heights,
    incisors_seen,
    lip_measures,
    lip_on_incisors,
    tongue_tip,
)
from diffusiontalker.head.model import Head, in_head_order, load_head
from diffusiontalker.head.opening import CLOSED_LIP_OPENING, eyelid_opening, lip_opening
from diffusiontalker.head.pose import check_pose, turned
from diffusiontalker.head.shapes import HEAD_SHAPES, head_of, shaped_head

__all__ = [
    "CLOSED_LIP_OPENING",
    "HEAD_SHAPES",
    "LIP_MEASURES",
    "Head",
    "brow_heights",
    "check_pose",
    "corner_heights",
    "eyelid_opening",
    "head_of",
    "in_head_order",
    "incisors_seen",
    "lip_measures",
    "lip_on_incisors",
    "lip_opening",
    "load_head",
    "shaped_head",
    "tongue_tip",
    "turned",
]
