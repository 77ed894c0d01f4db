"""Animations from files of every format that is read."""

from __future__ import annotations

import os

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.dials import Dials
from diffusiontalker.api.rig import PointRig
from diffusiontalker.io import read_motion
from diffusiontalker.io.formats import Motion


def load_animation(path: str | os.PathLike[str]) -> Animation:
    """The animation that a file holds, of one of the formats that are read (docs/output-formats.md); the folder of a
    Live Link Face take stands for its recording.
    Raises InputError: missing, damaged, too large, of another shape, values that are not finite or beyond all measure.
    """
    return animation_of(read_motion(path)[0])


def animation_of(motion: Motion) -> Animation:
    """What a reader gives as an Animation, which has geometry and can be saved."""
    return Animation(
        motion.weights,
        motion.channels,
        motion.fps_num,
        motion.fps_den,
        space=motion.space,
        rig=None if motion.n_points is None else PointRig(motion.n_points),
        head_pose=motion.head_pose,
        cues=motion.cues,
        alphabet=motion.alphabet,
        dials=None if motion.dials is None else Dials.kept(motion.dials),
    )
