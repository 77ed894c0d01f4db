"""The built-in head: geometry from blendshape weights, and the measures that are taken on it. NumPy only."""

from .gap import CLOSED_LIP_GAP, eyelid_gap, lip_gap
from .model import Head, in_head_order, load_head
from .shapes import HEAD_SHAPES, head_of, shaped_head

__all__ = [
    "CLOSED_LIP_GAP",
    "HEAD_SHAPES",
    "Head",
    "eyelid_gap",
    "head_of",
    "in_head_order",
    "lip_gap",
    "load_head",
    "shaped_head",
]
