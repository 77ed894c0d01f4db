"""What every frozen encoder is, which one is meant, and how recordings longer than its window are encoded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ

SAMPLES_PER_FEATURE = 320
RATE_HZ = SAMPLE_RATE_HZ // SAMPLES_PER_FEATURE  # 50
WINDOW, MARGIN = 1500, 125  # features; 30 s, of which 2.5 s at each inner end only serve as context


class FrozenEncoder(Protocol):
    """audio -> features at 50 Hz; feature j is centred on sample 320 j, that is 20 j ms, whatever the encoder.

    No state: the features of a clip do not depend on the clips encoded before it or with it."""

    name: str  # of the model, for people
    layer: int  # 0: before the first transformer layer; the number of layers: the output
    dim: int
    weights_sha256: str

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        """audio: float32 [n], mono, 16 kHz, -1..1 -> float32 [n_features(n), dim].
        Raises ValueError when audio is not 1-D, empty or not finite."""
        ...

    def batch(self, clips: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The same for several clips, faster where the encoder can take clips of one length together."""
        ...


def n_features(n_samples: int) -> int:
    """Features whose centre lies inside the signal."""
    return -(-n_samples // SAMPLES_PER_FEATURE)


def checked_audio(audio: np.ndarray) -> np.ndarray:
    """float32 [n]. Raises ValueError when audio is not 1-D, empty or not finite."""
    audio = np.asarray(audio, np.float32)
    if audio.ndim != 1 or not len(audio):
        raise ValueError(f"audio has shape {audio.shape}, expected [n_samples] with at least one sample")
    if not np.isfinite(audio).all():
        raise ValueError("audio contains NaN or infinite samples")
    return audio


def checked_layer(layer: int | None, default: int, n_layers: int) -> int:
    """Raises ValueError when there is no such layer."""
    if layer is not None and not 0 <= layer <= n_layers:
        raise ValueError(f"layer is {layer}, expected 0..{n_layers}")
    return default if layer is None else layer


def in_windows(audio: np.ndarray, encode: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """encode on overlapping windows of at most WINDOW features; of each, all but the margins is kept.

    encode: audio [n] -> [n_features(n), D].   Returns [n_features(len(audio)), D]."""
    total = n_features(len(audio))
    if total <= WINDOW:
        return encode(audio)
    pieces, done = [], 0
    while done < total:
        first = min(max(done - MARGIN, 0), total - WINDOW)
        last = total if first + WINDOW == total else first + WINDOW - MARGIN
        features = encode(audio[first * SAMPLES_PER_FEATURE : (first + WINDOW) * SAMPLES_PER_FEATURE])
        pieces.append(features[done - first : last - first])
        done = last
    return np.concatenate(pieces)


def by_length(clips: Sequence[np.ndarray]) -> dict[int, list[int]]:
    """Indices of the clips of each length."""
    groups: dict[int, list[int]] = {}
    for i, clip in enumerate(clips):
        groups.setdefault(len(clip), []).append(i)
    return groups
