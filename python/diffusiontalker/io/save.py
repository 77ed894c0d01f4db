"""Animation files by the ending of their name; io.formats has the list of formats."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from diffusiontalker.errors import InputError
from diffusiontalker.io.atomic import atomic_writer
from diffusiontalker.io.formats import FORMATS, Format

ANIMATION_SUFFIXES = tuple(suffix for f in FORMATS for suffix in f.suffixes)
STDOUT_FORMATS = tuple(f.name for f in FORMATS if f.to_stdout)


def format_of(name: str) -> Format | None:
    """The format of a file name, or of an ending such as ".npz", in any case: the one with the longest ending that
    fits, so that take.a2f.json is not take.json."""
    fitting = [(len(s), f) for f in FORMATS for s in f.suffixes if name.lower().endswith(s)]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def check_formats(space: str, names: Iterable[str], vertices: bool = False) -> None:
    """Whether an animation of a motion space fits formats; endings that name no format are left to save_animation().
    names: of files, or endings.   vertices: whether the geometry is to be stored as well.
    Raises InputError that names the formats that do.
    """
    wanted = [f for f in map(format_of, names) if f is not None]
    for one in wanted:
        if not one.fits(space):
            fitting = " ".join(f.suffix for f in FORMATS if f.fits(space))
            raise InputError(
                f"{one.suffix} holds ARKit blendshapes, and this motion is of {space}: save it as {fitting}"
            )
    if vertices and not any(f.holds_vertices for f in wanted):
        fitting = " ".join(f.suffix for f in FORMATS if f.holds_vertices)
        raise InputError(f"vertices are stored in {fitting} only: add such an output")


def save_animation(
    anim,
    path: str | os.PathLike[str],
    force: bool = False,
    vertices: bool = False,
    name: str | None = None,
    timecode: str | None = None,
) -> None:
    """Writes an animation in the format that the ending of `path` names.
    anim: has weights float32 [n, C], channels (names), fps_num, fps_den, and maybe space (api.animation.Animation).
    path: ends like one of FORMATS.   force: overwrite.   vertices: formats that hold them get anim.vertices() too.
    name: decides the format in place of `path`, for a file that gets its name afterwards.
    timecode: HH:MM:SS:FF of the first frame, for formats that have one.
    Raises InputError: an ending without a format, channels that the format cannot hold. OutputError: cannot be written.
    """
    wanted = format_of(name or Path(path).name)
    if wanted is None:
        raise InputError(f"the ending of {path} names no format: use one of {' '.join(ANIMATION_SUFFIXES)}")
    check_formats(getattr(anim, "space", "blendshapes"), [wanted.suffix])
    options: dict[str, object] = {"vertices": True} if vertices and wanted.holds_vertices else {}
    if timecode is not None and wanted.holds_timecode:
        options["timecode"] = timecode
    with atomic_writer(path, force) as f:
        wanted.write(anim, f, **options)
