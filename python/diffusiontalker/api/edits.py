"""An artist's corrections: keys that pin channels at moments of a finished animation."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diffusiontalker.api.key_files import each_key, keys_of_file, seconds
from diffusiontalker.api.numbers import float_or_nan
from diffusiontalker.errors import InputError
from diffusiontalker.names import chosen, suggestion
from diffusiontalker.spec.channels import HEAD_POSE_CHANNELS

if TYPE_CHECKING:
    from diffusiontalker.api.animation import Animation

DEFAULT_EASE_S = 0.1
LONGEST_EASE_S = 60.0
LARGEST = 10.0  # of a value
_NAMES = ("channel", "time_s", "until_s", "value", "add", "ease_s", "ease_in_s", "ease_out_s")
_MOST = 100_000  # keys of a file


@dataclass(frozen=True)
class Edit:
    """One key. channel: a channel of the animation, or headYaw, headPitch, headRoll (radians).   time_s .. until_s:
    when it holds wholly; None: at that moment only.   value: what the channel is then; or add: what is added to it.
    ease_in_s, ease_out_s: how long before and after it comes and goes."""

    channel: str
    time_s: float
    value: float | None = None
    add: float | None = None
    until_s: float | None = None
    ease_in_s: float = DEFAULT_EASE_S
    ease_out_s: float = DEFAULT_EASE_S


@dataclass(frozen=True)
class Edits:
    """Keys in any order.   name: of the file, for messages."""

    keys: tuple[Edit, ...]
    name: str = "the edits"

    @staticmethod
    def of(keys: Iterable[Mapping[str, Any]], name: str = "the edits") -> Edits:
        """From objects with channel, time_s and either value or add; until_s, ease_s (or ease_in_s, ease_out_s) as
        needed. Raises InputError that names the key."""
        return Edits(tuple(each_key(keys, _edit, name, _MOST)), name)

    @staticmethod
    def given(edits: Edits | str | os.PathLike[str] | Iterable[Mapping[str, Any]]) -> Edits:
        """Edits as arguments have them: themselves, the path of a file, or the objects of of()."""
        if isinstance(edits, Edits):
            return edits
        return Edits.read(edits) if isinstance(edits, (str, os.PathLike)) else Edits.of(edits)

    @staticmethod
    def read(path: str | os.PathLike[str]) -> Edits:
        """From a file: JSON (.json), a list of the objects of of(), or text with a line for each key:

            # seconds   channel     value   how long it comes and goes
            1.20        mouthClose  0.9     ease 0.08
            2.5..3.1    browInnerUp +0.3    ease 0.2,0.5

        A value with a sign is added; =-0.1 pins a head angle below 0. Raises InputError with the number of the line."""
        path = Path(path)
        example = '{"channel": "jawOpen", "time_s": 1.2, "value": 0}'
        return Edits.of(keys_of_file(path, "edits", example, _line), str(path))


def edited(animation: Animation, edits: Edits) -> Animation:
    """See Animation.edited()."""
    if animation.space != "blendshapes":
        raise InputError(f"{edits.name}: edits name blendshapes, and this motion is of {animation.space}")
    weights = np.array(animation.weights, np.float32)
    pose = None if animation.head_pose is None else np.array(animation.head_pose, np.float32)
    names = [*animation.channels, *(HEAD_POSE_CHANNELS if pose is not None else ())]
    by_channel: dict[str, list[Edit]] = {}
    for key in edits.keys:
        try:
            name = chosen("channel", key.channel, names, "the animation")
        except InputError as e:
            raise InputError(f"{edits.name}, at {key.time_s:g} s: {e}") from e
        if key.time_s > animation.duration_s:
            raise InputError(
                f"{edits.name}: a key of {name} is at {key.time_s:g} s, and the animation ends at "
                f"{animation.duration_s:.2f} s"
            )
        by_channel.setdefault(name, []).append(key)
    times = animation.times
    for name, keys in by_channel.items():
        is_pose = name in HEAD_POSE_CHANNELS and name not in animation.channels
        table, column = (pose, HEAD_POSE_CHANNELS.index(name)) if is_pose else (weights, names.index(name))
        assert table is not None
        curve = _corrected(table[:, column].astype(np.float64), times, keys, 1 / animation.fps)
        low, high = (-math.pi, math.pi) if is_pose else (0.0, 1.0)
        moved = curve != table[:, column]
        table[moved, column] = np.clip(curve[moved], low, high).astype(np.float32)
    # A track of cues that was read would be written as it was, without the corrections.
    return replace(animation, weights=weights, head_pose=pose, cues=None, alphabet="")


def _corrected(curve: np.ndarray, times: np.ndarray, keys: list[Edit], period_s: float) -> np.ndarray:
    """A channel with its keys: what is added first, then what is pinned. Pins that overlap share a frame so that each
    is exact where it holds wholly."""
    out = curve.copy()
    for key in keys:
        if key.add is not None:
            out += key.add * _hold(times, key, period_s)
    pins = [key for key in keys if key.value is not None]
    holds = np.array([_hold(times, key, period_s) for key in pins]).reshape(len(pins), len(times))
    held = holds.max(axis=0, initial=0.0)
    # A key that holds wholly counts alone; others by how near they are to that.
    shares = np.where(held == 1, holds == 1, holds / np.maximum(1 - holds, 1e-9))
    pinned = held > 0
    values = np.array([key.value for key in pins]) @ shares[:, pinned] / shares[:, pinned].sum(axis=0)
    out[pinned] += held[pinned] * (values - out[pinned])
    return out


def _hold(times: np.ndarray, key: Edit, period_s: float) -> np.ndarray:
    """How much a key holds at each frame, 0..1: s(u) = u^2 (3 - 2u) on its way in and out. The frame that is nearest to
    its moment has it wholly, also where no frame lies on it."""
    until_s = key.time_s if key.until_s is None else key.until_s
    begin, end = (min(round(t / period_s), len(times) - 1) * period_s for t in (key.time_s, until_s))
    before = (times - begin) / key.ease_in_s + 1 if key.ease_in_s > 0 else (times > begin - period_s / 2) * 1.0
    after = (end - times) / key.ease_out_s + 1 if key.ease_out_s > 0 else (times < end + period_s / 2) * 1.0
    u = np.clip(np.minimum(before, after), 0, 1)
    u[np.abs(u - 1) < 1e-6] = 1
    return u * u * (3 - 2 * u)


def _edit(values: Mapping[str, Any]) -> Edit:
    """Raises InputError."""
    for name in values:
        if name not in _NAMES:
            near = suggestion(str(name), _NAMES)
            raise InputError(f'there is no "{name}" in a key{near or ":"} it has {", ".join(_NAMES)}')
    for name in ("channel", "time_s"):
        if name not in values:
            raise InputError(f"it has no {name}")
    if not isinstance(values["channel"], str):
        raise InputError(f"channel is {values['channel']!r}, expected a name")
    if ("value" in values) == ("add" in values):
        raise InputError("it needs either value, which pins the channel, or add")
    time_s = seconds("time_s", values["time_s"])
    until_s = None if values.get("until_s") is None else seconds("until_s", values["until_s"])
    if until_s is not None and until_s < time_s:
        raise InputError(f"until_s is {until_s:g}, before its time_s {time_s:g}")
    ease_s = values.get("ease_s", DEFAULT_EASE_S)
    eases = [seconds(n, values.get(n, ease_s), LONGEST_EASE_S) for n in ("ease_in_s", "ease_out_s")]
    numbers = {name: _value(name, values[name]) for name in ("value", "add") if name in values}
    return Edit(values["channel"], time_s, until_s=until_s, ease_in_s=eases[0], ease_out_s=eases[1], **numbers)


def _value(name: str, value: Any) -> float:
    number = float_or_nan(value, (bool, bytes))
    if not -LARGEST <= number <= LARGEST:
        raise InputError(f"{name} is {value!r}, expected a number from {-LARGEST:g} to {LARGEST:g}")
    return number


def _line(words: list[str]) -> dict[str, Any]:
    """A line as an object that _edit() takes. Raises InputError."""
    values = _words(words)
    _edit(values)
    return values


def _words(words: list[str]) -> dict[str, Any]:
    """A line as an object: TIME[..UNTIL] CHANNEL VALUE [ease SECONDS[,SECONDS]]."""
    if len(words) not in (3, 5) or (len(words) == 5 and words[3] != "ease"):
        raise InputError("a line is TIME[..UNTIL] CHANNEL VALUE [ease SECONDS[,SECONDS]]")
    begin, dots, until = words[0].partition("..")
    kind = "add" if words[2][0] in "+-" else "value"
    out: dict[str, Any] = {"time_s": begin, "channel": words[1], kind: words[2].removeprefix("=")}
    if dots:
        out["until_s"] = until
    if len(words) == 5:
        into, comma, out_of = words[4].partition(",")
        out |= {"ease_in_s": into, "ease_out_s": out_of if comma else into}
    return out
