"""What makes one talking identity move differently from another, drawn once per identity."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class TalkingStyle:
    """Gains around 1 unless said otherwise; ranges are those of `random_style`."""

    jaw_gain: float = 1.0  # 0.8 .. 1.3
    apart_gain: float = 1.0  # 0.6 .. 1.5
    spread_gain: float = 1.0  # 0.6 .. 1.4
    rounding_gain: float = 1.0  # 0.7 .. 1.3
    press_gain: float = 1.0  # 0.5 .. 1.5, how hard closed lips press
    tempo: float = 1.0  # 0.85 .. 1.2, quickness of transitions
    loudness_effect: float = 0.15  # 0.05 .. 0.3, how much a loud syllable opens the jaw further
    asymmetry: float = 0.04  # -0.2 .. 0.2, share that the left side moves more than the right
    smile: float = 0.0  # 0 .. 0.18, resting corners of the mouth
    blink_rate_hz: float = 0.3  # 0.15 .. 0.5
    blink_duration_s: float = 0.25  # 0.2 .. 0.33
    brow_activity: float = 1.0  # 0.4 .. 1.8
    gaze_activity: float = 1.0  # 0.4 .. 1.5
    head_activity: float = 1.0  # 0.5 .. 1.5


_RANGES = {
    "jaw_gain": (0.8, 1.3), "apart_gain": (0.6, 1.5), "spread_gain": (0.6, 1.4), "rounding_gain": (0.7, 1.3),
    "press_gain": (0.5, 1.5), "tempo": (0.85, 1.2), "loudness_effect": (0.05, 0.3), "asymmetry": (-0.2, 0.2),
    "smile": (0.0, 0.18), "blink_rate_hz": (0.15, 0.5), "blink_duration_s": (0.2, 0.33),
    "brow_activity": (0.4, 1.8), "gaze_activity": (0.4, 1.5), "head_activity": (0.5, 1.5),
}  # fmt: skip
assert set(_RANGES) == {f.name for f in fields(TalkingStyle)}


def random_style(rng: np.random.Generator) -> TalkingStyle:
    return TalkingStyle(**{name: float(rng.uniform(*bounds)) for name, bounds in _RANGES.items()})


# The identities of the shipped model: the neutral style first, then drawn ones. The names are only names.
IDENTITY_NAMES = (
    "neutral", "ada", "bela", "cleo", "dario", "elin", "farid", "gwen", "hugo", "ines", "jonas", "kira",
)  # fmt: skip


# Identities that no clip of the training has, to score how a model moves people whom it never saw.
HELD_OUT_NAMES = ("lena", "marek", "nora", "otto")


def library_styles(seed: int = 7) -> dict[str, TalkingStyle]:
    """Name -> style of the shipped identity library; the same for the same seed."""
    rng = np.random.default_rng(seed)
    styles = {IDENTITY_NAMES[0]: TalkingStyle()}
    styles.update({name: random_style(rng) for name in IDENTITY_NAMES[1:]})
    return styles


def held_out_styles(seed: int = 11) -> dict[str, TalkingStyle]:
    """Name -> style of the held-out identities."""
    rng = np.random.default_rng(seed)
    return {name: random_style(rng) for name in HELD_OUT_NAMES}
