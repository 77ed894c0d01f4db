"""Log-mel spectrogram, the audio front end of both training and runtime (docs/bundle-format.md, "Log-mel")."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ


@dataclass(frozen=True)
class MelSpec:
    """Sizes in samples, frequencies in Hz."""

    sample_rate_hz: int = SAMPLE_RATE_HZ
    n_mels: int = 80
    window_length: int = 400  # 25 ms
    hop_length: int = 160  # 10 ms
    n_fft: int = 512
    f_min_hz: float = 20.0
    f_max_hz: float = 8000.0
    log_floor: float = 1e-5  # about the energy of 16-bit rounding noise in one filter


def n_mel_frames(n_samples: int, spec: MelSpec) -> int:
    """Mel frames whose centre lies inside the signal."""
    return -(-n_samples // spec.hop_length)


@lru_cache(maxsize=4)
def mel_filters(spec: MelSpec) -> np.ndarray:
    """Triangular HTK filters, float64 [n_mels, n_fft // 2 + 1]."""

    def to_mel(f):
        return 2595.0 * np.log10(1.0 + f / 700.0)

    def from_mel(m):
        return 700.0 * (10.0 ** (m / 2595.0) - 1.0)

    edges = from_mel(np.linspace(to_mel(spec.f_min_hz), to_mel(spec.f_max_hz), spec.n_mels + 2))
    bins = np.arange(spec.n_fft // 2 + 1) * spec.sample_rate_hz / spec.n_fft
    low, mid, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.maximum(0.0, np.minimum((bins - low) / (mid - low), (high - bins) / (high - mid)))


def log_mel(audio: np.ndarray, spec: MelSpec) -> np.ndarray:
    """Log-mel spectrogram of mono audio, the same in streaming and offline use.
    audio: float [n_samples], -1..1, at spec.sample_rate_hz; silence is assumed on both sides.
    Returns float32 [n_mel_frames, n_mels].   Raises ValueError when audio is not 1-D or not finite.
    """
    audio = np.asarray(audio)
    if audio.ndim != 1:
        raise ValueError(f"audio has shape {audio.shape}, expected [n_samples]")
    if not np.isfinite(audio).all():
        raise ValueError("audio contains NaN or infinite samples")
    n = n_mel_frames(len(audio), spec)
    if n == 0:
        return np.empty((0, spec.n_mels), np.float32)
    half = spec.window_length // 2
    padded = np.zeros((n - 1) * spec.hop_length + spec.window_length, np.float32)
    end = min(len(audio), len(padded) - half)
    padded[half : half + end] = audio[:end]
    frames = np.lib.stride_tricks.sliding_window_view(padded, spec.window_length)[:: spec.hop_length]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(spec.window_length) / spec.window_length)
    filters = mel_filters(spec).T
    out = np.empty((n, spec.n_mels), np.float32)
    for i in range(0, n, 6000):  # a minute at a time bounds the memory of long recordings
        power = np.abs(np.fft.rfft(frames[i : i + 6000] * hann, spec.n_fft)) ** 2
        out[i : i + 6000] = np.log(power @ filters + spec.log_floor)
    return out
