"""What a camera sees of the head's mouth: six lip measures that video trackers give too, and teeth, tongue and brows.

The six are taken from the front, as from the landmarks of a tracked face (MediaPipe's numbers in brackets), and are
given in outer-canthal distances (`Head.outer_canthal`), so that both sides are in one unit:

    opening     inner lips, signed                                  [13, 14]
    width       distance of the mouth corners                       [61, 291]
    upper       nose tip down to the upper edge of the upper lip    [1, 0]
    lower       nose tip down to the lower edge of the lower lip    [1, 17]
    chin        nose tip down to the front of the chin's lower edge [1, 152]
    protrusion  mean depth of the two lip edges before the nose tip [0, 17, 1]

Faces differ in proportion: compare ranges within speech, and shapes as differences from the clip's own rest.
What no tracker gives is in millimetres on the head. All functions are pure and may run in any thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from diffusiontalker.head.appearance import part_vertices
from diffusiontalker.head.model import Head, load_head
from diffusiontalker.head.opening import lip_opening

LIP_MEASURES = ("opening", "width", "upper", "lower", "chin", "protrusion")
_MM = 1000.0
_MIDLINE_M = 0.004  # vertices this near to x = 0 are on the midline
_CHIN_EDGE_M = 0.004  # how far the front of the chin's lower edge is above its lowest point, which is farther back
_FRONT_TONGUE_M = 0.012  # the tongue's front: so far back from its foremost vertex


@dataclass(frozen=True)
class _Points:
    """Vertices of the built-in mesh, which all head shapes share."""

    corners: np.ndarray  # int [2], left and right mouth corner
    nose: int
    upper_edge: int  # of the upper lip, midline
    lower_edge: int  # of the lower lip, midline
    chin: int  # front of its lower edge, midline
    incisors: np.ndarray  # int [3], midline of the upper ones: root before, edge, root behind
    lower_incisors: int  # edge, midline
    tongue: np.ndarray  # int [k], front of the tongue about the midline
    brows: np.ndarray  # int [2, 2, k], left and right; inner and outer third


def lip_measures(head: Head, weights: np.ndarray) -> np.ndarray:
    """LIP_MEASURES per frame, in outer-canthal distances.
    weights: float [n, 52] in the order of head.channels.   Returns float32 [n, 6].
    Raises InputError for another shape.
    """
    left, right, nose, upper, lower, chin = np.moveaxis(head.vertices_at(weights, lip_landmarks()), 1, 0)
    metres = np.stack([
        np.hypot(left[:, 0] - right[:, 0], left[:, 1] - right[:, 1]),
        nose[:, 1] - upper[:, 1],
        nose[:, 1] - lower[:, 1],
        nose[:, 1] - chin[:, 1],
        (upper[:, 2] + lower[:, 2]) / 2 - nose[:, 2],
    ], axis=1)  # fmt: skip
    opening = lip_opening(head, weights)
    return np.concatenate([opening[:, None], metres / head.outer_canthal], axis=1).astype(np.float32)


def lip_landmarks() -> np.ndarray:
    """Vertices that lip_measures takes besides the inner lips, int [6]: left and right mouth corner, nose tip, upper
    edge of the upper lip, lower edge of the lower lip, chin."""
    points = _points()
    return np.array([*points.corners, points.nose, points.upper_edge, points.lower_edge, points.chin])


def lip_on_incisors(head: Head, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the lower lip is against the edge of the upper incisors, on the midline, in millimetres.
    weights: float [n, 52].   Returns (height of the lip's highest inner point above the incisor edge, distance of the
    incisor edge from the inner surface of the lip), float32 [n] each. An f wants a distance near 0.
    """
    lip = head.vertices_at(weights, head.inner_lower_lip[_middle(head.inner_lower_lip)])
    edge = head.vertices_at(weights, np.array([_points().incisors[1]]))[:, 0]
    height = lip[..., 1].max(axis=1) - edge[:, 1]
    distance = _distance_to_line(edge[:, None, 1:], lip[..., 1:])[:, 0]
    return (_MM * height).astype(np.float32), (_MM * distance).astype(np.float32)


def incisors_seen(head: Head, weights: np.ndarray) -> np.ndarray:
    """Height in millimetres of the upper incisors that shows from the front, float32 [n], 0 or more: from the upper
    lip's lower edge (mean of the three middle columns) down to the incisor edge, or to the lower lip where that is
    higher. weights: float [n, 52]."""
    top, bottom = _lip_window(head, weights)
    edge = head.vertices_at(weights, np.array([_points().incisors[1]]))[:, 0, 1]
    return (_MM * np.clip(top - np.maximum(edge, bottom), 0, None)).astype(np.float32)


