"""Saved animations that are drawn, each with the character that shows it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.saved import load_animation
from diffusiontalker.cli import own_head
from diffusiontalker.errors import InputError
from diffusiontalker.head import HEAD_SHAPES
from diffusiontalker.ownhead.puppet import Puppet, has_own_head, puppet_of_file


class Shown:
    """What shows the animations of a command: a face of the built-in head, the user's own character, or where neither
    was chosen, the head that a .glb has itself."""

    def __init__(self, args):
        """args.head is a face afterwards. Raises as own_head.take()."""
        self._as_in_file = args.head is None
        self._own = own_head.take(args, into_glb=False)
        self._face = args.head = args.head or HEAD_SHAPES[0]

    def load(self, path: Path) -> tuple[Animation, Puppet | None]:
        """The animation of a file, and the character that shows it; None: the built-in head.
        Raises InputError: no animation that can be drawn."""
        if self._as_in_file and path.suffix.lower() == ".glb" and has_own_head(path):
            return _of_file(path)
        animation = replace(load_animation(path), head=self._face)
        check_space(animation.space)
        return animation, self.puppet(animation)

    def puppet(self, animation: Animation) -> Puppet | None:
        """The character of --head with an animation."""
        return None if self._own is None else own_head.puppet(self._own, animation)


def check_space(space: str) -> None:
    """Raises InputError for a motion that does not move the built-in head."""
    if space != "blendshapes":
        raise InputError(
            f"the built-in head takes ARKit blendshapes, and this motion is of {space}: save it with "
            "`animate -o FILE.npz --vertices` and draw those"
        )


def _of_file(path: Path) -> tuple[Animation, Puppet]:
    """The character of a .glb, and for its curves the blendshapes that the file holds: no channels where it has other
    targets."""
    puppet = puppet_of_file(path)
    rate = puppet.rate
    with contextlib.suppress(InputError):
        animation = load_animation(path)
        if animation.n_frames == puppet.n_frames and (animation.fps_num, animation.fps_den) == rate.as_integer_ratio():
            return animation, puppet
    return Animation(np.zeros((puppet.n_frames, 0), np.float32), (), rate.numerator, rate.denominator), puppet
