"""The engine through the compiled module: chunks, seeds, states, agreement of the backends."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from diffusiontalker import _native, errors

RATE = 22050


def speech_like(n_samples: int, rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Noise with a slow envelope, float32 [n_samples]."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_samples) / rate
    return (rng.standard_normal(n_samples) * 0.1 * (1 + np.sin(7 * t)) * (np.sin(2 * t) > -0.5)).astype(np.float32)


@pytest.fixture(scope="module")
def model(tiny_bundle):
    return _native.Model(str(tiny_bundle), backend="openvino", n_threads=1)


@pytest.fixture(scope="module")
def audio():
    return speech_like(2 * RATE + 123)


def animate(stream, audio, rate=RATE, chunk=None) -> np.ndarray:
    """All frames of a clip; pulls oddly sized portions between the pushes."""
    chunk = chunk or max(len(audio), 1)
    parts = []
    for i, start in enumerate(range(0, len(audio), chunk)):
        stream.push(audio[start : start + chunk], rate)
        if i % 3 == 0:
            parts.append(stream.pull(1 + i % 7))
    stream.flush()
    parts.append(stream.pull())
    assert stream.pull()[1].shape[0] == 0
    next_frame = 0
    for first, weights in parts:
        assert first == next_frame
        next_frame += len(weights)
    return np.concatenate([weights for _, weights in parts])


@pytest.mark.parametrize("profile", ["live", "low", "offline"])
@pytest.mark.parametrize("chunk", [160, 999, 16000])
def test_chunks_any_size_give_identical_frames(model, audio, profile, chunk):
    stream = _native.Stream(model, seed=3, profile=profile)
    whole = animate(stream, audio)
    stream.reset()
    assert np.array_equal(animate(stream, audio, chunk=chunk), whole)


def test_chunks_of_one_sample_give_identical_frames(model, audio):
    stream = _native.Stream(model)
    whole = animate(stream, audio[:RATE])
    stream.reset()
    assert np.array_equal(animate(stream, audio[:RATE], chunk=1), whole)


def test_backends_agree(model, tiny_bundle, audio):
    """1e-4 is the stated limit between fp32 backends; the tiny networks come to about 1e-7."""
    reference = _native.Model(str(tiny_bundle), backend="reference")
    for profile in ("live", "offline"):
        a, b = (animate(_native.Stream(m, seed=5, profile=profile), audio) for m in (model, reference))
        assert a.shape == b.shape == (61, 52)
        assert np.abs(a - b).max() <= 1e-4
        assert a.std(axis=0).mean() > 1e-2


def test_threads_do_not_change_frames(tiny_bundle, audio):
    one, two = (_native.Model(str(tiny_bundle), backend="openvino", n_threads=n) for n in (1, 2))
    assert np.abs(animate(_native.Stream(one), audio) - animate(_native.Stream(two), audio)).max() <= 1e-5


def test_seed_and_identity_matter_and_repeat(model, audio):
    frames = {
        key: animate(_native.Stream(model, seed=key[0], identity=key[1]), audio)
        for key in [(0, "ada"), (1, "ada"), (0, "ben"), (2**64 - 1, None)]
    }
    again = animate(_native.Stream(model, seed=0, identity="ada"), audio)
    assert np.array_equal(frames[0, "ada"], again)
    assert np.array_equal(
        animate(_native.Stream(model, seed=2**64 - 1, identity="ada"), audio), frames[2**64 - 1, None]
    )
    for other in [(1, "ada"), (0, "ben")]:
        assert np.abs(frames[other] - again).max() > 1e-3


def test_style_replaces_identity(model, audio):
    style = np.random.default_rng(3).standard_normal((2, model.d_identity)).astype(np.float32)  # as tests/bundles.py
    assert np.array_equal(
        animate(_native.Stream(model, style=style[1]), audio), animate(_native.Stream(model, identity="ben"), audio)
    )
    with pytest.raises(ValueError, match=r"style must be an array \[4\]"):
        _native.Stream(model, style=np.zeros(3, np.float32))
    with pytest.raises(errors.InputError, match="not finite"):
        _native.Stream(model, style=np.full(4, np.nan, np.float32))


@pytest.mark.parametrize(
    ("n_samples", "rate", "n_frames"),
    [
        (0, 16000, 0),
        (1, 16000, 1),
        (441, 44100, 1),
        (1600, 16000, 3),
        (1601, 16000, 4),
        (192000, 192000, 30),
        (999, 1000, 30),
    ],
)
def test_flush_gives_the_frames_of_the_duration(model, n_samples, rate, n_frames):
    weights = animate(_native.Stream(model), speech_like(n_samples, rate), rate)
    assert weights.shape == (n_frames, 52)
    assert np.isfinite(weights).all() and weights.min(initial=0) >= 0 and weights.max(initial=0) <= 1


def test_last_frame_is_the_rest_pose(model, audio):
    rest = np.where(np.arange(52) % 7 == 3, 0.1, 0.0).astype(np.float32)
    assert np.array_equal(animate(_native.Stream(model), audio)[-1], rest)
    assert not np.array_equal(animate(_native.Stream(model, ease_out_frames=0), audio)[-1], rest)


def test_reset_gives_the_state_after_creation(model, audio):
    stream = _native.Stream(model)
    expected = animate(stream, audio)
    stream.reset()
    assert stream.stats()["n_frames"] == 0
    stream.push(audio[:9999], 48000)
    stream.pull(3)
    stream.reset()
    assert np.array_equal(animate(stream, audio), expected)
    assert stream.stats()["n_frames"] == 61


def test_streams_of_one_model_are_independent(model, audio):
    alone = [animate(_native.Stream(model, seed=s), audio) for s in (0, 1)]
    streams = [_native.Stream(model, seed=s) for s in (0, 1)]
    parts: list[list[np.ndarray]] = [[], []]
    for start in range(0, len(audio), 5000):
        for stream, part in zip(streams, parts, strict=True):
            stream.push(audio[start : start + 5000], RATE)
            part.append(stream.pull()[1])
    for stream, part, expected in zip(streams, parts, alone, strict=True):
        stream.flush()
        assert np.array_equal(np.concatenate([*part, stream.pull()[1]]), expected)


def test_bad_audio_is_refused_and_changes_nothing(model, audio):
    stream = _native.Stream(model)
    bad = audio.copy()
    bad[77] = np.nan
    for samples, rate, message in [
        (bad, RATE, "sample 77 is not finite"),
        (audio, 10, "10 Hz, expected 1000 to 768000"),
        (np.zeros((3, 65), np.float32), RATE, "65 channels"),
        (np.zeros((3, 0), np.float32), RATE, "0 channels"),
    ]:
        with pytest.raises(errors.InputError, match=message):
            stream.push(samples, rate)
    with pytest.raises(ValueError, match=r"\[n\] or \[n, n_channels\]"):
        stream.push(np.zeros((2, 2, 2), np.float32), RATE)
    expected = animate(_native.Stream(model), audio)
    assert np.array_equal(animate(stream, audio), expected)
    with pytest.raises(errors.StreamClosedError, match="flushed"):
        stream.push(audio, RATE)


def test_full_buffer_takes_nothing(model):
    audio = speech_like(4 * RATE)
    stream = _native.Stream(model, max_buffered_ms=1000)
    with pytest.raises(errors.BufferFullError, match="max_buffered_ms = 1000"):
        stream.push(audio, RATE)
    assert np.array_equal(animate(stream, audio[:RATE]), animate(_native.Stream(model), audio[:RATE]))


def test_layouts_and_channels_are_converted(model, audio):
    expected = animate(_native.Stream(model), audio)
    assert np.array_equal(animate(_native.Stream(model), audio.astype(np.float64)), expected)
    assert np.array_equal(animate(_native.Stream(model), np.repeat(audio, 2)[::2]), expected)
    stereo = np.stack([1.5 * audio, 0.5 * audio], axis=1)
    assert np.abs(animate(_native.Stream(model), stereo) - expected).max() < 1e-4


def test_stats_split_the_time(model, audio):
    stream = _native.Stream(model)
    animate(stream, audio)
    stats = stream.stats()
    assert (stats["n_hops"], stats["n_frames"]) == (11, 61)
    faults = ("n_overruns", "n_underruns", "n_deadline_misses", "max_lateness_ns")
    assert all(isinstance(n, int) and n > 0 for k, n in stats.items() if k not in faults)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_compute_threads_are_not_pinned_to_cores(model, audio):
    """Pinned threads made a step of the base model 40 times slower while another program used their core."""
    animate(_native.Stream(model), audio)
    allowed = {
        line
        for status in Path("/proc/self/task").glob("*/status")
        for line in status.read_text().splitlines()
        if line.startswith("Cpus_allowed_list")
    }
    assert len(allowed) == 1, allowed


def test_threads_may_share_a_model(tiny_bundle, model, audio):
    """One stream per thread; the first ones of a profile race to compile its networks."""
    expected = [animate(_native.Stream(model, seed=s, profile="low"), audio) for s in range(4)]
    fresh = _native.Model(str(tiny_bundle), backend="openvino", n_threads=1)
    with ThreadPoolExecutor(4) as pool:
        frames = list(pool.map(lambda s: animate(_native.Stream(fresh, seed=s, profile="low"), audio), range(4)))
    for ours, alone in zip(frames, expected, strict=True):
        assert np.array_equal(ours, alone)
