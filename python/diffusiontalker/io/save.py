"""Animation files by the ending of their name: FORMATS is the one list of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from diffusiontalker.errors import InputError
from diffusiontalker.io.atomic import atomic_writer
from diffusiontalker.io.curves import write_json, write_npz
from diffusiontalker.io.glb import write_glb
from diffusiontalker.io.livelink_csv import write_csv


@dataclass(frozen=True)
class Format:
    """A kind of animation file. To add one, write its writer and an entry of FORMATS.

    suffix: ending of the name, with its dot.   write: (animation, open binary file), and vertices=True where vertices
    are held.   spaces: the motion spaces that fit; None: all of them.   to_stdout: whether `-o -` may write it.
    is_text: whether a terminal may show it.   holds: for tables of formats."""

    suffix: str
    write: Callable[..., None]
    spaces: tuple[str, ...] | None
    to_stdout: bool
    is_text: bool
    holds_vertices: bool
    holds: str

    def fits(self, space: str) -> bool:
        return self.spaces is None or space in self.spaces


ARKIT = ("blendshapes",)
FORMATS: tuple[Format, ...] = (
    Format(".glb", write_glb, ARKIT, False, False, False, "the built-in head with the animation (glTF 2.0)"),
    Format(".csv", write_csv, ARKIT, True, True, False, "a recording of the Live Link Face app"),
    Format(".json", write_json, ARKIT, True, True, False, "weights as text"),
    Format(".npz", write_npz, None, True, False, True, "weights as NumPy arrays"),
)
ANIMATION_SUFFIXES = tuple(f.suffix for f in FORMATS)
STDOUT_FORMATS = tuple(f.suffix[1:] for f in FORMATS if f.to_stdout)


def format_of(suffix: str) -> Format | None:
    """The format of an ending such as ".npz", in any case."""
    return next((f for f in FORMATS if f.suffix == suffix.lower()), None)


def check_formats(space: str, suffixes: Iterable[str], vertices: bool = False) -> None:
    """Whether an animation of a motion space fits formats; endings that name no format are left to save_animation().
    vertices: whether the geometry is to be stored as well.   Raises InputError that names the formats that do.
    """
    wanted = [f for f in map(format_of, suffixes) if f is not None]
    for one in wanted:
        if not one.fits(space):
            fitting = " ".join(f.suffix for f in FORMATS if f.fits(space))
            raise InputError(
                f"{one.suffix} holds ARKit blendshapes, and this motion is of {space}: save it as {fitting}"
            )
    if vertices and not any(f.holds_vertices for f in wanted):
        fitting = " ".join(f.suffix for f in FORMATS if f.holds_vertices)
        raise InputError(f"vertices are stored in {fitting} only: add such an output")


def save_animation(anim, path: str | os.PathLike[str], force: bool = False, vertices: bool = False) -> None:
    """Writes an animation in the format that the ending of `path` names.
    anim: has weights float32 [n, C], channels (names), fps_num, fps_den, and maybe space (api.animation.Animation).
    path: ends like one of FORMATS.   force: overwrite.   vertices: formats that hold them get anim.vertices() too.
    Raises InputError: an ending without a format, channels that the format cannot hold. OutputError: cannot be written.
    """
    wanted = format_of(Path(path).suffix)
    if wanted is None:
        raise InputError(f"the ending of {path} names no format: use one of {' '.join(ANIMATION_SUFFIXES)}")
    check_formats(getattr(anim, "space", "blendshapes"), [wanted.suffix])
    options = {"vertices": True} if vertices and wanted.holds_vertices else {}
    with atomic_writer(path, force) as f:
        wanted.write(anim, f, **options)
