"""How a mood shows on the face: a resting expression and a change of the way of talking.

The numbers are ours, after the action units that Ekman & Friesen's FACS gives for the basic emotions, kept mild because
speech goes on under them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX
from training.articulation.style import TalkingStyle


@dataclass(frozen=True)
class Emotion:
    """expression: weight per channel at strength 1; a name without a side stands for both.
    gains: factors on fields of TalkingStyle at strength 1."""

    expression: dict[str, float] = field(default_factory=dict)
    gains: dict[str, float] = field(default_factory=dict)


EMOTIONS: dict[str, Emotion] = {
    "neutral": Emotion(),
    "happy": Emotion(
        {"mouthSmile": 0.55, "cheekSquint": 0.55, "eyeSquint": 0.25, "browOuterUp": 0.22, "browInnerUp": 0.08,
         "mouthDimple": 0.15, "mouthUpperUp": 0.08},
        {"jaw_gain": 1.1, "apart_gain": 1.15, "spread_gain": 1.2, "brow_activity": 1.3, "blink_rate_hz": 1.1,
         "head_activity": 1.2},
    ),
    "sad": Emotion(
        {"mouthFrown": 0.95, "browInnerUp": 0.95, "eyeLookDown": 0.2, "eyeSquint": 0.15, "mouthShrugLower": 0.25,
         "eyeBlink": 0.12},
        {"jaw_gain": 0.85, "apart_gain": 0.85, "spread_gain": 0.7, "brow_activity": 0.5, "blink_rate_hz": 0.8,
         "tempo": 0.95, "loudness_effect": 0.7, "head_activity": 0.7},
    ),
    "angry": Emotion(
        {"browDown": 0.95, "noseSneer": 0.5, "eyeSquint": 0.45, "mouthFrown": 0.4, "mouthPress": 0.15,
         "mouthUpperUp": 0.12, "eyeWide": 0.15},
        {"jaw_gain": 1.1, "apart_gain": 1.3, "press_gain": 1.6, "brow_activity": 0.7, "blink_rate_hz": 0.6,
         "tempo": 1.08, "loudness_effect": 1.4, "head_activity": 1.2},
    ),
    "surprised": Emotion(
        {"browInnerUp": 0.85, "browOuterUp": 0.85, "eyeWide": 0.65, "jawOpen": 0.06, "mouthFunnel": 0.08},
        {"jaw_gain": 1.2, "apart_gain": 0.95, "rounding_gain": 1.1, "brow_activity": 1.4, "blink_rate_hz": 0.7},
    ),
}  # fmt: skip
EMOTION_NAMES: tuple[str, ...] = tuple(EMOTIONS)
# A mood comes and goes: knots of its slow change, seconds apart, and the smallest share of its strength.
KNOT_S, LOWEST_SHARE = 1.2, 0.85


def with_emotion(style: TalkingStyle, emotion: Emotion, strength: float) -> TalkingStyle:
    """The style as the emotion changes it; strength 0..2."""
    changed = {name: getattr(style, name) * gain**strength for name, gain in emotion.gains.items()}
    return replace(style, **changed)


def expression_weights(
    times: np.ndarray, emotion: Emotion, strength: float, asymmetry: float, rng: np.random.Generator
) -> np.ndarray:
    """The expression, slowly varying. times: [n] seconds, evenly spaced. Returns float64 [n, 52], 0..1."""
    out = np.zeros((len(times), len(ARKIT_CHANNELS)))
    if not emotion.expression or not len(times):
        return out
    knots = np.arange(times[0], times[-1] + 2 * KNOT_S, KNOT_S)
    curve = strength * np.interp(times, knots, rng.uniform(LOWEST_SHARE, 1.0, len(knots)))
    width = max(1, round(0.3 * KNOT_S * len(times) / max(times[-1] - times[0], 1e-3)))
    kernel = np.hanning(width + 2)
    curve = np.convolve(np.pad(curve, width, mode="edge"), kernel / kernel.sum(), "same")[width:-width]
    for name, weight in emotion.expression.items():
        if name in CHANNEL_INDEX:
            out[:, CHANNEL_INDEX[name]] = weight * curve
        else:
            out[:, CHANNEL_INDEX[name + "Left"]] = weight * curve * (1 + asymmetry)
            out[:, CHANNEL_INDEX[name + "Right"]] = weight * curve * (1 - asymmetry)
    return out
