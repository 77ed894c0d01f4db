"""Streams of the Python API: any push size, and more audio than the native buffer takes."""

from __future__ import annotations

import numpy as np
import pytest
from cli_support import tone

from diffusiontalker.errors import BufferFullError, InputError, StreamClosedError


def frames_of(stream, audio, rate, piece):
    frames = []
    for start in range(0, len(audio), piece):
        stream.push(audio[start : start + piece], rate)
        frames += stream.pull()
    stream.flush()
    return frames + stream.pull()


@pytest.mark.parametrize("piece", [160, 999, 16000, 10**9])
def test_stream_push_size_never_matters(model, piece):
    audio = tone(3, 16000)
    frames = frames_of(model.stream(seed=9), audio, 16000, piece)
    whole = model.animate(audio, 16000, seed=9)
    assert [f.index for f in frames] == list(range(90))
    assert frames[45].time_s == pytest.approx(1.5)
    np.testing.assert_array_equal(np.stack([f.weights for f in frames]), whole.weights)


def test_stream_takes_a_long_push_and_computes_nothing_before_the_pull(model):
    audio = tone(60, 16000)
    stream = model.stream(seed=1)
    stream.push(audio, 16000)
    assert stream.stats()["n_hops"] == 0
    assert stream.buffered_s == pytest.approx(60)
    stream.flush()
    assert stream.ready_frames == 1800
    first, block = stream.pull_block(4)
    assert (first, block.shape, stream.stats()["n_hops"]) == (0, (4, 52), 1)
    rest = stream.pull()
    assert rest[0].index == 4 and not stream.buffered_s
    weights = np.concatenate([block, np.stack([f.weights for f in rest])])
    np.testing.assert_array_equal(weights, model.animate(audio, 16000, seed=1).weights)


def test_stream_refuses_what_is_more_than_it_may_buffer(model):
    audio = tone(3, 16000)
    stream = model.stream(max_buffered_ms=2000)
    with pytest.raises(BufferFullError, match="more than 2000 ms"):
        stream.push(audio, 16000)
    assert stream.buffered_s == 0  # all or nothing
    stream.push(audio[:32000], 16000)
    with pytest.raises(BufferFullError):
        stream.push(audio[32000:], 16000)
    stream.pull()
    stream.push(audio[32000:], 16000)
    with pytest.raises(InputError, match="max_buffered_ms is 99, expected 100"):
        model.stream(max_buffered_ms=99)


def test_stream_int16_equals_float(model):
    samples = (tone(1, 16000) * 20000).astype(np.int16)
    a = frames_of(model.stream(), samples, 16000, 5000)
    b = frames_of(model.stream(), samples.astype(np.float32) / 32768, 16000, 5000)
    np.testing.assert_array_equal(np.stack([f.weights for f in a]), np.stack([f.weights for f in b]))


def test_stream_reset_starts_again(model):
    audio = tone(1, 16000)
    stream = model.stream(seed=2)
    first = frames_of(stream, audio, 16000, 4000)
    stream.reset()
    assert stream.ready_frames == 0
    second = frames_of(stream, audio, 16000, 4000)
    np.testing.assert_array_equal(np.stack([f.weights for f in first]), np.stack([f.weights for f in second]))


def test_stream_push_after_flush_is_refused(model):
    stream = model.stream()
    stream.push(tone(0.1, 16000), 16000)
    stream.flush()
    with pytest.raises(StreamClosedError):
        stream.push(tone(0.1, 16000), 16000)


def test_stream_states_its_latency(model):
    for name, profile in model.profiles.items():
        stated = model.stream(profile=name).profile
        hop_s, lookahead_s = profile.hop_frames / 30, stated.lookahead_samples / 16000
        assert lookahead_s >= profile.lookahead_frames / 30
        assert stated.latency_ms == pytest.approx(1000 * (hop_s + lookahead_s))


def test_stream_frame_leaves_when_its_latency_says(model):
    stream = model.stream()
    needed = stream.profile.latency_ms / 1000
    audio = tone(needed + 0.1, 16000)
    n_early = int((needed - 0.02) * 16000)
    stream.push(audio[:n_early], 16000)
    assert stream.pull() == []
    stream.push(audio[n_early : int((needed + 0.05) * 16000)], 16000)
    assert len(stream.pull()) >= stream.profile.hop_frames


def test_stream_stats_count_frames(model):
    stream = model.stream()
    frames = frames_of(stream, tone(1, 16000), 16000, 16000)
    stats = stream.stats()
    assert stats["n_frames"] == len(frames)
    assert stats["n_hops"] >= 1
    assert stats["denoiser_ns"] > 0
