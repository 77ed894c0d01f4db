"""Front end and noise of the compiled module against the specification in Python and against soxr."""

from __future__ import annotations

import numpy as np
import pytest

from diffusiontalker import _native, errors
from diffusiontalker.spec.mel import MelSpec, log_mel
from diffusiontalker.spec.noise import normal_noise

soxr = pytest.importorskip("soxr")


@pytest.fixture(scope="module")
def model(tiny_bundle):
    return _native.Model(str(tiny_bundle), backend="reference")


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**64 - 1])
def test_noise_equals_specification(seed):
    for first, n, channels in [(0, 7, 52), (2**32 - 3, 6, 5), (2**40, 2, 1)]:
        ours, expected = _native.noise(seed, first, n, channels), normal_noise(seed, first, n, channels)
        # Same double formula; the libraries' log and cos may differ in the last place.
        assert np.abs(ours - expected).max() <= 1e-6


def test_noise_refuses_negative_frames():
    with pytest.raises(errors.InputError, match="first_frame"):
        _native.noise(0, -1, 1, 1)


@pytest.mark.parametrize("n_samples", [1, 159, 160, 161, 16000, 23456])
def test_log_mel_equals_specification(model, n_samples):
    audio = (np.random.default_rng(n_samples).standard_normal(n_samples) * 0.2).astype(np.float32)
    ours, expected = model.log_mel(audio), log_mel(audio, MelSpec())
    assert ours.shape == expected.shape
    assert np.abs(ours - expected).max() <= 1e-4


@pytest.mark.parametrize(("rate_in", "rate_out"), [(44100, 16000), (48000, 16000), (8000, 16000), (22050, 16000)])
def test_resample_agrees_with_soxr_in_the_common_band(rate_in, rate_out):
    """Tones below 0.9 of the lower Nyquist frequency; the edges, where the two see different silence, left out."""
    t = np.arange(2 * rate_in) / rate_in
    nyquist = min(rate_in, rate_out) / 2
    audio = sum(np.sin(2 * np.pi * f * nyquist * t + f) for f in (0.02, 0.3, 0.6, 0.85)) / 5
    ours = _native.resample(audio.astype(np.float32), rate_in, rate_out)
    expected = soxr.resample(audio, rate_in, rate_out, quality="VHQ")
    n = min(len(ours), len(expected))
    assert len(ours) == -(-len(audio) * rate_out // rate_in)
    assert np.abs(ours[2000 : n - 2000] - expected[2000 : n - 2000]).max() <= 1e-4  # -80 dB


def test_resample_refuses_rates_and_nan():
    with pytest.raises(errors.InputError, match="1000"):
        _native.resample(np.zeros(10, np.float32), 10, 16000)
    with pytest.raises(errors.InputError, match="sample 4 is not finite"):
        _native.resample(np.array([0, 0, 0, 0, np.inf], np.float32), 8000, 16000)
    assert _native.resample(np.zeros(0, np.float32), 8000, 16000).shape == (0,)


def test_silence_in_the_stream_equals_pushed_silence(tiny_bundle, model):
    """What a window reads after the end of the audio is what it reads when zeros are pushed."""
    audio = (np.random.default_rng(0).standard_normal(16000) * 0.1).astype(np.float32)
    short, long = (_native.Stream(model, ease_out_frames=0) for _ in range(2))
    short.push(audio, 16000)
    long.push(np.concatenate([audio, np.zeros(16000, np.float32)]), 16000)
    short.flush()
    long.flush()
    a, b = short.pull()[1], long.pull()[1]
    assert (len(a), len(b)) == (30, 60)
    assert np.array_equal(a, b[:30])
