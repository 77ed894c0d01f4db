"""Animation files by the ending of their name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ..errors import InputError
from .atomic import atomic_writer
from .curves import write_json, write_npz
from .glb import write_glb
from .livelink_csv import write_csv

_WRITERS: dict[str, Callable] = {".glb": write_glb, ".csv": write_csv, ".json": write_json, ".npz": write_npz}
ANIMATION_SUFFIXES = tuple(_WRITERS)


def save_animation(anim, path: str | os.PathLike[str], force: bool = False) -> None:
    """Writes an animation in the format that the ending of `path` names.
    anim: has weights float32 [n, C], channels (names), fps_num, fps_den (api.animation.Animation).
    path: ends in .glb, .csv, .json or .npz.   force: overwrite.
    Raises InputError: an ending without a format, channels that the format cannot hold. OutputError: cannot be written.
    """
    write = _WRITERS.get(Path(path).suffix.lower())
    if write is None:
        raise InputError(f"the ending of {path} names no format: use one of {' '.join(ANIMATION_SUFFIXES)}")
    with atomic_writer(path, force) as f:
        write(anim, f)
