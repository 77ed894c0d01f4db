"""Sound files in, animation files out (docs/output-formats.md)."""

from .atomic import atomic_writer
from .audio import read_audio
from .save import ANIMATION_SUFFIXES, check_formats, save_animation

__all__ = ["ANIMATION_SUFFIXES", "atomic_writer", "check_formats", "read_audio", "save_animation"]
