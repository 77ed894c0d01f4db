"""Who is drawn: the built-in head, or a character of the user's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np

from diffusiontalker.head import head_of, in_head_order
from diffusiontalker.ownhead.puppet import Puppet
from diffusiontalker.render.character import CharacterPictures
from diffusiontalker.render.scene import camera, pose_rows, render_frames


class Pictures(Protocol):
    """Frames of an animation as pictures."""

    def frames(self, numbers: Iterable[int], size: int) -> Iterator[np.ndarray]:
        """uint8 [size, size, 3] of each of the frames."""


def pictures_of(anim, view: str, puppet: Puppet | None = None) -> Pictures:
    """Of the built-in head, or of a character that moves. Raises InputError: an unknown view, channels that the head
    does not have."""
    return BuiltInPictures(anim, view) if puppet is None else CharacterPictures(puppet, view)


class BuiltInPictures:
    """Of the built-in head."""

    def __init__(self, anim, view: str):
        camera(view)
        self._anim, self._view, self._head = anim, view, head_of(anim)

    def frames(self, numbers: Iterable[int], size: int) -> Iterator[np.ndarray]:
        for k in numbers:
            row = in_head_order(self._head, self._anim.channels, np.asarray(self._anim.weights[k : k + 1]))
            yield from render_frames(self._head, row, size, self._view, head_pose=pose_rows(self._anim, k, 1))
