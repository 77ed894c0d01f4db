"""What we change in the mouth of the base mesh: its teeth, its tongue and the targets that move the lips.

The face units bend the lips as an artist drew them; some of it does not fit speech (README of the assets: "What we
changed"). Lengths are millimetres, in the head's coordinates: the origin midway between the eyeballs, y up, z forward.
All fields are functions of |x|, so that left and right stay mirror images."""

from __future__ import annotations

import numpy as np

from training.head.base_mesh import BaseMesh
from training.head.fields import bell, smooth_step
from training.head.teeth import lower_band, upper_band

MM_PER_UNIT = 100.0  # the base mesh counts in decimetres
# The mouth at rest: height of the line between the lips, and half the distance of its corners.
_LIP_LINE, _CORNER = -67.7, 25.0


def correct_mouth(base: BaseMesh, middle: np.ndarray, channels: tuple[str, ...]) -> None:
    """Changes base.positions and base.deltas in place. middle: midway between the eyeballs, [3], decimetres."""
    p = (base.positions - middle) * MM_PER_UNIT
    groups = {name: np.unique(base.quads[base.groups == name]) for name in set(base.groups)}
    skin = groups["body"]
    jaw = base.deltas[channels.index("jawOpen"), skin] * MM_PER_UNIT
    base.positions[skin] += meeting_lips(p[skin], jaw) / MM_PER_UNIT
    press = press_targets(p[skin])
    for name, moved in press.items():
        base.deltas[channels.index(name)] = 0
        base.deltas[channels.index(name), skin] = moved / MM_PER_UNIT
    for name, change in (("mouthRollLower", roll_lower), ("mouthRollUpper", roll_upper)):
        k = channels.index(name)
        base.deltas[k, skin] = change(p[skin], base.deltas[k, skin] * MM_PER_UNIT) / MM_PER_UNIT
    for name, sign in (("jawOpen", 1), ("mouthClose", -1)):
        base.deltas[channels.index(name), skin] += sign * round_lower_lip(p[skin], jaw) / MM_PER_UNIT
    pucker = channels.index("mouthPucker")
    base.deltas[pucker, skin] += rounding(p[skin], jaw) / MM_PER_UNIT
    upper, lower, tongue = (groups[g] for g in ("helper-upper-teeth", "helper-lower-teeth", "helper-tongue"))
    for rows, moved in ((upper, upper_band(p[upper])), (lower, lower_band(p[lower])), (tongue, tongue_rest(p[tongue]))):
        base.positions[rows] = moved / MM_PER_UNIT + middle
    out = channels.index("tongueOut")
    base.deltas[out, tongue] += tongue_out(p[tongue]) / MM_PER_UNIT
    base.deltas[channels.index("jawOpen"), tongue] += tongue_with_jaw(p[tongue]) / MM_PER_UNIT


def tongue_rest(p: np.ndarray) -> np.ndarray:
    """A narrower tongue with a thin, round tip: 4.5 mm thick instead of 9, and clear of the molars."""
    blade = smooth_step((p[:, 2] + 2) / 15)
    y = -0.5 * blade * (p[:, 1] + 68.3) - 2.0 * (1 - blade) * smooth_step((p[:, 1] + 75) / 12)
    tip = smooth_step((p[:, 2] - 2) / 12)
    x = -(0.14 * smooth_step((p[:, 2] + 40) / 25) + 0.16 * tip) * p[:, 0]
    z = -0.018 * tip * p[:, 0] ** 2
    return p + np.stack([x, y, z], axis=1)


def tongue_out(p: np.ndarray) -> np.ndarray:
    """What the way out rises over that of the source, so that the blade passes between the teeth."""
    blade = smooth_step((p[:, 2] + 10) / 24)
    return np.stack([0 * blade, 4.2 * blade, 0 * blade], axis=1)


def tongue_shapes(p: np.ndarray) -> dict[str, np.ndarray]:
    """Optional shapes of the tongue, movements [n, 3] at weight 1 of its vertices p.
    tongueTipUp: the tip goes to the back of the upper incisors while the jaw is a little open (l, n, t, d).
    tongueBodyUp: the back rises to the palate (k, g, ng, and less for "ee")."""
    tip = smooth_step((p[:, 2] + 4) / 17)
    along = smooth_step((p[:, 2] + 45) / 50)
    still = 0 * tip
    body = bell((p[:, 2] + 12) / 20) * smooth_step((p[:, 1] + 88) / 22)
    return {
        "tongueTipUp": np.stack([still, 4.6 * tip**1.5, 4.0 * along + 8.0 * tip], axis=1),
        "tongueBodyUp": np.stack([still, 13.0 * body, -2.0 * body], axis=1),
    }


def tongue_with_jaw(p: np.ndarray) -> np.ndarray:
    """What the back of the tongue sinks further than the jaw takes it, per weight of jawOpen: open vowels leave a dark
    space above it."""
    back = smooth_step((6 - p[:, 2]) / 16) * smooth_step((p[:, 1] + 80) / 16)
    return np.stack([0 * back, -6.0 * back, 0 * back], axis=1)


