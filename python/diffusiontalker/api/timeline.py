"""Changes of who speaks, in which mood and with which dials, over one recording."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffusiontalker.api.dials import CHANNEL_RANGES, Dials, check_names
from diffusiontalker.api.key_files import each_key, keys_of_file, seconds
from diffusiontalker.api.moods import mood_pairs, named_moods, parse_emotion
from diffusiontalker.errors import InputError

if TYPE_CHECKING:
    from diffusiontalker.api.stream import Stream

DEFAULT_BLEND_S = 0.3
LONGEST_BLEND_S = 60.0
_MOST = 10_000  # keys
_OWN = ("time_s", "blend_s", "identity")  # beside the dials
_DEFAULT = "default"
_STYLE = ("emotion", "emotion_strength")  # dials that are part of the style


@dataclass(frozen=True)
class Key:
    """What changes at a moment. time_s: of the first frame that differs.   blend_s: how long the change takes; None is
    0.3 s, and none for a key of frame 0.   identity: None leaves it.   dials: those that change, by name; None as a
    value puts one back to its default, and channels that are not named stay as they are."""

    time_s: float
    blend_s: float | None = None
    identity: str | None = None
    dials: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Timeline:
    """Keys by time. What a key does not name goes on as it was.   name: of the file, for messages."""

    keys: tuple[Key, ...]
    name: str = "the timeline"

    @staticmethod
    def of(keys: Iterable[Mapping[str, Any]], name: str = "the timeline") -> Timeline:
        """From objects with time_s, and blend_s, identity and dials by their names as needed:
        [{"time_s": 2.0, "blend_s": 0.5, "emotion": "sad", "strength": 1.2}]. Raises InputError: an unknown name, a
        value out of range, two keys of one time that change the same thing."""
        found = each_key(keys, _key, name, _MOST)
        found.sort(key=lambda k: k.time_s)
        for a, b in pairwise(found):
            both = sorted(_names(a) & _names(b))
            if a.time_s == b.time_s and both:
                raise InputError(f"{name}: two keys at {a.time_s:g} s change {both[0]}")
        return Timeline(tuple(found), name)

    @staticmethod
    def given(timeline: Timeline | str | os.PathLike[str] | Iterable[Mapping[str, Any]]) -> Timeline:
        """A timeline as arguments have it: itself, the path of a file, or the objects of of()."""
        if isinstance(timeline, Timeline):
            return timeline
        if isinstance(timeline, (str, os.PathLike)):
            return Timeline.read(timeline)
        return Timeline.of(timeline)

    @staticmethod
    def read(path: str | os.PathLike[str]) -> Timeline:
        """From a file: JSON (.json), a list of the objects of of(), or text with a line for each key:

            # seconds  what changes                            how long it takes
            0.0        identity ada  emotion happy
            2.0        emotion sad:0.5,happy:0.2  strength 1.2   blend 0.5
            4.5        channel_gain jawOpen=0.8  strength default

        Raises InputError: unreadable, or as of() with the number of the line."""
        path = Path(path)
        return Timeline.of(keys_of_file(path, "timeline", '{"time_s": 2.0, "emotion": "sad"}', _line), str(path))

    def apply(self, stream: Stream, identity: str | None, used: Dials, dials: Dials) -> None:
        """Gives every change to a stream at frame 0.
        identity, dials: that the stream was made with.   used: the dials with its other arguments (Dials.over).
        Raises InputError: a name that the model lacks."""
        model, now = stream.model, used
        for key in self.keys:
            frame = max(0, math.ceil(round(key.time_s * model.fps_num / model.fps_den, 6)))
            blend_s = (0.0 if frame == 0 else DEFAULT_BLEND_S) if key.blend_s is None else key.blend_s
            blend_ms = round(1000 * blend_s)
            before, now = now, _turned(now, key.dials or {})
            try:
                if key.identity is not None or any(getattr(before, n) != getattr(now, n) for n in _STYLE):
                    identity = identity if key.identity is None else key.identity
                    emotion = None if now.emotion is None else named_moods(now.emotion, model.emotions)
                    style = model.style(identity, emotion, emotion_strength=now.emotion_strength)
                    stream.set_style(style, blend_ms, frame=frame)
                if before.alone() != now.alone() or before.head_amount != now.head_amount:
                    stream.set_dials(_of_stream(now, used, dials), blend_ms, frame=frame)
            except InputError as e:
                raise InputError(f"{self.name}, at {key.time_s:g} s: {e}") from e


def _of_stream(now: Dials, used: Dials, dials: Dials) -> Dials:
    """Dials for a stream that multiplies some by its own arguments, and whose emotion is that of its style already."""
    own = used.head_amount / dials.head_amount if dials.head_amount else 1.0
    amount = min(2.0, now.head_amount / own) if own else dials.head_amount
    return replace(now, emotion=dials.emotion, emotion_strength=dials.emotion_strength, head_amount=amount)


def _names(key: Key) -> set[str]:
    return {*(key.dials or {}), *(() if key.identity is None else ("identity",))}


def _key(values: Mapping[str, Any]) -> Key:
    """Raises InputError."""
    if not isinstance(values, Mapping):
        raise InputError(f"{values!r} is no object with time_s")
    dials = {name: value for name, value in values.items() if name not in _OWN}
    check_names(dials, _OWN)
    if "time_s" not in values:
        raise InputError("it has no time_s, the seconds at which it begins")
    if "offset_ms" in dials:
        raise InputError("offset_ms holds for a whole recording: give it as an option")
    time_s = seconds("time_s", values["time_s"])
    blend = values.get("blend_s")
    identity = values.get("identity")
    if identity is not None and not isinstance(identity, str):
        raise InputError(f"identity is {identity!r}, expected a name")
    if not dials and identity is None:
        raise InputError(f"nothing changes at {time_s:g} s: name an identity, an emotion or a dial")
    _turned(Dials(), dials)  # judges the values
    return Key(time_s, None if blend is None else seconds("blend_s", blend, LONGEST_BLEND_S), identity, dials)


def _turned(dials: Dials, changes: Mapping[str, Any]) -> Dials:
    """Dials with what a key changes."""
    plain, new = Dials(), {}
    for name, value in changes.items():
        if value is None:
            new[name] = getattr(plain, name)
        elif name in CHANNEL_RANGES and isinstance(value, Mapping):
            new[name] = {**getattr(dials, name), **value}
        else:
            new[name] = value
    mood_pairs(new.get("emotion"))
    return replace(dials, **new)


def _line(words: list[str]) -> dict[str, Any]:
    """A line as an object that _key() takes. Raises InputError."""
    values = _words(words)
    _key(values)
    return values


def _words(words: list[str]) -> dict[str, Any]:
    """A line as an object: TIME NAME VALUE ... [blend SECONDS]."""
    known = [f.name for f in fields(Dials)]
    out: dict[str, Any] = {"time_s": seconds("the time", words[0])}
    rest = words[1:]
    if len(rest) % 2:
        raise InputError(f"'{rest[-1]}' has no value: a line is TIME NAME VALUE ... [blend SECONDS]")
    for name, value in zip(rest[::2], rest[1::2], strict=True):
        name = name.replace("-", "_")
        target = "blend_s" if name == "blend" else name
        if target in out:
            raise InputError(f"{name} occurs twice")
        if target not in _OWN:
            check_names([target], ("blend", "identity"))
        out[target] = _value(target, value) if target in known else value
    return out


def _value(name: str, text: str) -> Any:
    """The value of a dial in a line."""
    if text == _DEFAULT:
        return None
    if name == "emotion":
        try:
            return parse_emotion(text)
        except ValueError as e:
            raise InputError(str(e)) from None
    if name in CHANNEL_RANGES:
        pairs = [part.partition("=") for part in text.split(",")]
        return {channel: _number(name, number) for channel, _, number in pairs}
    return _number(name, text)


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{name} is '{text}', expected a number, or CHANNEL=NUMBER for a channel") from None
