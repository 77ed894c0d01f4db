"""Sound files in, animation files out (docs/output-formats.md)."""

from diffusiontalker.io.atomic import atomic_writer
from diffusiontalker.io.save import (
    ANIMATION_SUFFIXES,
    FORMATS,
    STDOUT_FORMATS,
    check_formats,
    format_of,
    save_animation,
)
from diffusiontalker.io.sound.reading import read_audio

__all__ = [
    "ANIMATION_SUFFIXES",
    "FORMATS",
    "STDOUT_FORMATS",
    "atomic_writer",
    "check_formats",
    "format_of",
    "read_audio",
    "save_animation",
]
