"""What animate() takes as sound: files in any form, or an array of samples."""

from __future__ import annotations

import contextlib
import logging
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from diffusiontalker.api.numbers import whole
from diffusiontalker.api.samples import array_blocks, checked_rate
from diffusiontalker.errors import InputError
from diffusiontalker.io.sound.pcm import RawFormat
from diffusiontalker.io.sound.reading import Sound
from diffusiontalker.spec.rates import MAX_CHANNELS

# The loudest moment of speech that moves the mouth: measured on 17 voices of base 1.1.0, whose lips follow (r > 0.9) at
# -56 dBFS and rest at -64.
NO_SPEECH_DBFS = -60.0


class Samples:
    """An array of samples in the place of a Sound."""

    name = "the audio array"
    path: Path | None = None

    def __init__(self, array: Any, sample_rate: Any, channel: int | None):
        self._array, self._rate, self._channel = array, sample_rate, channel

    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        return array_blocks(self._array, self._rate, self._channel)

    def warn(self, sentence: str) -> None:
        logging.getLogger("diffusiontalker").warning(sentence)


@contextlib.contextmanager
def opened(
    audio: Any, sample_rate: Any = None, *, channel: int | None = None, raw: str | None = None, raw_channels: int = 1
) -> Iterator[Sound | Samples]:
    """audio: a path, the bytes of a file, a file open in binary mode, a Sound, or an array of samples.
    Other arguments as for Model.animate().   Raises InputError.
    """
    if channel is not None:
        channel = whole("channel", channel, 1, MAX_CHANNELS)
    if isinstance(audio, Sound):
        yield audio
    elif not _is_file(audio):
        if raw is not None:
            raise InputError("raw is given together with an array: it is for bytes and files, leave it away")
        yield Samples(audio, sample_rate, channel)
    else:
        if raw is None and sample_rate is not None:
            raise InputError(
                "sample_rate is given together with a file, which tells its own: leave it away, or say raw='s16le' for "
                "samples without a header"
            )
        form = None if raw is None else RawFormat(raw, checked_rate(sample_rate), raw_channels)
        with Sound(audio, raw=form, channel=channel) as sound:
            yield sound


def _is_file(audio: Any) -> bool:
    return isinstance(audio, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(audio, "read")


class Loudest:
    """The loudest moment of a recording: the largest root mean square of 1/30 s of a channel."""

    def __init__(self) -> None:
        self._power = 0.0

    def add(self, block: np.ndarray, rate: int) -> None:
        """block: float [n] or [n, n_channels]."""
        n = max(1, min(len(block), rate // 30))
        windows = block[: len(block) // n * n].reshape(-1, n, *block.shape[1:])
        if windows.size:
            self._power = max(self._power, float(np.max(np.mean(np.square(windows, dtype=np.float64), axis=1))))

    @property
    def dbfs(self) -> float:
        return 10 * math.log10(self._power) if self._power > 0 else -math.inf

    def advice(self, name: str) -> str | None:
        """What to say about a recording in which nobody speaks; None for others."""
        if self.dbfs >= NO_SPEECH_DBFS:
            return None
        level = "it is silent" if self._power == 0 else f"its loudest moment has {self.dbfs:.0f} dBFS"
        return f"no speech found in {name}: {level}, and the face stays at rest; is it the right recording or channel?"
