"""Sound files as a sequence of blocks, so that memory does not grow with their length."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.riff import check_wav_complete

_MAX_BLOCK_VALUES = 1 << 20  # samples of all channels together


def read_audio(path: str | os.PathLike[str]) -> Iterator[tuple[np.ndarray, int]]:
    """The samples of a sound file (WAV, FLAC, OGG, MP3, AIFF ...; any width, rate and number of channels), in order.
    path: a file, or "-" for standard input.
    Yields (float32 [n, n_channels] nominal -1..1, sample rate in Hz), at most a second at a time.
    Raises InputError: missing, a folder, empty, not sound, cut off, no samples, a sample that is not a finite number
    (with its time). What can be told from the header is told before the first block.
    """
    if str(path) == "-":
        with tempfile.NamedTemporaryFile(prefix="diffusiontalker-") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            copy.flush()
            yield from _read_file(Path(copy.name), "standard input")
    else:
        yield from _read_file(Path(path), str(path))


def _read_file(path: Path, name: str) -> Iterator[tuple[np.ndarray, int]]:
    import soundfile  # not needed by those who push samples

    _check_file(path, name)
    try:
        check_wav_complete(path)
    except InputError as e:
        raise InputError(str(e).replace(str(path), name)) from e
    try:
        with soundfile.SoundFile(str(path)) as f:
            yield from _blocks(f, name)
    except (soundfile.LibsndfileError, RuntimeError) as e:
        reason = getattr(e, "error_string", str(e)).rstrip(". ")
        raise InputError(
            f"{name} cannot be read as sound ({reason}): give a WAV, FLAC, OGG or MP3 file, or convert it first"
        ) from e


def _check_file(path: Path, name: str) -> None:
    if path.is_dir():
        raise InputError(f"{name} is a folder: give a sound file in it")
    try:
        with path.open("rb") as f:
            first = f.read(1)
    except FileNotFoundError:
        raise InputError(f"{name} does not exist: check the path") from None
    except OSError as e:
        raise InputError(f"{name} cannot be opened: {e.strerror}") from e
    if not first:
        raise InputError(f"{name} is empty (0 bytes): there is no sound in it")


def _blocks(f, name: str) -> Iterator[tuple[np.ndarray, int]]:
    n_block = max(1, min(f.samplerate, _MAX_BLOCK_VALUES // f.channels))
    done = 0
    while True:
        block = f.read(n_block, dtype="float32", always_2d=True)
        if not len(block):
            break
        if not np.isfinite(block).all():
            row, column = np.argwhere(~np.isfinite(block))[0]
            raise InputError(
                f"{name} holds a sample that is not a finite number ({block[row, column]}) at "
                f"{(done + row) / f.samplerate:.3f} s in channel {column + 1}: repair or convert the file"
            )
        done += len(block)
        yield block, f.samplerate
    if done == 0:
        raise InputError(f"{name} holds no samples: its header is there but no sound")
    # Only FLAC declares a length that a cut file still carries (WAV is checked before); MP3 lengths are estimates.
    if f.format == "FLAC" and done < f.frames:
        raise InputError(
            f"{name} is cut off: it holds {done / f.samplerate:.2f} s of {f.frames / f.samplerate:.2f} s that its "
            "header declares; copy or record it again"
        )
