"""What a format of animation files is, and what a reader gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS

ARKIT = ("blendshapes",)  # motion spaces of a format that holds blendshape weights only


@dataclass(frozen=True)
class Cue:
    """One mouth shape of a cue track. start, end: seconds.   shape: a name of `alphabet`."""

    start: Fraction
    end: Fraction
    shape: str


@dataclass(frozen=True, eq=False)
class Motion:
    """What a file holds. Frame k belongs to k * fps_den / fps_num seconds.

    weights: float32 [n, C], by `space` (api.animation.Animation).   channels: C names, none for vertices.
    head_pose: float32 [n, 3], yaw, pitch, roll in radians, or None.   cues: the cue track that the weights were posed
    from, with the alphabet of its shapes, "rhubarb" or "oculus".   n_points: V where the weights are positions
    [n, 3 V].   notes: sentences on what the file had and the motion has not.   dials: that it was made with, by their
    names, where the file keeps them."""

    weights: np.ndarray
    channels: tuple[str, ...]
    fps_num: int
    fps_den: int = 1
    space: str = "blendshapes"
    head_pose: np.ndarray | None = None
    cues: tuple[Cue, ...] | None = None
    alphabet: str = ""
    n_points: int | None = None
    notes: tuple[str, ...] = ()
    dials: dict | None = None


class Unusable(Exception):
    """What is wrong with a file that is read, as a clause behind its name."""


@dataclass(frozen=True)
class Format:
    """A kind of animation file. To add one, write a module of this folder and name it in io.formats.FORMATS.

    suffixes: endings of the name, each with its dot; the first is the usual one, and its letters name the format.
    write: (animation, open binary file), and vertices=True where vertices are held, timecode="HH:MM:SS:FF" where the
    first frame has one.
    read: path -> Motion, raises Unusable and whatever parsers raise; None: written only.
    recognises: whether a file of the same last ending, of which it gets the beginning, is of this format; None: it is
    when no other format recognises it.
    spaces: the motion spaces that fit; None: all of them.   to_stdout: whether `-o -` may write it.
    is_text: whether a terminal may show it.   rates: the frame rates that keep their speed elsewhere; None: any.
    channels: names that it holds; None: any.   holds_pose, holds_vertices, holds_timecode: whether it has
    the head pose, the vertices, the time of day of the first frame.
    holds: for tables of formats.   remedy: what to do about a file that cannot be read."""

    suffixes: tuple[str, ...]
    write: Callable[..., None]
    read: Callable[[Path], Motion] | None
    holds: str
    spaces: tuple[str, ...] | None = ARKIT
    to_stdout: bool = False
    is_text: bool = False
    rates: tuple[Fraction, ...] | None = None
    channels: tuple[str, ...] | None = ARKIT_CHANNELS
    holds_pose: bool = True
    holds_vertices: bool = False
    holds_timecode: bool = False
    remedy: str = "export it again"
    recognises: Callable[[bytes], bool] | None = None

    @property
    def suffix(self) -> str:
        """The usual ending, with its dot."""
        return self.suffixes[0]

    @property
    def name(self) -> str:
        """The usual ending without its dot; what --format takes."""
        return self.suffix[1:]

    def fits(self, space: str) -> bool:
        return self.spaces is None or space in self.spaces
