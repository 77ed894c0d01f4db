"""What a voice agent does with a stream: bytes of a synthesiser, utterances, barge-in from the shown frame, poses of a
moment, silence that lives."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from cli_support import tone

from diffusiontalker import errors

RATE = 16000


@pytest.fixture(scope="module")
def voice():
    return tone(4, RATE)


def weights_of(frames) -> np.ndarray:
    return np.stack([f.weights for f in frames])


@pytest.mark.parametrize(("dtype", "kind", "scale"), [
    ("s16le", "<i2", 32767), ("int16", "<i2", 32767), ("s32le", "<i4", 2**30), ("uint8", "u1", 100),
    ("f32le", "<f4", 1),
])  # fmt: skip
def test_bytes_of_a_synthesiser_are_taken_with_their_dtype(model, voice, dtype, kind, scale):
    samples = (voice * scale + (128 if dtype == "uint8" else 0)).astype(kind)
    by_bytes, by_array = model.stream(), model.stream()
    for make in (bytes, bytearray, memoryview):
        assert by_bytes.push(make(samples.tobytes()), RATE, dtype=dtype) is True
        by_array.push(samples, RATE)
    assert np.array_equal(weights_of(by_bytes.pull()), weights_of(by_array.pull()))


def test_bytes_that_say_nothing_of_themselves_are_refused_with_what_to_say(model):
    stream = model.stream()
    with pytest.raises(errors.InputError, match="audio is bytes and dtype is None: say .* s16le"):
        stream.push(b"\0\0", RATE)
    with pytest.raises(errors.InputError, match="dtype is 'pcm': .* s16le"):
        stream.push(b"\0\0", RATE, dtype="pcm")
    with pytest.raises(errors.InputError, match="3 bytes are no whole number of 2-byte samples"):
        stream.push(b"\0\0\0", RATE, dtype="int16")
    with pytest.raises(errors.InputError, match="no bytes"):
        stream.push(np.zeros(3), RATE, dtype="int16")
    stream.push(b"", RATE, dtype="int16")


def test_a_cancelled_voice_cannot_start_the_next_answer(model, voice):
    stream = model.stream()
    old = stream.utterance
    assert stream.push(voice, RATE, utterance=old)
    first = stream.pull()
    assert {f.utterance for f in first} == {old}
    stream.interrupt(0)
    assert stream.utterance == old + 1
    assert not stream.push(voice, RATE, utterance=old)
    assert not stream.flush(utterance=old)
    assert stream.buffered_s == 0
    assert stream.push(voice[:RATE], RATE, utterance=stream.utterance)
    assert stream.flush(utterance=stream.utterance)
    answer = stream.pull()
    assert {f.utterance for f in answer} == {old + 1}
    assert len(answer) == 30
    with pytest.raises(errors.InputError, match="there is no utterance 99 yet"):
        stream.push(voice, RATE, utterance=99)
    with pytest.raises(errors.InputError, match="utterance is 0"):
        stream.push(voice, RATE, utterance=0)


def test_barge_in_eases_from_the_frame_that_is_shown(model, voice):
    stream = model.stream()
    stream.push(voice, RATE)
    pulled = stream.pull()
    assert len(pulled) > 60
    assert stream.interrupt(100, shown_frame=40) == 44
    easing = stream.pull()
    assert [f.index for f in easing] == [41, 42, 43]
    rest = easing[-1].weights
    assert np.allclose(easing[0].weights, rest + (pulled[40].weights - rest) * (1 - 7 / 27), atol=1e-6)
    with pytest.raises(errors.InputError, match="shown_frame is 44, but the next one to be pulled is frame 44"):
        stream.interrupt(100, shown_frame=44)


def test_a_moment_is_mixed_from_its_neighbours(model, voice):
    expected = model.animate(voice, RATE, seed=0).weights
    stream = model.stream()
    stream.push(voice, RATE)
    stream.flush()
    for k, share in [(0, 0.0), (3, 0.25), (3, 0.5), (59, 0.75), (60, 0.0)]:
        frame = stream.frame_at((k + share) / 30)
        mixed = expected[k] + (expected[k + 1] - expected[k]) * np.float32(share)
        assert np.allclose(frame.weights, mixed, atol=1e-6), k
        assert frame.time_s == pytest.approx((k + share) / 30) and frame.index == k
    assert stream.stats()["n_frames"] == 61  # no more than it needed
    end = stream.frame_at(99)
    assert np.array_equal(end.weights, expected[-1]) and end.index == 119
    assert np.array_equal(stream.frame_at(-5).weights, model.stream().frame_at(0).weights)  # the rest pose
    with pytest.raises(errors.InputError, match="expected seconds"):
        stream.frame_at(float("nan"))


def test_a_moment_that_is_gone_names_what_is_kept(model, voice):
    stream = model.stream(history_ms=500)
    stream.push(voice, RATE)
    stream.frame_at(2.0)
    with pytest.raises(errors.InputError, match=r"time_s is 1.000 s, but only frames from 1.5\d\d s on are kept"):
        stream.frame_at(1.0)
    with pytest.raises(errors.UnsupportedError, match="history_ms above 0"):
        model.stream(history_ms=0).frame_at(0)


def test_a_player_looks_while_a_worker_computes(model, voice):
    stream = model.stream(history_ms=60_000)
    stream.push(np.tile(voice, 5), RATE)
    worker = threading.Thread(target=stream.pull)
    worker.start()
    times = []
    while worker.is_alive():
        times.append(stream.frame_at(1.0, compute=False).time_s)  # never waits, never computes
    worker.join()
    assert times == sorted(times)
    assert stream.frame_at(1.0, compute=False).time_s == 1.0


def test_idle_is_pushed_silence_on_the_grid_of_frames(model, voice):
    idle, cut, zeros = model.stream(seed=3), model.stream(seed=3), model.stream(seed=3)
    for stream in (idle, cut, zeros):
        stream.push(voice[:RATE], RATE)
    assert idle.idle(2) == 90
    assert [cut.idle(s) for s in (0.5, 0.01, 0, 1.4666)] == [45, 46, 46, 90]
    zeros.push(np.zeros(2 * RATE, np.float32), RATE)
    frames = [weights_of(s.pull()) for s in (idle, cut, zeros)]
    assert np.array_equal(frames[0], frames[2]) and np.array_equal(frames[1], frames[2])
    for bad in (-1, float("nan"), 3601):
        with pytest.raises(errors.InputError, match="expected 0 to 3600"):
            idle.idle(bad)


def test_idle_before_a_voice_leaves_its_rate_open(model, voice):
    stream = model.stream()
    assert stream.idle(1) == 30
    stream.push(voice, 24000)
    assert stream.info()["sample_rate_hz"] == 24000
    assert stream.next_audio_frame == 30 + int(len(voice) * 30 / 24000)


def test_two_threads_that_push_at_once_are_refused_or_taken_whole(model):
    stream = model.stream()
    samples, faults, taken = tone(2, 48000), [], []

    def push():
        for _ in range(20):
            try:
                taken.append(stream.push(samples, 48000))
            except errors.BusyError:
                continue
            except Exception as e:
                faults.append(e)

    threads = [threading.Thread(target=push) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not faults and all(taken)
    assert stream.buffered_s == pytest.approx(2 * len(taken))
