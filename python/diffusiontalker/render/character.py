"""Pictures of the user's own character."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.head import load_head
from diffusiontalker.native import native
from diffusiontalker.ownhead.figure import Part
from diffusiontalker.ownhead.puppet import Puppet
from diffusiontalker.render.paint import Painted, paint
from diffusiontalker.render.scene import FOV_Y_DEG, VIEWS, camera

_MOVING = 0.15  # as in ownhead.puppet: which vertices are the face
_SEEN = 1.6  # heights of the picture around its middle within which anything is drawn


class CharacterPictures:
    """Draws frames of a puppet. The camera looks at the face as it does at the built-in head."""

    def __init__(self, puppet: Puppet, view: str):
        """view: "front", "three-quarter" or "face". Raises InputError for another one, and for a puppet
        of which nothing is to be seen."""
        self._puppet = puppet
        self._eye, self._target, height = character_camera(puppet, view)
        self._parts: list[tuple[Part, Painted]] = []
        for part in puppet.figure.parts:
            near = np.linalg.norm(part.positions - np.float32(self._target), axis=1) < _SEEN * height
            painted = paint(part, near[part.triangles].any(axis=1))
            if len(painted.triangles):
                self._parts.append((part, painted))
        if not self._parts:
            raise InputError("the head has nothing to draw where its face moves: its materials are see-through there")
        starts = np.cumsum([0, *(len(p.mix) for _, p in self._parts)])
        groups = np.cumsum([0, *(len(part.positions) for part, _ in self._parts)])
        self._triangles = np.concatenate([p.triangles + s for (_, p), s in zip(self._parts, starts[:-1], strict=True)])
        self._colors = np.concatenate([p.colors for _, p in self._parts])
        self._groups = _first_of_each(
            np.concatenate(
                [same_places(part)[p.group] + g for (part, p), g in zip(self._parts, groups[:-1], strict=True)]
            )
        )

    def frames(self, numbers: Iterable[int], size: int, samples: int = 2) -> Iterator[np.ndarray]:
        """uint8 [size, size, 3] of each of the frames. samples: per pixel and axis, 1..4."""
        for k in numbers:
            places = [painted.places(self._puppet.vertices(part, k)) for part, painted in self._parts]
            yield native().raster_draw(
                np.concatenate(places), self._triangles, self._colors, self._eye, self._target, size, size,
                smooth_group=self._groups, up=tuple(self._puppet.figure.axes[:, 1].tolist()), fov_y_deg=FOV_Y_DEG,
                samples_per_axis=samples,
            )  # fmt: skip


def character_camera(puppet: Puppet, view: str):
    """(eye, target, height of the picture at the target) in the scene: where they are for the built-in head, whose
    moving face is laid over the character's."""
    eye, target = camera(view)
    head = load_head()
    reach = np.zeros(len(head.positions))
    for k in range(len(head.channels)):
        moving, movement = head.target(k)
        reach[moving] = np.maximum(reach[moving], np.linalg.norm(movement, axis=1))
    face = head.positions[reach >= _MOVING * reach.max()].astype(np.float64)
    ours, theirs = np.stack([face.min(axis=0), face.max(axis=0)]), puppet.box
    # Brows may stay still, so the width of the face counts too. Chin and front are there in any case.
    scale = float(((theirs[1] - theirs[0]) / (ours[1] - ours[0]))[:2].max())
    anchor, place = (np.array([box.mean(axis=0)[0], box[0, 1], box[1, 2]]) for box in (ours, theirs))
    axes = puppet.figure.axes
    there = [axes @ (place + scale * (np.array(point) - anchor)) for point in (eye, target)]
    return tuple(there[0].tolist()), tuple(there[1].tolist()), scale * VIEWS[view].height


def same_places(part: Part) -> np.ndarray:
    """Vertices at one place and with the same movements share a normal, so that seams of pictures do not show; int32
    [V], the first vertex of each place."""
    # Movement tells lips apart that touch at rest.
    moved = part.deltas.sum(axis=0) if len(part.deltas) else np.zeros_like(part.positions)
    size = max(float(np.ptp(part.positions, axis=0).max()), 1e-9)
    rows = np.round(np.hstack([part.positions, moved]) / size * 1e5).astype(np.int64)
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return np.int32(first[inverse.ravel()])


def _first_of_each(labels: np.ndarray) -> np.ndarray:
    """The first vertex of each label, int32 [W]: group numbers as the rasteriser takes them."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.int32(first[inverse.ravel()])
