"""How sound is handed over: what can seek, what can be read once, what is no sound at all."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial

import numpy as np
import pytest
import soundfile
from cli_support import tone

from diffusiontalker.errors import InputError
from diffusiontalker.io import read_audio
from diffusiontalker.io.sound.reading import Sound
from diffusiontalker.io.sound.source import open_source, printable

N = 4000
posix = pytest.mark.skipif(os.name == "nt", reason="FIFOs, devices and signals of POSIX")


@pytest.fixture(scope="module")
def wav_bytes() -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(N / 16000, 16000), 16000, format="WAV")
    return buffer.getvalue()


def count(what) -> int:
    return sum(len(block) for block, _ in read_audio(what))


def test_a_file_is_read_from_where_it_stands_and_stays_open(wav_bytes):
    file = io.BytesIO(b"something" + wav_bytes)
    file.seek(9)
    assert count(file) == N
    assert not file.closed


def test_what_can_be_read_once_is_read_twice(wav_bytes):
    reading, writing = os.pipe()
    threading.Thread(target=lambda: (os.write(writing, wav_bytes), os.close(writing))).start()
    with os.fdopen(reading, "rb") as pipe, Sound(pipe) as sound:
        assert [sum(len(b) for b, _ in sound.blocks()) for _ in range(2)] == [N, N]


@posix
def test_no_temporary_file_is_left_of_a_pipe(wav_bytes, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    os.mkfifo(tmp_path / "fifo")
    threading.Thread(target=(tmp_path / "fifo").write_bytes, args=(wav_bytes,)).start()
    assert count(tmp_path / "fifo") == N
    assert [p.name for p in tmp_path.iterdir()] == ["fifo"]


@posix
def test_a_folder_for_temporary_files_that_cannot_be_written_is_named(wav_bytes, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    os.mkfifo(tmp_path / "fifo")
    threading.Thread(target=(tmp_path / "fifo").write_bytes, args=(b"",), daemon=True).start()
    with pytest.raises(InputError, match="cannot be copied to a temporary folder"):
        count(tmp_path / "fifo")


@posix
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a\0b.wav", "is no file name"),
        ("/dev/zero", "is a device"),
        ("x" * 5000, "File name too long"),
        ("", "is empty"),
    ],
)
def test_names_that_are_no_files_are_refused_in_one_sentence(name, says):
    with pytest.raises(InputError, match=says):
        open_source(name)


def test_a_file_in_text_mode_is_refused(tmp_path, wav_bytes):
    (tmp_path / "a.wav").write_bytes(wav_bytes)
    with open(tmp_path / "a.wav", encoding="latin-1") as file, pytest.raises(InputError, match="text mode"):
        open_source(file)
    text = type("Text", (), {"read": lambda self, n=-1: "text"})()
    with pytest.raises(InputError, match="gives no bytes"):
        open_source(text)


def test_a_closed_file_is_refused(wav_bytes):
    file = io.BytesIO(wav_bytes)
    file.close()
    with pytest.raises(InputError, match="closed"):
        open_source(file)


@posix
def test_names_in_other_encodings_can_be_printed():
    name = os.fsdecode(b"caf\xe9.wav")
    assert printable(name).encode() == "caf\ufffd.wav".encode()


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.slow
def test_waiting_for_the_writer_of_a_fifo_ends_with_a_signal(tmp_path, number, code):
    os.mkfifo(tmp_path / "fifo.wav")
    command = [sys.executable, "-m", "diffusiontalker", "animate", "fifo.wav", "-o", "out.npz"]
    # Programs in the background of a script inherit that SIGINT is ignored.
    listen = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    waiting = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, preexec_fn=listen)
    time.sleep(2)
    assert waiting.poll() is None
    waiting.send_signal(number)
    assert waiting.wait(timeout=10) == code


def test_a_reader_that_fails_half_way_is_an_input_error(wav_bytes):
    class Failing(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            raise OSError(5, "Input/output error")

    with pytest.raises(InputError, match="Input/output error"):
        open_source(Failing())


def test_a_block_has_all_channels_or_the_one_that_is_asked_for():
    samples = np.stack([np.full(100, 0.25), np.full(100, -0.5)], axis=1)
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 16000, format="WAV", subtype="FLOAT")
    (block, _), *_ = read_audio(buffer.getvalue())
    assert np.array_equal(block, samples)
    (block, _), *_ = read_audio(buffer.getvalue(), channel=2)
    assert np.array_equal(block, samples[:, 1:])
    with pytest.raises(InputError, match="no channel 3: it has 2"):
        list(read_audio(buffer.getvalue(), channel=3))
