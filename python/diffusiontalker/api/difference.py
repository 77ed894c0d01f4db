"""How far two animations are apart, by regions of the face, and how much one lags behind the other."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from diffusiontalker.api.animation import Animation
from diffusiontalker.errors import InputError
from diffusiontalker.head import in_head_order, lip_opening, load_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX

# Region -> beginnings of its channels' names.
_REGIONS = {
    "lips": ("mouth",),
    "jaw": ("jaw",),
    "tongue": ("tongue",),
    "cheeks": ("cheek", "nose"),
    "brows": ("brow",),
    "eyes": ("eye",),
}
_OPENING, _HEAD = "lip opening", "head"
_POSE = ("yaw", "pitch", "roll")
_LONGEST_S = 2.0  # delay that is looked for
_STILL = 1e-3  # standard deviation below which a region does not move


@dataclass(frozen=True)
class Region:
    """How two animations differ in a region of the face.

    unit: of the differences: "weight" (0..1), "degrees", or "eye distance" for the lip opening (between the outer
    corners of the eyes).   channels: that were compared.   mean, largest: absolute difference over all frames and
    channels.   at_s: seconds of the largest.   where: its channel.   delay_s: seconds by which the second animation is
    late where both move alike best, negative when it is early; correlation: -1..1, there. Both are None where one of
    the two does not move."""

    name: str
    unit: str
    channels: tuple[str, ...]
    mean: float
    largest: float
    at_s: float
    where: str
    delay_s: float | None
    correlation: float | None


@dataclass(frozen=True)
class Difference:
    """regions: those that both animations have.   fps: frames a second at which they were compared.   n_frames: that
    were compared.   shift_s: seconds of the second animation's beginning that were left out, or of the first's where it
    is negative.   missing: sentences on what one of the two does not have."""

    regions: tuple[Region, ...]
    fps: Fraction
    n_frames: int
    shift_s: float
    missing: tuple[str, ...]

    def region(self, name: str) -> Region | None:
        return next((r for r in self.regions if r.name == name), None)


def difference(first: Animation, second: Animation, align: bool = False) -> Difference:
    """Compares two animations of blendshapes, frame by frame at the rate of the first.
    align: move the second by the delay of its lips first, to a whole frame.
    Raises InputError: another motion space, no channel or no frame in common, no frames."""
    for one in (first, second):
        if one.space != "blendshapes":
            raise InputError(f"takes of blendshapes are compared, and this motion is of {one.space}: save it as .pc2")
        if not one.n_frames:
            raise InputError("an animation has no frames: there is nothing to compare")
    rate = Fraction(first.fps_num, first.fps_den)
    if Fraction(second.fps_num, second.fps_den) != rate:
        second = second.resampled(first.fps_num, first.fps_den)
    a, b = _signals(first), _signals(second)
    n_shift = 0
    if align:
        delay = next(
            (d for d, _ in (_delay(a, b, name, rate) for name in (_OPENING, "lips", "jaw")) if d is not None), 0
        )
        n_shift = round(delay * rate)
    begin_a, begin_b = max(0, -n_shift), max(0, n_shift)
    n = min(first.n_frames - begin_a, second.n_frames - begin_b)
    if n < 1:
        raise InputError("the two animations have no moment in common: leave --align away")
    regions = [_region(name, _cut(a[name], begin_a, n), _cut(b[name], begin_b, n), rate) for name in a if name in b]
    found = tuple(r for r in regions if r is not None)
    if not found:
        raise InputError("the two animations have no channel in common: compare files with ARKit blendshapes")
    return Difference(found, rate, n, n_shift / float(rate), _missing(first, second))


_Signal = tuple[str, tuple[str, ...], np.ndarray]  # unit, names, values [n, C]


def _signals(anim: Animation) -> dict[str, _Signal]:
    weights = np.asarray(anim.weights, np.float64)
    found: dict[str, _Signal] = {}
    for name, beginnings in _REGIONS.items():
        columns = [i for i, c in enumerate(anim.channels) if c in CHANNEL_INDEX and c.startswith(beginnings)]
        if columns:
            found[name] = ("weight", tuple(anim.channels[i] for i in columns), weights[:, columns])
    known = [i for i, c in enumerate(anim.channels) if c in CHANNEL_INDEX]
    if "jaw" in found and "lips" in found:
        head = load_head()
        rows = in_head_order(head, [anim.channels[i] for i in known], np.float32(weights[:, known]))
        found[_OPENING] = ("eye distance", ("lip opening",), np.float64(lip_opening(head, rows))[:, None])
    if anim.head_pose is not None:
        found[_HEAD] = ("degrees", _POSE, np.degrees(np.asarray(anim.head_pose, np.float64)))
    return found


def _cut(signal: _Signal, begin: int, n: int) -> _Signal:
    return signal[0], signal[1], signal[2][begin : begin + n]


def _region(name: str, a: _Signal, b: _Signal, rate: Fraction) -> Region | None:
    shared = [c for c in a[1] if c in b[1]]
    if not shared:
        return None
    x, y = (s[2][:, [s[1].index(c) for c in shared]] for s in (a, b))
    apart = np.abs(x - y)
    frame, column = np.unravel_index(int(apart.argmax()), apart.shape)
    delay, correlation = _best_delay(x, y, rate)
    return Region(
        name, a[0], tuple(shared), float(apart.mean()), float(apart.max()), float(int(frame) / rate),
        shared[int(column)], delay, correlation,
    )  # fmt: skip


def _delay(
    a: dict[str, _Signal], b: dict[str, _Signal], name: str, rate: Fraction
) -> tuple[float | None, float | None]:
    if name not in a or name not in b:
        return None, None
    shared = [c for c in a[name][1] if c in b[name][1]]
    if not shared:
        return None, None
    x, y = (s[name][2][:, [s[name][1].index(c) for c in shared]] for s in (a, b))
    return _best_delay(x, y, rate)


def _best_delay(x: np.ndarray, y: np.ndarray, rate: Fraction) -> tuple[float | None, float | None]:
    """(seconds by which y is late, correlation there): where the correlation of all channels together, over the frames
    that both have, is largest; between frames by a parabola through its neighbours.   x, y: [n, C] and [m, C]."""
    if min((x - x.mean(axis=0)).std(), (y - y.mean(axis=0)).std()) < _STILL:
        return None, None
    reach = min(int(_LONGEST_S * rate), len(x) // 2, len(y) // 2)
    values = np.array([_correlation(x, y, lag) for lag in range(-reach, reach + 1)])
    best = int(values.argmax())
    place, peak = float(best - reach), float(values[best])
    if 0 < best < len(values) - 1:
        low, high = float(values[best - 1]), float(values[best + 1])
        bend = low - 2 * peak + high
        if bend < 0:
            place += 0.5 * (low - high) / bend
    return place / float(rate), peak


def _correlation(x: np.ndarray, y: np.ndarray, lag: int) -> float:
    """Of x with y moved back by `lag` frames; 0 where one of them does not move."""
    n = min(len(x) - max(0, -lag), len(y) - max(0, lag))
    a, b = x[max(0, -lag) :][:n], y[max(0, lag) :][:n]
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    scale = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / scale) if scale else 0.0


def _missing(first: Animation, second: Animation) -> tuple[str, ...]:
    """What is not compared, because one of the two has it only."""
    notes = []
    for which, one, other in (("first", first, second), ("second", second, first)):
        gone = [c for c in ARKIT_CHANNELS if c in other.channels and c not in one.channels]
        if gone:
            notes.append(
                f"the {which} has no {', '.join(gone[:4])}{f' and {len(gone) - 4} more' if len(gone) > 4 else ''}"
            )
        if one.head_pose is None and other.head_pose is not None:
            notes.append(f"the {which} has no head pose")
    return tuple(notes)