def tongue_tip(head: Head, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The front of the tongue about the midline, in millimetres.
    weights: float [n, 52].   Returns (distance to the upper incisors, from their roots before and behind to their
    edge; height of the tongue that shows between the lips from the front), float32 [n] each. Teeth hide the tongue that
    is behind them.
    """
    points = _points()
    tongue = head.vertices_at(weights, points.tongue)[..., 1:]
    upper = head.vertices_at(weights, points.incisors)[..., 1:]
    lower_edge = head.vertices_at(weights, np.array([points.lower_incisors]))[:, 0, 1:]
    distance = _distance_to_line(tongue, upper).min(axis=1)
    top, bottom = _lip_window(head, weights)
    low, high = np.full(len(tongue), np.inf), np.full(len(tongue), -np.inf)
    for before_upper in (True, False):
        for before_lower in (True, False):
            ceiling = top if before_upper else np.minimum(top, upper[:, 1, 0])
            floor = bottom if before_lower else np.maximum(bottom, lower_edge[:, 0])
            here = ((tongue[..., 1] > upper[:, 1:2, 1]) == before_upper) & (
                (tongue[..., 1] > lower_edge[:, 1:2]) == before_lower
            )
            highest = np.minimum(np.where(here, tongue[..., 0], -np.inf).max(axis=1), ceiling)
            lowest = np.maximum(np.where(here, tongue[..., 0], np.inf).min(axis=1), floor)
            shows = highest > lowest
            low, high = np.where(shows, np.minimum(low, lowest), low), np.where(shows, np.maximum(high, highest), high)
    seen = np.where(high > low, high - low, 0)
    return (_MM * distance).astype(np.float32), (_MM * seen).astype(np.float32)


def corner_heights(head: Head, weights: np.ndarray) -> np.ndarray:
    """Height of the mouth corners above those of the neutral face in millimetres, float32 [n, 2]: left, right.
    weights: float [n, 52]."""
    corners = _points().corners
    y = head.vertices_at(weights, corners)[..., 1] - head.positions[corners, 1]
    return (_MM * y).astype(np.float32)


def brow_heights(head: Head, weights: np.ndarray) -> np.ndarray:
    """Height of the brows above those of the neutral face in millimetres, float32 [n, 2, 2]: left and right brow; its
    inner and its outer third. weights: float [n, 52]."""
    brows = _points().brows
    y = head.vertices_at(weights, brows)[..., 1] - head.positions[brows, 1]
    return (_MM * y.mean(axis=-1)).astype(np.float32)


def _middle(columns: np.ndarray) -> int:
    return len(columns) // 2


def _lip_window(head: Head, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heights [n] in metres of the upper lip's lower and the lower lip's upper edge: means of the middle columns."""
    middle = slice(1, -1)
    top = head.vertices_at(weights, head.inner_upper_lip[middle])[..., 1].min(axis=2).mean(axis=1)
    bottom = head.vertices_at(weights, head.inner_lower_lip[middle])[..., 1].max(axis=2).mean(axis=1)
    return top, bottom


def _distance_to_line(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Least distances [n, k] of points [n, k, 2] from the polylines [n, m, 2]."""
    start, along = line[:, None, :-1], np.diff(line, axis=1)[:, None]
    offset = points[:, :, None] - start
    share = (offset * along).sum(-1) / np.maximum((along * along).sum(-1), 1e-12)
    return np.linalg.norm(offset - np.clip(share, 0, 1)[..., None] * along, axis=-1).min(axis=2)


@lru_cache(maxsize=1)
def _points() -> _Points:
    head = load_head()
    x, y, z = head.positions.T
    red = np.flatnonzero((head.lip_mask > 0.5) & (head.mouth_mask < 0.5))
    lips = red[np.abs(x[red]) < _MIDLINE_M]
    skin = np.flatnonzero((np.abs(x) < _MIDLINE_M) & (head.mouth_mask < 0.3) & (head.lip_mask < 0.1))
    nose = int(skin[np.argmax(z[skin])])
    upper_edge, lower_edge = int(lips[np.argmax(y[lips])]), int(lips[np.argmin(y[lips])])
    chin = skin[(y[skin] < y[lower_edge] - 0.012) & (z[skin] > z[lower_edge] - 0.03)]
    jaw = _moved(head, "jawOpen") > 1e-4
    teeth = np.flatnonzero(part_vertices(head, "teeth") & (np.abs(x) < 0.001))
    upper, lower = teeth[~jaw[teeth]], teeth[jaw[teeth]]
    edge = upper[np.argmin(y[upper])]
    incisors = np.array([upper[np.argmax(y[upper])], edge, upper[np.argmin(z[upper])]])
    tongue = np.flatnonzero(part_vertices(head, "tongue") & (np.abs(x) < 0.005))
    return _Points(
        corners=_mouth_corners(head, red),
        nose=nose,
        upper_edge=upper_edge,
        lower_edge=lower_edge,
        chin=int(chin[np.argmin(np.abs(y[chin] - y[chin].min() - _CHIN_EDGE_M))]),
        incisors=incisors,
        lower_incisors=int(lower[np.argmax(y[lower])]),
        tongue=tongue[z[tongue] > z[tongue].max() - _FRONT_TONGUE_M],
        brows=_brow_thirds(head),
    )


def _mouth_corners(head: Head, red: np.ndarray) -> np.ndarray:
    """int [2], left and right: the outermost vertex of the red of the lips and its mirror image."""
    outermost = red[np.argmax(np.abs(head.positions[red, 0]))]
    places = head.positions[outermost] * np.array([[1, 1, 1], [-1, 1, 1]])
    pair = [int(np.argmin(((head.positions - p) ** 2).sum(axis=1))) for p in places]
    return np.array(sorted(pair, key=lambda v: -head.positions[v, 0]))


def _brow_thirds(head: Head) -> np.ndarray:
    """int [2, 2, k]: left and right brow; its inner and its outer third."""
    brows = np.flatnonzero(part_vertices(head, "brows"))
    x = head.positions[:, 0]
    sides = [brows[x[brows] > 0], brows[x[brows] < 0]]
    third = min(map(len, sides)) // 3
    ordered = [side[np.argsort(np.abs(x[side]))] for side in sides]
    return np.array([[side[:third], side[-third:]] for side in ordered])


def _moved(head: Head, channel: str) -> np.ndarray:
    """How far a channel at weight 1 moves each vertex, metres [V]."""
    distance = np.zeros(len(head.positions))
    indices, deltas = head.target(head.channels.index(channel))
    distance[indices] = np.linalg.norm(deltas, axis=1)
    return distance
