"""The whole face of one utterance: mouth from phones, upper face from chance and loudness."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX
from training.articulation.coarticulation import ContactShape, articulate, bilabial_seal, contact, labiodental_tuck
from training.articulation.emotion import EMOTIONS, expression_weights, with_emotion
from training.articulation.gestures import mouth_weights
from training.articulation.head_pose import head_pose
from training.articulation.lip_fit import fit_mouth, keep_closed
from training.articulation.lip_map import load_lip_map
from training.articulation.phones import Phone
from training.articulation.pitch import melody
from training.articulation.style import TalkingStyle
from training.articulation.upper_face import upper_face_weights
from training.articulation.variation import take_of, unlike_sides

LOUDNESS_WINDOW_S = 0.03
# Time in which a face that starts from the rest pose takes on its style's resting expression.
ONSET_S = 0.25
EMOTION_STRENGTH = (0.5, 1.1)  # of a mood that none is given for
EFFORT_OPENS = 0.55  # logarithm of how much further a shout opens the mouth than speech
# Between phrases closer than this the mouth does not rest. Tracked lips of GRID s1 pass 30 % of their opening 0.12 to
# 0.32 s before the first sound; the times here bring the rules nearest to them.
LONGEST_JOINED_S, BREATH_BEFORE_S, BREATH_RISE_S = 0.35, (0.24, 0.42), 0.14
# Opening, heights of upper lip, lower lip and chin while the lower lip is at the teeth for f and v: those of tracked
# lips (opening 0.034), closer, since a tracker sees the slit at the corners.
TUCK_MEASURES = np.array([0.02, -0.008, 0.015, 0.025])
# The speaker whom the map is of rounds little; how much further lips narrow and come forward here is our choice.
ROUNDER = 1.12
PUFF = 0.12  # cheekPuff under the pressure of p and b


def loudness_curve(audio: np.ndarray, times: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    """Loudness relative to the clip's own loud syllables, float64 [n]: 0 at 3 dB below the 85th percentile, +-12 dB
    is +-1. audio: [n_samples].   times: [n] seconds; beyond the audio the value is -1."""
    half = int(LOUDNESS_WINDOW_S * sample_rate_hz)
    window = np.hanning(2 * half + 1)
    energy = np.convolve(audio.astype(np.float64) ** 2, window / window.sum(), "same")
    level = 10 * np.log10(energy + 1e-9)
    index = np.round(times * sample_rate_hz).astype(int)
    inside = (index >= 0) & (index < len(audio))
    curve = np.full(len(times), -1.0)
    curve[inside] = np.clip((level[index[inside]] - np.percentile(level, 85) + 3) / 12, -1, 1)
    return curve


def animate_face(
    phones: list[Phone],
    audio: np.ndarray,
    sample_rate_hz: int,
    times: np.ndarray,
    style: TalkingStyle,
    seed: int,
    emotion: str = "neutral",
    strength: float | None = None,
    effort: float = 0.0,
) -> np.ndarray:
    """Face and head of one utterance.
    phones: contiguous (name, start_s, end_s).   audio: [n_samples], for loudness and melody.
    times: [n] seconds, evenly spaced.   seed: of the take: blinks, gaze, drift, what changes from one take to another.
    emotion: a name of EMOTIONS, at `strength` 0..2; None draws one.   effort: -1 whispered .. 0 normal .. 1 shouted.
    Returns float32 [n, 55]: ARKit weights 0..1, then yaw, pitch and roll in radians (spec.channels.HEAD_POSE_CHANNELS).
    """
    rng = np.random.default_rng(seed)
    mood = EMOTIONS[emotion]
    drawn = rng.uniform(*EMOTION_STRENGTH)
    strength = 0.0 if emotion == "neutral" else drawn if strength is None else strength
    style = with_emotion(style, mood, strength)
    loudness, tune = loudness_curve(audio, times, sample_rate_hz), melody(audio, times, sample_rate_hz)
    seal = bilabial_seal(phones, times)
    mouth = talking_mouth(phones, times, seal, loudness, style, effort, rng)
    weights = mouth + upper_face_weights(times, tune, style, rng)
    weights += expression_weights(times, mood, strength, style.asymmetry, rng)
    onset = np.clip(times / ONSET_S, 0, 1)[:, None]
    weights = keep_closed(np.clip(weights * onset, 0, 1), seal)
    pose = head_pose(times, tune, speaking_share(phones, times), style, rng) * onset
    return np.concatenate([weights, pose], axis=1).astype(np.float32)


def animate_phones(*args, **kwargs) -> np.ndarray:
    """The ARKit weights float32 [n, 52] of animate_face()."""
    return animate_face(*args, **kwargs)[:, : len(ARKIT_CHANNELS)]


def talking_mouth(
    phones: list[Phone], times: np.ndarray, seal: np.ndarray, loudness: np.ndarray, style: TalkingStyle, effort: float,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Weights float64 [n, 52] of jaw, mouth and tongue: where real lips are at these phones, in this style and take.
    seal: [n] of bilabial_seal()."""
    tuck = labiodental_tuck(phones, times)
    expected = mouth_weights(articulate(phones, times, style.tempo), seal, tuck, loudness, style)
    speaking = speaking_share(phones, times)
    wanted = load_lip_map()(phones, times) * breath_in(phones, times, rng)[:, None]
    opened = style.jaw_gain * (1 + style.loudness_effect * loudness) * np.exp(EFFORT_OPENS * effort)
    wanted[:, [0, 3, 4]] *= opened[:, None]
    wanted[:, 2] *= style.apart_gain
    wanted[:, [1, 5]] *= np.where(wanted[:, [1]] > 0, style.spread_gain, ROUNDER * style.rounding_gain)
    wanted += take_of(times, speaking, rng) * (1 - seal)[:, None]
    wanted[:, [0, 2, 3, 4]] += tuck[:, None] * (TUCK_MEASURES - wanted[:, [0, 2, 3, 4]])
    weights = fit_mouth(expected, wanted, seal)
    weights[:, CHANNEL_INDEX["cheekPuff"]] += PUFF * plosive_pressure(phones, times)
    weights = unlike_sides(weights, times, style, speaking, rng)
    for side in ("Left", "Right"):
        weights[:, CHANNEL_INDEX["mouthSmile" + side]] += style.smile
    return weights


