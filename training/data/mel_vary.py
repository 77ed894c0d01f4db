"""Other throats, microphones, rooms and telephones drawn on log-mel windows while training: cheaper than new
recordings, and never the same twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from diffusiontalker.spec.mel import MelSpec, mel_filters

FLOOR = MelSpec().log_floor
DB = np.log(10) / 10  # decibels of power to natural logarithm
HOP_S = MelSpec().hop_length / MelSpec().sample_rate_hz
CENTRE_HZ = mel_filters(MelSpec()).argmax(axis=1) * MelSpec().sample_rate_hz / MelSpec().n_fft  # of each mel bin


@dataclass(frozen=True)
class MelVariation:
    """Ranges are uniform, both ways where only one bound is given. All are our choices."""

    share: float = 0.8  # of the windows that are changed at all
    vocal_tract: float = 0.12  # stretch of the frequency axis (VTLP, Jaitly & Hinton 2013)
    level_db: float = 8.0
    colour_db: float = 8.0  # of a smooth random frequency response
    n_knots: int = 6
    noise_share: float = 0.6  # of the changed windows that get noise
    snr_db: tuple[float, float] = (0.0, 35.0)  # against the loud frames of the window
    tilt_db: float = 25.0  # of the noise over the whole band
    band_share: float = 0.15  # of the changed windows that a telephone or a low bit rate has cut off
    band_hz: tuple[float, float] = (3400.0, 7000.0)
    telephone_share: float = 0.0  # of the changed windows that a telephone has cut off at both ends
    telephone_hz: tuple[tuple[float, float], tuple[float, float]] = ((200.0, 400.0), (3000.0, 3800.0))
    room_share: float = 0.0  # of the changed windows that get the tail of a room
    room_s: tuple[float, float] = (0.1, 0.8)  # time until the tail has fallen by 60 dB
    direct_db: tuple[float, float] = (-4.0, 14.0)  # level of the direct sound above the tail


# For enrolment: whose voice it is must not depend on what it was recorded with. The throat stays, it is the person's.
OF_REFERENCES = MelVariation(
    share=0.9, vocal_tract=0.0, level_db=12.0, colour_db=10.0, noise_share=0.5, snr_db=(3.0, 35.0), band_share=0.1,
    telephone_share=0.3, room_share=0.4,
)  # fmt: skip


def vary_mel(mel: np.ndarray, rng: np.random.Generator, ranges: MelVariation) -> np.ndarray:
    """mel: float32 [T, n_mels] natural log of power plus FLOOR -> the same shape, what is said and when unchanged."""
    if rng.random() >= ranges.share:
        return mel
    bins = np.arange(mel.shape[1], dtype=np.float32)
    mel = _stretched(mel, 1 + rng.uniform(-1, 1) * ranges.vocal_tract)
    knots = np.linspace(0, len(bins) - 1, ranges.n_knots)
    gain = np.interp(bins, knots, rng.uniform(-1, 1, ranges.n_knots) * ranges.colour_db)
    gain += rng.uniform(-1, 1) * ranges.level_db
    power = np.maximum(np.exp(mel) - FLOOR, 0)
    if ranges.room_share and rng.random() < ranges.room_share:
        power = _in_a_room(power, rng.uniform(*ranges.room_s), rng.uniform(*ranges.direct_db))
    power = power * np.exp(gain * DB)
    if rng.random() < ranges.noise_share:
        loud = np.log(np.percentile(power.mean(axis=1), 90) + FLOOR)
        tilt = rng.uniform(-1, 1) * ranges.tilt_db * (bins / len(bins) - 0.5)
        noise = np.exp(loud + (tilt - rng.uniform(*ranges.snr_db)) * DB)
        # Power of noise in one filter fluctuates like a chi-square of some degrees of freedom.
        power = power + noise * rng.gamma(3.0, 1 / 3, power.shape)
    if rng.random() < ranges.band_share:
        power = power * (CENTRE_HZ < rng.uniform(*ranges.band_hz))
    if ranges.telephone_share and rng.random() < ranges.telephone_share:
        low, high = (rng.uniform(*edge) for edge in ranges.telephone_hz)
        power = power * ((low < CENTRE_HZ) & (high > CENTRE_HZ))
    return np.log(power + FLOOR).astype(np.float32)


def _in_a_room(power: np.ndarray, decay_s: float, direct_db: float) -> np.ndarray:
    """Power [T, bins] with the exponential tail of a room behind every frame, all of the tail direct_db below it."""
    kept = 10 ** (-6 * HOP_S / decay_s)
    tail = lfilter([0.0, 1 - kept], [1.0, -kept], power, axis=0)
    return power + tail * 10 ** (-direct_db / 10)


def _stretched(mel: np.ndarray, factor: float) -> np.ndarray:
    """Bin b shows what stood at b / factor; beyond the last bin its value is held."""
    source = np.minimum(np.arange(mel.shape[1]) / factor, mel.shape[1] - 1)
    low = np.minimum(source.astype(int), mel.shape[1] - 2)
    part = (source - low).astype(np.float32)
    return mel[:, low] * (1 - part) + mel[:, low + 1] * part
