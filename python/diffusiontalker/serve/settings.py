"""What a client may choose for its session, checked."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from diffusiontalker.api.dials import Dials, native_dials
from diffusiontalker.api.model import Model
from diffusiontalker.api.moods import Emotion, named_moods, parse_emotion
from diffusiontalker.api.samples import checked_rate
from diffusiontalker.errors import InputError
from diffusiontalker.io.sound.pcm import ENCODINGS
from diffusiontalker.names import chosen, suggestion

OUTPUTS = ("blendshapes", "viseme_id", "visemes")
FORMATS = ("json", "binary")
PACES = ("ready", "due")
LAYOUTS = ("arkit", "azure")
OPUS = "opus"
# Encodings in the words of OpenAI Realtime and Azure Voice Live.
ALIASES = {"pcm16": "s16le", "g711_ulaw": "mulaw", "g711_alaw": "alaw"}
MIN_FPS, MAX_FPS = 1, 240
MAX_NAME = 100  # characters of a name
# What clients of Azure Voice Live and OpenAI Realtime put into session.update, which is nothing to this server.
IGNORED = {
    "model", "modalities", "output_modalities", "voice", "instructions", "output_audio_format", "turn_detection",
    "temperature", "max_response_output_tokens", "max_output_tokens", "tools", "tool_choice", "avatar", "id", "object",
    "input_audio_noise_reduction", "input_audio_echo_cancellation", "input_audio_transcription", "tracing", "include",
    "output_audio_timestamp_types", "type", "truncation", "prompt", "audio",
}  # fmt: skip
_NO_DIALS = ("emotion", "emotion_strength", "head_amount")
_STYLE = ("identity", "emotion", "emotion_strength")
STREAM_ONLY = ("profile", "seed", "head_amount")  # fixed when the stream is made, by the first sound


@dataclass(frozen=True)
class Settings:
    """Of a session; docs/reference/server.md explains each."""

    identity: str | None = None
    emotion: Emotion | None = None
    emotion_strength: float = 1.0
    given_style: bytes | None = None  # float32 [d_identity], in the place of the three above
    head_amount: float = 1.0
    dials: Dials = field(default_factory=Dials)
    profile: str | None = "live"
    seed: int = 0
    encoding: str = "s16le"
    sample_rate: int = 16000
    outputs: tuple[str, ...] = ("blendshapes",)
    format: str = "json"
    layout: str = "arkit"
    fps: Fraction = Fraction(30)
    pace: str = "ready"

    @property
    def style(self) -> dict[str, Any]:
        """The arguments of Model.stream() that say who speaks and in which mood."""
        if self.given_style is not None:
            return {"style": np.frombuffer(self.given_style, "<f4")}
        return {"identity": self.identity, "emotion": self.emotion, "emotion_strength": self.emotion_strength}

    def vector(self, model: Model) -> np.ndarray:
        """The same as a style, float32 [d_identity]. Raises InputError."""
        return self.style["style"] if self.given_style is not None else model.style(**self.style)

    def has_style_of(self, other: Settings) -> bool:
        return all(getattr(self, name) == getattr(other, name) for name in (*_STYLE, "given_style"))

    @property
    def all_dials(self) -> Dials:
        """The dials with the settings of their names: what files keep."""
        if self.given_style is not None:
            return self.dials.over(None, 1.0, self.head_amount)
        return self.dials.over(self.emotion, self.emotion_strength, self.head_amount)


def first_settings(model: Model, azure: bool) -> Settings:
    """Of a session that says nothing. azure: at the address of Azure Voice Live, what its clients expect."""
    profile = "live" if "live" in model.profiles else None
    fps = Fraction(model.fps_num, model.fps_den)
    settings = Settings(profile=profile, fps=fps)
    return replace(settings, layout="azure", fps=Fraction(60), sample_rate=24000) if azure else settings


def updated(settings: Settings, wanted: Any, model: Model) -> Settings:
    """The settings with what a client wants. wanted: the object of its message.
    Raises InputError: an unknown name, a value that cannot be."""
    if not isinstance(wanted, Mapping):
        raise InputError('the settings are no JSON object, such as {"identity": "NAME"}')
    found: dict[str, Any] = {}
    for name, value in flattened(wanted).items():
        if not _is_name(name):
            raise InputError(f"there is no such setting: they are {', '.join(READERS)}")
        name = {"mood": "emotion", "strength": "emotion_strength"}.get(name, name)
        if name in READERS:
            found["given_style" if name == "style" else name] = READERS[name](value, model)
        elif name not in IGNORED:
            raise InputError(
                f"there is no setting '{name}'{suggestion(name, READERS) or ':'} they are {', '.join(READERS)}"
            )
    if found.keys() & set(_STYLE):
        found.setdefault("given_style", None)  # what is said last counts
    new = replace(settings, **found)
    new.vector(model)  # identity and emotions in range together
    return new


def flattened(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with the nested names of Azure Voice Live and OpenAI Realtime beside their plain ones."""
    found = dict(wanted)
    if isinstance(animation := found.pop("animation", None), Mapping) and "outputs" in animation:
        found["outputs"] = animation["outputs"]
    for theirs, ours in (("input_audio_format", "encoding"), ("input_audio_sampling_rate", "sample_rate")):
        if theirs in found:
            found[ours] = found.pop(theirs)
    return found


def _is_name(value: Any) -> bool:
    """Text of a length that names have, without control characters and half characters."""
    return isinstance(value, str) and len(value) <= MAX_NAME and value.isprintable()


