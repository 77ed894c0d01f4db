"""Decoding with libsndfile: what it opens, from a view of a file, in order and without seeking."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from diffusiontalker.io.sound.quiet import Quiet
from diffusiontalker.io.sound.view import View

_MAX_BLOCK_VALUES = 1 << 20  # samples of all channels together


class UnreadableError(Exception):
    """The decoder gives up; the text is its reason."""


def blocks(view: View, quiet: Quiet) -> Iterator[tuple[np.ndarray, int]]:
    """(float32 [n, n_channels], sample rate in Hz), at most a second at a time.
    Raises UnreadableError, possibly after some blocks.
    """
    import soundfile  # not needed by those who push samples

    class InOrder(soundfile.SoundFile):
        """soundfile seeks after each read to where it is already. That fails for a file of unknown length, and makes
        libmpg123 forget the bits that the next MP3 frame borrows from the last one, about which it complains."""

        def seekable(self) -> bool:
            return False

    # libsndfile's own exceptions are RuntimeErrors; soundfile raises the others for headers that make no sense.
    try:
        with quiet.c_libraries():
            file = InOrder(view)
    except (RuntimeError, TypeError, ValueError, OSError, MemoryError) as e:
        raise UnreadableError(_reason(e)) from e
    with file:
        n_block = max(1, min(file.samplerate, _MAX_BLOCK_VALUES // max(1, file.channels)))
        while True:
            try:
                with quiet.c_libraries():
                    block = file.read(n_block, dtype="float32", always_2d=True)
            except (RuntimeError, ValueError, OSError, MemoryError) as e:
                raise UnreadableError(_reason(e)) from e
            if not len(block):
                return
            yield block, file.samplerate


def _reason(error: Exception) -> str:
    text = getattr(error, "error_string", str(error)).rstrip(". ")
    # What libsndfile says when the MP3 decoder, which is asked last, finds nothing in bytes that are no sound.
    return "Format not recognised" if text.startswith("File does not exist") else text