def meeting_lips(p: np.ndarray, jaw: np.ndarray) -> np.ndarray:
    """Movement [n, 3] of the skin at rest that closes the slit of 0.2 to 0.6 mm between the lips of the base mesh.
    jaw: movement of the same vertices by jawOpen, which tells the lower lip from the upper one."""
    side = np.abs(p[:, 0])
    slit = (0.25 + 0.4 * smooth_step(side / 6) + 0.3 * smooth_step((side - 9) / 6)) * smooth_step((_CORNER - side) / 3)
    at_line = bell((p[:, 1] - _LIP_LINE) / 2.2) * smooth_step((p[:, 2] - _lip_depth(side) + 9) / 4)
    lower = smooth_step(-jaw[:, 1] / 20)
    return np.stack([0 * side, slit * at_line * (lower - 0.4), 0 * side], axis=1)


def press_targets(p: np.ndarray) -> dict[str, np.ndarray]:
    """mouthPressLeft and Right on the skin. The source pulls the corners 6 mm out and 5 mm up, a smirk. Here the red of
    both lips thins and rolls in against the teeth, and the corners come in by 2 mm."""
    x, y, z = p.T
    side = np.abs(x)
    near = smooth_step((_CORNER + 12 - side) / 14) * smooth_step((z + 5) / 15)
    t = (y - _LIP_LINE) / 7.5
    reach = np.abs(t) * np.exp(1 - np.abs(t))  # 0 between the lips, 1 at the border of their red, then it fades
    dy = -np.sign(t) * (1.7 * reach + 0.35 * bell(t / 0.3)) * near
    outer = smooth_step((z - _lip_depth(side) + 6) / 6)
    dz = -1.3 * bell(t / 1.1) * near * outer
    width = np.where(side < _CORNER, side / _CORNER, bell((side - _CORNER) / 14))
    dx = -2.0 * np.sign(x) * width * bell(t / 1.8) * smooth_step((z + 5) / 15)
    both = np.stack([dx, dy, dz], axis=1)
    left = smooth_step((x + 10) / 20)[:, None]
    return {"mouthPressLeft": both * left, "mouthPressRight": both * (1 - left)}


def round_lower_lip(p: np.ndarray, jaw: np.ndarray) -> np.ndarray:
    """What jawOpen moves the lower lip beyond the source, and mouthClose back: the open lip hangs in a round curve, not
    in a V with its tip on the midline. jaw: as in meeting_lips."""
    side = np.abs(p[:, 0])
    sag = np.interp(side, [0, 5, 10, 15, 20, 25], [1.0, -0.3, -1.9, -2.3, -1.3, 0])
    lower = smooth_step(-jaw[:, 1] / 20) * smooth_step((p[:, 1] + 100) / 22) * smooth_step((p[:, 2] + 5) / 10)
    return np.stack([0 * side, sag * lower, 0 * side], axis=1)


def rounding(p: np.ndarray, jaw: np.ndarray) -> np.ndarray:
    """What mouthPucker moves the skin beyond the source: the lips come together beside the middle and the corners come
    in by 1.5 mm more, so that an open mouth gets round (w, "oo") instead of a narrow slit. jaw: as in meeting_lips."""
    side = np.abs(p[:, 0])
    lips = bell((p[:, 1] - _LIP_LINE) / 9) * smooth_step((p[:, 2] + 2) / 12)
    together = (0.5 + 1.1 * bell((side - 15) / 7)) * smooth_step((_CORNER + 2 - side) / 8)
    lower = smooth_step(-jaw[:, 1] / 20)
    width = np.where(side < _CORNER, side / _CORNER, bell((side - _CORNER) / 14))
    return np.stack([-1.5 * np.sign(p[:, 0]) * width * lips, together * lips * (2 * lower - 1), 0 * side], axis=1)


def roll_lower(p: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """mouthRollLower on the skin. The source lifts the whole lip by 4 mm. Here it turns about its own length: the front
    of its red rises and goes in, its upper edge goes in without rising, its inside goes down, so that the edge can come
    to the upper incisors (f and v)."""
    inside = smooth_step((_lip_depth(np.abs(p[:, 0])) - p[:, 2] - 2.5) / 3)
    edge = smooth_step((p[:, 1] + 72.5) / 4)
    turn = np.maximum(edge, inside * smooth_step((p[:, 1] + 80) / 5))
    return moved * np.stack([1 + 0 * turn, 1 - turn * (1.0 + 0.6 * inside), 1 + 0 * turn], axis=1)


def roll_upper(p: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """mouthRollUpper on the skin. The source pulls the lip 10 mm in, through the teeth; half of it lays it on them, and
    its inside hardly moves."""
    inside = smooth_step((_lip_depth(np.abs(p[:, 0])) - p[:, 2] - 2.5) / 3)
    return moved * np.stack([1 + 0 * inside, 0.8 + 0 * inside, 0.55 - 0.4 * inside], axis=1)


def _lip_depth(side: np.ndarray) -> np.ndarray:
    """z of the front of the lips at the distance `side` from the midline."""
    return np.interp(side, [0, 5, 10, 15, 20, 25, 40], [32.5, 31.5, 29.5, 27, 23, 17, 5])
