"""The whole face of one utterance: mouth from phones, upper face from chance and loudness."""

from __future__ import annotations

import numpy as np

from training.articulation.coarticulation import articulate, bilabial_seal, labiodental_tuck
from training.articulation.emotion import EMOTIONS, expression_weights, with_emotion
from training.articulation.gestures import mouth_weights
from training.articulation.phones import Phone
from training.articulation.style import TalkingStyle
from training.articulation.upper_face import upper_face_weights

LOUDNESS_WINDOW_S = 0.03
# Time in which a face that starts from the rest pose takes on its style's resting expression.
ONSET_S = 0.25
EMOTION_INTENSITY = (0.6, 1.0)


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


def animate_phones(
    phones: list[Phone],
    audio: np.ndarray,
    sample_rate_hz: int,
    times: np.ndarray,
    style: TalkingStyle,
    seed: int,
    emotion: str = "neutral",
) -> np.ndarray:
    """ARKit weights of one utterance.
    phones: contiguous (name, start_s, end_s).   audio: [n_samples], for loudness.   times: [n] seconds.
    seed: of blinks, brows, gaze and the strength of the emotion.   emotion: a name of EMOTIONS.
    Returns float32 [n, 52], 0..1.
    """
    rng = np.random.default_rng(seed)
    mood = EMOTIONS[emotion]
    intensity = 0.0 if emotion == "neutral" else rng.uniform(*EMOTION_INTENSITY)
    style = with_emotion(style, mood, intensity)
    loudness = loudness_curve(audio, times, sample_rate_hz)
    trajectory = articulate(phones, times, style.tempo)
    mouth = mouth_weights(trajectory, bilabial_seal(phones, times), labiodental_tuck(phones, times), loudness, style)
    weights = mouth + upper_face_weights(times, loudness, style, rng)
    weights += expression_weights(times, mood, intensity, style.asymmetry, rng)
    onset = np.clip(times / ONSET_S, 0, 1)[:, None]
    return np.clip(weights * onset, 0, 1).astype(np.float32)
