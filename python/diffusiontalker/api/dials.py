"""What an artist turns: strength, sharpness, smoothing, blinks, gaze, head and emotion of a face."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from diffusiontalker.api.moods import Emotion, mood_pairs
from diffusiontalker.api.numbers import float_or_nan
from diffusiontalker.errors import InputError
from diffusiontalker.names import chosen, suggestion
from diffusiontalker.paths import not_there

# Of each dial that is a number: lowest, highest. dt/dials.h has the same.
RANGES: dict[str, tuple[float, float]] = {
    "strength": (0, 2),
    "upper_strength": (0, 2),
    "lower_strength": (0, 2),
    "jaw_sharpness": (0, 1),
    "lip_sharpness": (0, 1),
    "smoothing_ms": (0, 1000),
    "blink_rate": (0, 4),
    "gaze_side_deg": (-35, 35),
    "gaze_up_deg": (-25, 25),
    "gaze_hold": (0, 1),
    "head_amount": (0, 2),
    "emotion_strength": (0, 2),
    "offset_ms": (-500, 500),
}
WHOLE = ("smoothing_ms", "offset_ms")  # numbers that have no decimals
CHANNEL_RANGES: dict[str, tuple[float, float]] = {
    "channel_gain": (0, 4),
    "channel_offset": (-1, 1),
    "channel_min": (-4, 4),
    "channel_max": (-4, 4),
}
CHANNEL_DEFAULTS = {"channel_gain": 1.0, "channel_offset": 0.0, "channel_min": -4.0, "channel_max": 4.0}
_LARGEST_FILE = 1 << 20


@dataclass(frozen=True)
class Dials:
    """How a face moves. A dial at its default leaves every frame as it is, bit for bit; docs/dials.md shows each.

    strength, upper_strength, lower_strength: 0..2, how far the face, its eyes and brows, and the rest of it move from
    the rest pose. Closed lips stay closed and open ones open from 0.5 on.
    jaw_sharpness, lip_sharpness: 0..1, how much fast movements stand out.
    smoothing_ms: 0..1000, time constant of a low-pass that keeps closures.
    blink_rate: 0..4, share of the blinks that stay, and above 1 how many more come.
    gaze_side_deg: -35..35, to the subject's left, and gaze_up_deg: -25..25, up, turn the gaze. gaze_hold: 0..1, how
    much of the eyes' own wandering is taken away.
    head_amount: 0..2, multiplies the head pose.
    emotion: a name or weights as for Model.style(), in place of the stream's; None leaves it. emotion_strength: 0..2.
    offset_ms: -500..500, shows the face so much later than the sound; fixed when a stream is made.
    channel_gain (0..4), channel_offset (-1..1), channel_min, channel_max (-4..4): channel -> value. They act on what
    all other dials have left, without a thought for closures: w * gain + offset, then min and max.
    Raises InputError for a value that is no number or out of range.
    """

    strength: float = 1.0
    upper_strength: float = 1.0
    lower_strength: float = 1.0
    jaw_sharpness: float = 0.0
    lip_sharpness: float = 0.0
    smoothing_ms: int = 0
    blink_rate: float = 1.0
    gaze_side_deg: float = 0.0
    gaze_up_deg: float = 0.0
    gaze_hold: float = 0.0
    head_amount: float = 1.0
    emotion_strength: float = 1.0
    emotion: Emotion | None = None
    offset_ms: int = 0
    channel_gain: Mapping[str, float] = field(default_factory=dict)
    channel_offset: Mapping[str, float] = field(default_factory=dict)
    channel_min: Mapping[str, float] = field(default_factory=dict)
    channel_max: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            object.__setattr__(self, name, _number(name, getattr(self, name), low, high))
        for name, (low, high) in CHANNEL_RANGES.items():
            values = getattr(self, name)
            if not isinstance(values, Mapping):
                raise InputError(f'{name} is {values!r}, expected channels with values such as {{"jawOpen": 1.2}}')
            kept = {str(c): float(_number(f"{name} of {c}", v, low, high)) for c, v in values.items()}
            object.__setattr__(self, name, MappingProxyType(kept))
        mood_pairs(self.emotion)
        for channel in self.channel_min.keys() & self.channel_max.keys():
            if self.channel_min[channel] > self.channel_max[channel]:
                raise InputError(
                    f"channel_min of {channel} is {self.channel_min[channel]:g}, above its channel_max "
                    f"{self.channel_max[channel]:g}"
                )

    def as_dict(self) -> dict[str, Any]:
        """Dials that are not at their default, in a form for JSON; from_dict() reads it back."""
        out: dict[str, Any] = {}
        plain = Dials()
        for f in fields(self):
            value = getattr(self, f.name)
            if value == getattr(plain, f.name):
                continue
            out[f.name] = dict(value) if isinstance(value, Mapping) else value
        return out

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Dials:
        """Dials by their names; those that are missing have their default. Raises InputError: an unknown name, a value
        out of range."""
        check_names(values)
        return Dials(**values)

    @staticmethod
    def kept(values: Mapping[str, Any]) -> Dials:
        """from_dict() of what a file keeps: dials of a later version, which have no name here, are left out."""
        known = {f.name for f in fields(Dials)}
        try:
            return Dials(**{name: value for name, value in values.items() if name in known})
        except InputError as e:
            raise InputError(f"the dials that the file holds cannot be used, since {e}") from e

    @staticmethod
    def read(path: str | os.PathLike[str]) -> Dials:
        """The dials of a JSON file that holds one object of dials by their names, or of a saved animation that holds
        its dials (.json, .npz, .glb, .vrma, .usda). Raises InputError."""
        from diffusiontalker.io import read_motion

        path = Path(path)
        values = _dials_file(path) if path.suffix.lower() == ".json" else None
        if values is None:
            values = read_motion(path)[0].dials
        if values is None:
            raise InputError(f"{path} holds no dials: it was saved with all of them at their defaults")
        try:
            return Dials.from_dict(values)
        except InputError as e:
            raise InputError(f"{path}: {e}") from e

    def alone(self) -> Dials:
        """These dials without those that are arguments of a stream as well; over() is the way back."""
        return replace(self, emotion=None, emotion_strength=1.0, head_amount=1.0)

    def over(self, emotion: Emotion | None, emotion_strength: float, head_amount: float) -> Dials:
        """These dials with what a stream's arguments of the same names say besides: all that the face was made with."""
        return replace(
            self,
            emotion=emotion if self.emotion is None else self.emotion,
            emotion_strength=min(2.0, emotion_strength * self.emotion_strength),
            head_amount=min(2.0, head_amount * self.head_amount),
        )


