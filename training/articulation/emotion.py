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
    """expression: weight per channel at full intensity; a name without a side stands for both.
    gains: factors on fields of TalkingStyle at full intensity."""

    expression: dict[str, float] = field(default_factory=dict)
    gains: dict[str, float] = field(default_factory=dict)


EMOTIONS: dict[str, Emotion] = {
    "neutral": Emotion(),
    "happy": Emotion(
        {"mouthSmile": 0.35, "cheekSquint": 0.35, "eyeSquint": 0.15, "browOuterUp": 0.12, "mouthDimple": 0.1},
        {"jaw_gain": 1.1, "apart_gain": 1.15, "spread_gain": 1.2, "brow_activity": 1.3, "blink_rate_hz": 1.1},
    ),
    "sad": Emotion(
        {"mouthFrown": 0.35, "browInnerUp": 0.5, "eyeLookDown": 0.15, "eyeSquint": 0.1, "mouthShrugLower": 0.12},
        {"jaw_gain": 0.8, "apart_gain": 0.75, "spread_gain": 0.7, "brow_activity": 0.5, "blink_rate_hz": 0.8,
         "tempo": 0.95, "loudness_effect": 0.7},
    ),
    "angry": Emotion(
        {"browDown": 0.65, "noseSneer": 0.3, "eyeSquint": 0.3, "mouthFrown": 0.12, "eyeWide": 0.1},
        {"jaw_gain": 1.15, "apart_gain": 1.3, "press_gain": 1.6, "brow_activity": 0.7, "blink_rate_hz": 0.6,
         "tempo": 1.08, "loudness_effect": 1.4},
    ),
    "surprised": Emotion(
        {"browInnerUp": 0.6, "browOuterUp": 0.6, "eyeWide": 0.45},
        {"jaw_gain": 1.25, "apart_gain": 0.95, "rounding_gain": 1.1, "brow_activity": 1.4, "blink_rate_hz": 0.7},
    ),
}  # fmt: skip
EMOTION_NAMES: tuple[str, ...] = tuple(EMOTIONS)
# A mood comes and goes: knots of its slow change, seconds apart, and the smallest share of the full intensity.
KNOT_S, LOWEST_SHARE = 1.2, 0.65


def with_emotion(style: TalkingStyle, emotion: Emotion, intensity: float) -> TalkingStyle:
    """The style as the emotion changes it; intensity 0..1."""
    changed = {name: getattr(style, name) * gain**intensity for name, gain in emotion.gains.items()}
    return replace(style, **changed)


def expression_weights(
    times: np.ndarray, emotion: Emotion, intensity: float, asymmetry: float, rng: np.random.Generator
) -> np.ndarray:
    """The expression, slowly varying. times: [n] seconds, evenly spaced. Returns float64 [n, 52], 0..1."""
    out = np.zeros((len(times), len(ARKIT_CHANNELS)))
    if not emotion.expression or not len(times):
        return out
    knots = np.arange(times[0], times[-1] + 2 * KNOT_S, KNOT_S)
    curve = intensity * np.interp(times, knots, rng.uniform(LOWEST_SHARE, 1.0, len(knots)))
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