def breath_in(phones: list[Phone], times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """[n], 0 at rest before speech .. 1: how far a mouth that has rested has begun to open. The map has the mean of
    openings that begin at different times, which is a slow one; here each begins at a time of its own, and quickly."""
    begun = np.ones(len(times))
    for (before, rested, start), (name, _, _) in pairwise(phones):
        if before == "SIL" and name != "SIL" and start - rested > LONGEST_JOINED_S:
            first = start - rng.uniform(*BREATH_BEFORE_S)
            inside = (times > rested + LONGEST_JOINED_S / 2) & (times < start)
            ramp = np.clip((times[inside] - first) / BREATH_RISE_S, 0, 1)
            begun[inside] = ramp * ramp * (3 - 2 * ramp)
    return begun


def speaking_share(phones: list[Phone], times: np.ndarray) -> np.ndarray:
    """[n], 1 within speech and up to 0.2 s before it, falling to 0 within 0.2 s of it."""
    distance = np.full(len(times), np.inf)
    for name, start, end in phones:
        if name != "SIL":
            distance = np.minimum(distance, np.maximum(np.maximum(start - times - 0.2, times - end), 0))
    return np.clip(1 - distance / 0.2, 0, 1)


def plosive_pressure(phones: list[Phone], times: np.ndarray) -> np.ndarray:
    """[n], 0..1: air that p and b hold back before they open."""
    return contact(phones, times, frozenset("PB"), ContactShape(lead_s=0.0, hold_s=0.04, rise_s=0.06, fall_s=0.04))