def _style_name(value: Any, what: str, known: tuple[str, ...]) -> str | None:
    if value is not None and not _is_name(value):
        raise InputError(f"{what} is no name: expected one of {', '.join(known)}")
    return chosen(what, value, known)


def _emotion(value: Any, model: Model) -> Emotion | None:
    if value is not None and not isinstance(value, (str, Mapping)):
        raise InputError('emotion is neither a name nor weights of several, such as {"happy": 0.5}')
    if not all(_is_name(name) for name in ([value] if isinstance(value, str) else value or ())):
        raise InputError(f"emotion is no name: the bundle has {', '.join(model.emotions) or 'none'}")
    return named_moods(value, model.emotions)


def _given_style(value: Any, model: Model) -> bytes | None:
    """A style as POST /enroll gives it: float32, little-endian, as base64."""
    if value is None:
        return None
    try:
        data = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != 4 * model.d_identity or not np.isfinite(np.frombuffer(data, "<f4")).all():
        raise InputError(
            f"style is none of this bundle: send the {model.d_identity} numbers of POST /enroll as it gives them"
        )
    return data


def mood_of(text: str) -> Emotion:
    """`emotion` in the address of a request: a name, or weights such as `happy:0.5,sad:0.5`. Raises InputError."""
    try:
        return parse_emotion(text[:1000])
    except ValueError as e:
        raise InputError(f"emotion cannot be used: {e}") from None


def style_text(style: np.ndarray) -> str:
    """A style float32 [d_identity] as `style` is sent."""
    return base64.b64encode(np.ascontiguousarray(style, "<f4").tobytes()).decode()


def _dials(value: Any, model: Model) -> Dials:
    if not isinstance(value, Mapping) or not all(map(_is_name, value)):
        raise InputError('dials is no JSON object of dials, such as {"jaw_sharpness": 0.3}')
    for name, inner in value.items():
        if name in _NO_DIALS:
            raise InputError(f"{name} is a setting of its own: put it beside dials, not into it")
        if isinstance(inner, Mapping) and not all(map(_is_name, inner)):
            raise InputError(f"{name} names a channel that is none")
    dials = Dials.from_dict(value)
    native_dials(dials, model.channels, model.emotions)
    return dials


def _one_of(what: str, known: tuple[str, ...]):
    def read(value: Any, _model: Model) -> str:
        name = _style_name(value, what, known)
        if name is None:
            raise InputError(f"{what} is missing, expected one of {', '.join(known)}")
        return name

    return read


def _number(what: str, low: float, high: float):
    def read(value: Any, _model: Model) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise InputError(f"{what} is {value!r}, expected a number {low:g}..{high:g}")
        return float(value)

    return read


def _seed(value: Any, _model: Model) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**64:
        raise InputError(f"seed is {value!r}, expected a whole number 0..2**64-1")
    return value


def _encoding(value: Any, _model: Model) -> str:
    name = ALIASES.get(value, value) if isinstance(value, str) else value
    if name not in (*ENCODINGS, OPUS):
        raise InputError(f"encoding is {value!r}, expected one of {', '.join((*ALIASES, *ENCODINGS, OPUS))}")
    return name


def _fps(value: Any, _model: Model) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InputError(f"fps is {value!r}, expected a number {MIN_FPS}..{MAX_FPS}")
    rate = Fraction(value).limit_denominator(1001)
    if not MIN_FPS <= rate <= MAX_FPS:
        raise InputError(f"fps is {value!r}, expected a number {MIN_FPS}..{MAX_FPS}")
    return rate


def _outputs(value: Any, _model: Model) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(v in OUTPUTS for v in value):
        raise InputError(f"outputs is {value!r}, expected a list of {', '.join(OUTPUTS)}")
    return tuple(dict.fromkeys(value))


READERS: dict[str, Any] = {
    "identity": lambda value, model: _style_name(value, "identity", model.identities),
    "emotion": _emotion,
    "emotion_strength": _number("emotion_strength", 0, 2),
    "head_amount": _number("head_amount", 0, 2),
    "style": _given_style,  # into given_style
    "profile": lambda value, model: _style_name(value, "profile", tuple(model.profiles)),
    "dials": _dials,
    "seed": _seed,
    "encoding": _encoding,
    "sample_rate": lambda value, _model: checked_rate(value),
    "outputs": _outputs,
    "format": _one_of("format", FORMATS),
    "layout": _one_of("layout", LAYOUTS),
    "fps": _fps,
    "pace": _one_of("pace", PACES),
}


def described(settings: Settings, model: Model) -> dict[str, Any]:
    """The settings as the client reads them in session.created and session.updated."""
    fps = settings.fps
    return {
        "identity": settings.identity or model.info()["identities"]["default"],
        "emotion": settings.emotion or model.default_emotion,
        "emotion_strength": settings.emotion_strength,
        "style": None if settings.given_style is None else base64.b64encode(settings.given_style).decode(),
        "head_amount": settings.head_amount,
        "dials": settings.dials.as_dict(),
        "profile": settings.profile or model.info()["default_profile"],
        "seed": settings.seed,
        "encoding": settings.encoding,
        "sample_rate": settings.sample_rate,
        "outputs": list(settings.outputs),
        "format": settings.format,
        "layout": settings.layout,
        "fps": fps.numerator if fps.denominator == 1 else float(fps),
        "pace": settings.pace,
        "latency_ms": model.profile(settings.profile).latency_ms,
    }
