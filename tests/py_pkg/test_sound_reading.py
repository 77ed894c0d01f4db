"""Sound files in blocks, and those that cannot be read."""

from __future__ import annotations

import io
import struct
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from diffusiontalker.errors import InputError
from diffusiontalker.io import read_audio


def tone(n: int, n_channels: int = 1, rate: int = 16000) -> np.ndarray:
    t = np.arange(n)[:, None] / rate
    return (0.4 * np.sin(2 * np.pi * (200 + 50 * np.arange(n_channels)) * t)).astype(np.float32)


def read_all(path) -> tuple[np.ndarray, int]:
    blocks = list(read_audio(path))
    assert all(b.dtype == np.float32 and b.ndim == 2 and len(b) for b, _ in blocks)
    return np.concatenate([b for b, _ in blocks]), blocks[0][1]


def refused(path) -> str:
    with pytest.raises(InputError) as caught:
        list(read_audio(path))
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    return message


@pytest.mark.parametrize(
    ("name", "subtype", "error"),
    [
        ("a.wav", "PCM_U8", 1 / 100),
        ("a.wav", "PCM_16", 1e-4),
        ("a.wav", "PCM_24", 1e-6),
        ("a.wav", "PCM_32", 1e-6),
        ("a.wav", "FLOAT", 0),
        ("a.wav", "DOUBLE", 0),
        ("a.rf64", "PCM_16", 1e-4),
        ("a.flac", "PCM_16", 1e-4),
        ("a.flac", "PCM_24", 1e-6),
        ("a.aiff", "PCM_16", 1e-4),
    ],
)
def test_read_audio_formats(tmp_path, name, subtype, error):
    samples = tone(20000, 2)
    soundfile.write(tmp_path / name, samples, 16000, subtype=subtype)
    read, rate = read_all(tmp_path / name)
    assert rate == 16000 and read.shape == samples.shape
    assert np.abs(read - samples).max() <= error


@pytest.mark.parametrize(("name", "kwargs"), [("a.ogg", {"subtype": "VORBIS"}), ("a.mp3", {})])
def test_read_audio_lossy_formats(tmp_path, name, kwargs):
    soundfile.write(tmp_path / name, tone(44100, rate=44100), 44100, **kwargs)
    read, rate = read_all(tmp_path / name)
    assert rate == 44100 and abs(len(read) - 44100) < 3000


@pytest.mark.parametrize(("rate", "n_channels"), [(8000, 1), (44100, 2), (192000, 8)])
def test_read_audio_rates_channels_and_block_size(tmp_path, rate, n_channels):
    soundfile.write(tmp_path / "a.wav", tone(3 * rate, n_channels, rate), rate)
    blocks = list(read_audio(tmp_path / "a.wav"))
    assert max(len(b) for b, _ in blocks) <= rate
    assert sum(len(b) for b, _ in blocks) == 3 * rate
    assert {b.shape[1] for b, _ in blocks} == {n_channels} and {r for _, r in blocks} == {rate}


def test_read_audio_standard_input(tmp_path, monkeypatch):
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(1000), 16000, format="WAV")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(buffer.getvalue())))
    assert len(read_all("-")[0]) == 1000
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    with pytest.raises(InputError, match="^standard input is empty"):
        list(read_audio("-"))
    monkeypatch.setattr(sys, "stdin", None)  # as in programs without a console
    with pytest.raises(InputError, match="^standard input is closed"):
        list(read_audio("-"))


def test_read_audio_missing_folder_empty_and_text(tmp_path):
    assert "does not exist" in refused(tmp_path / "no.wav")
    assert "is a folder" in refused(tmp_path)
    (tmp_path / "empty.wav").touch()
    assert "0 bytes" in refused(tmp_path / "empty.wav")
    (tmp_path / "text.wav").write_text("This is no sound.\n" * 100)
    assert "cannot be read as sound" in refused(tmp_path / "text.wav")


@pytest.mark.parametrize("n_bytes", [1, 4, 11, 12, 19, 20, 30, 36, 43])
def test_read_audio_header_cut_off(tmp_path, n_bytes):
    soundfile.write(tmp_path / "a.wav", tone(1000), 16000)
    (tmp_path / "a.wav").write_bytes((tmp_path / "a.wav").read_bytes()[:n_bytes])
    refused(tmp_path / "a.wav")


def test_read_audio_chunks_before_and_after_the_sound_are_skipped(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1600), 16000, subtype="PCM_16")
    data = (tmp_path / "a.wav").read_bytes()
    extra = b"LIST" + struct.pack("<I", 5) + b"odd!!\0"
    data = data[:12] + extra + data[12:] + extra
    data = data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
    (tmp_path / "a.wav").write_bytes(data)
    assert len(read_all(tmp_path / "a.wav")[0]) == 1600


def test_read_audio_no_samples(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros((0, 1), np.float32), 16000)
    assert "no samples" in refused(tmp_path / "a.wav")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_read_audio_names_the_time_of_a_sample_that_is_not_finite(tmp_path, value):
    samples = tone(48000, 2)
    samples[40000, 1] = value
    soundfile.write(tmp_path / "a.wav", samples, 16000, subtype="FLOAT")
    message = refused(tmp_path / "a.wav")
    assert "2.500 s" in message and "channel 2" in message
