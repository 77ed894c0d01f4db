"""Sound as every browser plays it: WAV of one channel."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterable

import numpy as np
import soundfile

from diffusiontalker.errors import InputError
from diffusiontalker.io.sound.mono import mono


def wav_of(
    blocks: Iterable[tuple[np.ndarray, int]], each: Callable[[int, int, np.ndarray], None] = lambda *_: None
) -> bytes:
    """A sound as WAV of one channel, 16 bits, at its own rate. Every browser plays WAV from any sample on; Chromium
    cannot seek in a short FLAC, and MP3 begins late.
    blocks: of io.sound.reading.read_audio().   each: called with (samples before it, rate, float32 [n]) of each block.
    Raises InputError for a sound without samples."""
    with tempfile.TemporaryFile(prefix="diffusiontalker-") as file, contextlib.ExitStack() as closing:
        writer, done = None, 0
        for block, rate in blocks:
            if writer is None:
                writer = closing.enter_context(soundfile.SoundFile(file, "w", rate, 1, "PCM_16", format="WAV"))
            one = mono(block)
            writer.write(one)
            each(done, rate, one)
            done += len(one)
        if writer is None:
            raise InputError("the sound holds no samples: give a recording")
        writer.close()
        file.seek(0)
        return file.read()
