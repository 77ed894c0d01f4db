"""Features at 50 Hz -> features at the frames of an animation."""

from __future__ import annotations

import numpy as np

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.encoders.frozen import RATE_HZ, FrozenEncoder
from training.prepared.motion_space import MotionSpace


def features_at(features_50hz: np.ndarray, n_frames: int, motion: MotionSpace) -> np.ndarray:
    """Linear interpolation at the time of each frame: frame k is at k / fps s, feature j at j / 50 s.

    features_50hz: float [n, D]; frames after its last feature repeat it.   Returns float32 [n_frames, D].
    Raises ValueError when there are no features or they end more than one frame before the last frame."""
    n = len(features_50hz)
    positions = np.arange(n_frames) * (RATE_HZ * motion.fps_den / motion.fps_num)
    if not n or (n_frames and positions[-1] > n - 1 + max(1.0, RATE_HZ / motion.fps)):
        raise ValueError(f"{n} features at {RATE_HZ} Hz do not last for {n_frames} frames at {motion.fps:g} fps")
    positions = np.minimum(positions, n - 1)
    low = np.minimum(positions.astype(np.int64), max(n - 2, 0))
    share = (positions - low)[:, None].astype(np.float32)
    features = np.asarray(features_50hz, np.float32)
    return features[low] * (1 - share) + features[np.minimum(low + 1, n - 1)] * share


def encode_clip(encoder: FrozenEncoder, audio: np.ndarray, n_frames: int, motion: MotionSpace) -> np.ndarray:
    """Features of a prepared clip: what the preparation of every corpus and data set calls, and hands to FeatureWriter.

    audio: float32 [n] at 16 kHz, sample 0 at frame 0: the very signal that the clip's log-mel is of, silence before
    and after included; cut or filled with silence to the length of n_frames.
    Returns float16 [n_frames, encoder.dim].   Raises ValueError as the encoder, or when float16 cannot hold them."""
    n_samples = -(-n_frames * SAMPLE_RATE_HZ * motion.fps_den // motion.fps_num)
    audio = np.asarray(audio, np.float32)[:n_samples]
    audio = np.pad(audio, (0, n_samples - len(audio)))
    with np.errstate(over="ignore"):
        features = features_at(encoder(audio), n_frames, motion).astype(np.float16)
    if not np.isfinite(features).all():
        raise ValueError(f"features of {encoder.name} layer {encoder.layer} are beyond float16: choose another layer")
    return features
