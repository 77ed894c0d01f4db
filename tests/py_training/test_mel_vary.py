"""Variation of log-mel windows: what may change (level, colour, pitch of formants, noise), and what may not (time)."""

import numpy as np
import pytest
import soxr

from diffusiontalker.spec.mel import MelSpec, log_mel
from training.data.mel_vary import MelVariation, vary_mel

STILL = {"vocal_tract": 0.0, "level_db": 0.0, "colour_db": 0.0, "noise_share": 0.0, "band_share": 0.0}


def tone(seconds: float, hz: float, start: float) -> np.ndarray:
    t = np.arange(int(seconds * 16000)) / 16000
    return (0.1 * np.sin(2 * np.pi * hz * t) * (t >= start)).astype(np.float32)


def varied(mel: np.ndarray, seed: int = 0, **ranges) -> np.ndarray:
    return vary_mel(mel, np.random.default_rng(seed), MelVariation(share=1.0, **(STILL | ranges)))


def test_without_ranges_nothing_changes():
    mel = log_mel(tone(1.0, 440, 0.3), MelSpec())
    assert np.abs(varied(mel) - mel).max() < 1e-3
    assert vary_mel(mel, np.random.default_rng(0), MelVariation(share=0.0)) is mel


def test_level_is_that_of_louder_audio():
    audio = tone(1.0, 440, 0.0)
    mel = log_mel(audio, MelSpec())
    louder = varied(mel, level_db=8.0)
    gain = float(np.median((louder - mel)[mel > -5]))
    expected = log_mel(audio * np.exp(gain / 2), MelSpec())
    assert abs(gain) <= 8.0 * np.log(10) / 10 + 1e-4 and abs(gain) > 0.01
    assert np.abs(louder - expected).max() < 0.02


def test_longer_vocal_tract_moves_the_peak_by_at_most_its_range():
    mel = log_mel(tone(1.0, 1500, 0.0), MelSpec())
    peak = mel[50].argmax()
    peaks = {int(varied(mel, seed, vocal_tract=0.12)[50].argmax()) for seed in range(30)}
    assert len(peaks) > 3 and max(abs(p - peak) for p in peaks) <= np.ceil(0.12 * peak)


def test_noise_fills_the_silence_and_leaves_onsets_where_they_are():
    mel = log_mel(tone(1.0, 440, 0.5), MelSpec())
    for seed in range(20):
        noisy = varied(mel, seed, noise_share=1.0, snr_db=(20.0, 35.0))
        assert noisy[:40].mean() > mel[:40].mean() + 1
        band = noisy[:, mel[80].argmax()]
        assert abs(int(np.argmax(np.diff(band))) - 49) <= 2
        assert (noisy >= np.log(1e-5) - 1e-4).all() and np.isfinite(noisy).all()


def test_a_cut_band_is_what_a_lower_sample_rate_leaves():
    noise = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
    mel = log_mel(noise, MelSpec())
    cut = varied(mel, band_share=1.0, band_hz=(4000.0, 4000.0))
    telephone = log_mel(soxr.resample(soxr.resample(noise, 16000, 8000), 8000, 16000), MelSpec())
    middle, silent = slice(10, -10), telephone[50] < np.log(2e-5)
    assert 10 < silent.sum() < 30 and (cut[:, silent] == np.log(np.float32(1e-5))).all()
    low = np.flatnonzero(silent)[0] - 4  # the resampler's own slope lies between
    assert np.abs(cut - telephone)[middle, :low].max() < 0.05


@pytest.mark.parametrize("seed", range(5))
def test_same_seed_same_window(seed):
    mel = log_mel(tone(0.5, 300, 0.1), MelSpec())
    ranges = MelVariation(share=1.0)
    first, again = (vary_mel(mel, np.random.default_rng(seed), ranges) for _ in range(2))
    assert (first == again).all() and first.dtype == np.float32
    assert not (first == vary_mel(mel, np.random.default_rng(seed + 100), ranges)).all()
