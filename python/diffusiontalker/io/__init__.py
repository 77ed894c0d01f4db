"""Sound files in, animation files in and out (docs/output-formats.md)."""

from diffusiontalker.io.atomic import atomic_writer
from diffusiontalker.io.formats import FORMATS
from diffusiontalker.io.read import READABLE, read_motion
from diffusiontalker.io.save import (
    ANIMATION_SUFFIXES,
    STDOUT_FORMATS,
    check_formats,
    format_of,
    save_animation,
)
from diffusiontalker.io.sound.reading import read_audio

__all__ = [
    "ANIMATION_SUFFIXES",
    "FORMATS",
    "READABLE",
    "STDOUT_FORMATS",
    "atomic_writer",
    "check_formats",
    "format_of",
    "read_audio",
    "read_motion",
    "save_animation",
]
