"""Animation files by the ending of their name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from ..errors import InputError
from .atomic import atomic_writer
from .curves import write_json, write_npz
from .glb import write_glb
from .livelink_csv import write_csv

_WRITERS: dict[str, Callable] = {".glb": write_glb, ".csv": write_csv, ".json": write_json, ".npz": write_npz}
ANIMATION_SUFFIXES = tuple(_WRITERS)
ANY_SPACE_SUFFIXES = (".npz",)  # the others hold blendshapes only


def check_formats(space: str, suffixes: Iterable[str], vertices: bool = False) -> None:
    """Whether an animation of a motion space fits formats; endings that name no format are left to save_animation().
    vertices: whether the geometry is to be stored as well.   Raises InputError that names the formats that do.
    """
    wanted = [s.lower() for s in suffixes]
    fitting = " ".join(ANY_SPACE_SUFFIXES)
    for suffix in wanted:
        if space != "blendshapes" and suffix in _WRITERS and suffix not in ANY_SPACE_SUFFIXES:
            raise InputError(f"{suffix} holds ARKit blendshapes, and this motion is of {space}: save it as {fitting}")
    if vertices and not set(wanted) & set(ANY_SPACE_SUFFIXES):
        raise InputError(f"vertices are stored in {fitting} only: add such an output")


def save_animation(anim, path: str | os.PathLike[str], force: bool = False, vertices: bool = False) -> None:
    """Writes an animation in the format that the ending of `path` names.
    anim: has weights float32 [n, C], channels (names), fps_num, fps_den, and maybe space (api.animation.Animation).
    path: ends in .glb, .csv, .json or .npz.   force: overwrite.   vertices: .npz holds anim.vertices() too.
    Raises InputError: an ending without a format, channels that the format cannot hold. OutputError: cannot be written.
    """
    suffix = Path(path).suffix.lower()
    write = _WRITERS.get(suffix)
    if write is None:
        raise InputError(f"the ending of {path} names no format: use one of {' '.join(ANIMATION_SUFFIXES)}")
    check_formats(getattr(anim, "space", "blendshapes"), [suffix])
    options = {"vertices": True} if vertices and write is write_npz else {}
    with atomic_writer(path, force) as f:
        write(anim, f, **options)