def check_names(names: Mapping[str, Any] | Sequence[str], more: Sequence[str] = ()) -> None:
    """Raises InputError for a name that no dial has. more: names that are known besides."""
    known = [f.name for f in fields(Dials)]
    for name in names:
        if name not in known and name not in more:
            near = suggestion(str(name), [*known, *more])
            raise InputError(f'there is no dial "{name}"{near or ":"} the dials are {", ".join(known)}')


def native_dials(dials: Dials, channels: Sequence[str], emotions: Sequence[str], base: Emotion | None = None) -> dict:
    """The dict that the native stream takes. channels, emotions: of the model, whose spelling the names get.
    base: the mixture of emotions that holds where the dials name none. Raises InputError for an unknown name."""
    out: dict[str, Any] = {name: getattr(dials, name) for name in RANGES}
    for name, default in CHANNEL_DEFAULTS.items():
        values = getattr(dials, name)
        if not values:
            continue
        if not channels:
            raise InputError(f"the dial {name} is for blendshapes: this model's channels have no names")
        row = np.full(len(channels), default, np.float32)
        for channel, value in values.items():
            row[list(channels).index(chosen("channel", channel, channels, "the model"))] = value
        out[name] = row
    emotion = base if dials.emotion is None else dials.emotion
    if emotion is not None:
        out["emotions"] = [(chosen("emotion", name, emotions), weight) for name, weight in mood_pairs(emotion)]
    return out


def _number(name: str, value: Any, low: float, high: float) -> float | int:
    number = float_or_nan(value, (str, bytes, bool))
    is_whole = name in WHOLE
    if not low <= number <= high or (is_whole and number != int(number)):
        kind = "a whole number" if is_whole else "a number"
        raise InputError(f"{name} is {value!r}, expected {kind} from {low:g} to {high:g}")
    return int(number) if is_whole else number


def _dials_file(path: Path) -> dict | None:
    """The object of a JSON file of dials; None for a JSON file of another kind, which a reader of animations takes."""
    try:
        with path.open("rb") as f:
            raw = f.read(_LARGEST_FILE)
        values = json.loads(raw)
    except FileNotFoundError:
        raise InputError(not_there(path)) from None
    except OSError as e:
        raise InputError(f"{path} cannot be read: {e.strerror or e}") from e
    except (ValueError, RecursionError) as e:
        if len(raw) == _LARGEST_FILE or b'"weights"' in raw:
            return None
        raise InputError(f"{path} is no JSON file of dials: {' '.join(str(e).split())[:200]}") from None
    if not isinstance(values, dict):
        raise InputError(f'{path} is no JSON object of dials, such as {{"strength": 1.2}}')
    return None if "weights" in values else values
