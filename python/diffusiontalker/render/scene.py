"""Camera of the previews, and pictures of the built-in head."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.head.appearance import lit_colors, smooth_groups, surface_colors
from diffusiontalker.head.model import Head, check_weights
from diffusiontalker.head.opening import lip_opening
from diffusiontalker.head.pose import check_pose, turned
from diffusiontalker.native import native

MAX_WEIGHT = 100.0  # far beyond any face, and far from what overflows when it is drawn
FOV_Y_DEG = 18.0  # that of a portrait lens


@dataclass(frozen=True)
class View:
    """A camera position."""

    turn_deg: float  # to the subject's left
    lift_deg: float
    height: float  # of the picture at the target, metres
    target: tuple[float, float, float]


VIEWS = {
    "front": View(0.0, 2.0, 0.345, (0.0, -0.045, -0.04)),
    "three-quarter": View(32.0, 4.0, 0.345, (0.0, -0.045, -0.04)),
    "face": View(0.0, 1.0, 0.205, (0.0, -0.032, 0.0)),
}


@dataclass(frozen=True, eq=False)
class Scene:
    """What stays the same from frame to frame."""

    triangles: np.ndarray  # int32 [n, 3]
    colors: np.ndarray  # float32 [V, 4]
    inside: np.ndarray  # float32 [V], 1 inside the mouth
    smooth_group: np.ndarray  # int32 [V]


@lru_cache(maxsize=2)
def make_scene(head: Head) -> Scene:
    return Scene(head.triangles, *surface_colors(head), smooth_groups(head))


def camera(view: str) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """(eye, target) of a named view, in metres. Raises InputError that lists the views there are."""
    if view not in VIEWS:
        raise InputError(f"there is no view {view!r}: use one of {', '.join(VIEWS)}")
    v = VIEWS[view]
    turn, lift = math.radians(v.turn_deg), math.radians(v.lift_deg)
    distance = v.height / 2 / math.tan(math.radians(FOV_Y_DEG / 2))
    x, y, z = v.target
    eye = (
        x + distance * math.sin(turn) * math.cos(lift),
        y + distance * math.sin(lift),
        z + distance * math.cos(turn) * math.cos(lift),
    )
    return eye, v.target


def pose_rows(anim, start: int, n: int) -> np.ndarray | None:
    """The head pose of n frames of an animation, [n, 3]; None where it has none."""
    pose = getattr(anim, "head_pose", None)
    return None if pose is None else np.asarray(pose[start : start + n], np.float32)


def drawable_weights(head: Head, weights: np.ndarray) -> np.ndarray:
    """As check_weights(). Raises InputError also for a weight that is not a number inside -MAX_WEIGHT .. MAX_WEIGHT."""
    weights = check_weights(head, weights)
    outside = ~(np.abs(weights) <= MAX_WEIGHT)  # NaN too
    if outside.any():
        frame, channel = np.argwhere(outside)[0]
        raise InputError(
            f"the weight of {head.all_channels[channel]} in frame {frame} is {weights[frame, channel]:g}, expected "
            f"-{MAX_WEIGHT:g} to {MAX_WEIGHT:g}: a face at rest has 0, a full movement 1"
        )
    return weights


def render_frames(
    head: Head,
    weights: np.ndarray,
    size: int = 640,
    view: str = "front",
    samples: int = 2,
    head_pose: np.ndarray | None = None,
) -> Iterator[np.ndarray]:
    """Pictures of a sequence of faces, one at a time.
    weights: float [n, 52] in the order of head.channels.   size: pixels on each side, 1..8192.
    view: "front", "three-quarter" or "face".   samples: per pixel and axis, 1..4.
    head_pose: float [n, 3] in radians (Animation.head_pose); None: the head looks straight on.
    Yields uint8 [size, size, 3].   Raises InputError: a shape, size or view that cannot be used, a
    weight beyond MAX_WEIGHT.
    """
    eye, target = camera(view)
    weights = drawable_weights(head, weights)
    pose = np.zeros((len(weights), 3), np.float32) if head_pose is None else check_pose(head_pose, len(weights))
    return _draw_all(head, weights, pose, size, eye, target, samples)


def _draw_all(
    head: Head, weights: np.ndarray, pose: np.ndarray, size: int, eye, target, samples: int
) -> Iterator[np.ndarray]:
    scene = make_scene(head)
    for i in range(len(weights)):
        one = weights[i : i + 1]
        vertices = head.vertices(one)[0]
        yield native().raster_draw(
            turned(head, vertices[None], pose[i : i + 1])[0],
            scene.triangles,
            lit_colors(scene.colors, scene.inside, vertices, float(lip_opening(head, one)[0])),
            eye,
            target,
            size,
            size,
            smooth_group=scene.smooth_group,
            fov_y_deg=FOV_Y_DEG,
            samples_per_axis=samples,
        )
