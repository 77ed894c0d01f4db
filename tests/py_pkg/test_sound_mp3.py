"""MP3 files without a header that tells their length, as programs write them that cannot go back in their output."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from benchmarks.inputs.kinds import Clip
from benchmarks.inputs.mp3_kinds import mp3, without_header
from diffusiontalker.io.sound import libav, mpeg
from diffusiontalker.io.sound.reading import Sound
from diffusiontalker.io.sound.view import View


def loud_then_soft(rate: int, seconds: float = 4.0) -> Clip:
    """Noise, then a soft tone: the first frames need many bits, and libmpg123 takes the others for as large."""
    t = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(0).standard_normal(len(t)) * 0.2 * (t < 0.3)
    return Clip((noise + 0.05 * np.sin(2 * np.pi * 300 * t) * (t >= 0.3)).astype(np.float32), rate)


def read_s(data: bytes) -> tuple[float, list[str]]:
    said: list[str] = []
    with Sound(data, warn=said.append) as sound:
        return sum(len(block) / rate for block, rate in sound.blocks()), said


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_mp3_without_a_length_header_is_read_whole_without_pyav(rate, monkeypatch):
    monkeypatch.setattr(libav, "is_installed", lambda: False)
    data = without_header(mp3(loud_then_soft(rate)))
    believed = soundfile.info(io.BytesIO(data)).duration
    assert believed < 3  # what libsndfile alone would read of the 4 s
    seconds, said = read_s(data)
    assert 4.0 <= seconds < 4.4 and said == []


def test_mp3_with_a_header_has_exactly_the_samples_that_were_encoded():
    clip = loud_then_soft(44100)
    assert round(read_s(mp3(clip))[0] * 44100) == len(clip.samples)


def test_mp3_that_changes_its_channels_is_read_to_its_end():
    clip = loud_then_soft(22050, 2.0)
    both = Clip(clip.stereo(), clip.rate)
    seconds, said = read_s(without_header(mp3(clip)) + without_header(mp3(both)))
    assert 4.0 <= seconds < 4.8 and said == []


def test_mp3_cut_off_says_how_much_is_there_of_how_much():
    data = mp3(loud_then_soft(16000))
    said = read_s(data[: len(data) // 2])[1]
    assert len(said) == 1 and "is cut off: " in said[0] and "of 4." in said[0]


def test_frames_are_counted_past_tags_and_junk():
    clip = loud_then_soft(16000)
    data = without_header(mp3(clip))
    run = mpeg.find_runs(View(io.BytesIO(data), 0, len(data)))[0]
    tag = b"ID3\x04\x00\x00\x00\x00\x02\x00" + bytes(256)
    middle = run.start + len(data) // 2
    at = next(
        at for at in range(middle, len(data)) if (h := mpeg.frame_header(data[at : at + 4])) and h.kind == run.kind
    )
    mixed = tag + data[:at] + bytes(500) + data[at:] + b"TAG" + bytes(125)
    counted = mpeg.find_runs(View(io.BytesIO(mixed), 0, len(mixed)))
    assert [r.n_frames for r in counted] == [run.n_frames]


@pytest.mark.slow
def test_bytes_that_look_like_frames_and_are_none_are_given_up():
    """Work is bounded: each place that looks like a frame is looked at once, and not endlessly many of them."""
    data = b"\xff\xfb\x90\x00\x12" * 1_000_000
    assert sum(run.n_frames for run in mpeg.find_runs(View(io.BytesIO(data), 0, len(data)))) == 0
