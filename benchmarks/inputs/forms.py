"""Sound as a program hands it over: bytes, open files, arrays of every type."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import diffusiontalker as dt
from benchmarks.inputs.kinds import Clip, wav


@dataclass(frozen=True)
class Form:
    """make: what is given to Model.animate(), and its sample_rate.   says: words of the error; "" when it is taken."""

    name: str
    make: Callable[[Clip, Path], tuple[Any, Any]]
    says: str = ""


class Once(io.RawIOBase):
    """A stream that cannot seek, as the response of a server."""

    def __init__(self, data: bytes):
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        return self._data.readinto(buffer)


def _behind(clip: Clip, offset: int) -> io.BytesIO:
    file = io.BytesIO(bytes(offset) + wav(clip))
    file.seek(offset)
    return file


def _written(clip: Clip, folder: Path) -> Path:
    path = folder / "given.wav"
    path.write_bytes(wav(clip))
    return path


def _int16(clip: Clip) -> np.ndarray:
    return np.round(clip.samples * 32767).astype(np.int16)


FORMS = [
    Form("path", lambda clip, folder: (_written(clip, folder), None)),
    Form("path as text", lambda clip, folder: (str(_written(clip, folder)), None)),
    Form("bytes of a WAV", lambda clip, _: (wav(clip), None)),
    Form("bytearray of a WAV", lambda clip, _: (bytearray(wav(clip)), None)),
    Form("BytesIO", lambda clip, _: (io.BytesIO(wav(clip)), None)),
    Form("BytesIO, read from its middle", lambda clip, _: (_behind(clip, 1000), None)),
    Form("open file", lambda clip, folder: (_written(clip, folder).open("rb"), None)),
    Form("stream that cannot seek", lambda clip, _: (Once(wav(clip)), None)),
    Form("float32 array", lambda clip, _: (clip.samples, clip.rate)),
    Form("float64 array", lambda clip, _: (clip.samples.astype(float), clip.rate)),
    Form("float16 array", lambda clip, _: (clip.samples.astype(np.float16), clip.rate)),
    Form("int16 array", lambda clip, _: (_int16(clip), clip.rate)),
    Form("int16 array, big-endian", lambda clip, _: (_int16(clip).astype(">i2"), clip.rate)),
    Form("float32 array, big-endian", lambda clip, _: (clip.samples.astype(">f4"), clip.rate)),
    Form("int32 array", lambda clip, _: (_int16(clip).astype(np.int32) << 16, clip.rate)),
    Form("int8 array", lambda clip, _: (np.round(clip.samples * 127).astype(np.int8), clip.rate)),
    Form("list of numbers", lambda clip, _: (clip.samples.tolist(), clip.rate)),
    Form("pcm() of bytes", lambda clip, _: (dt.pcm(_int16(clip).tobytes(), "s16le"), clip.rate)),
    Form("a rate of 16000.0", lambda clip, _: (clip.samples, float(clip.rate))),
    Form("int64 array", lambda clip, _: (_int16(clip).astype(np.int64), clip.rate), "full scale"),
    Form("uint16 array", lambda clip, _: (_int16(clip).view(np.uint16), clip.rate), "full scale"),
    Form("complex array", lambda clip, _: (clip.samples + 0j, clip.rate), "has type complex"),
    Form("array of text", lambda clip, _: (np.array(["a", "b"]), clip.rate), "has type"),
    Form("rows of different lengths", lambda clip, _: ([[1.0], [1.0, 2.0]], clip.rate), "no array of samples"),
    Form("array [1, n]", lambda clip, _: (clip.samples[None], clip.rate), "shape (1, "),
    Form("array without a rate", lambda clip, _: (clip.samples, None), "sample_rate is missing"),
    Form("rate that is not a number", lambda clip, _: (clip.samples, float("nan")), "sample_rate is nan"),
    Form("rate as text", lambda clip, _: (clip.samples, "16000"), "sample_rate is '16000'"),
    Form("file with a rate", lambda clip, folder: (_written(clip, folder), 16000), "tells its own"),
    Form("raw bytes with a rate, no form", lambda clip, _: (_int16(clip).tobytes(), 16000), "raw='s16le'"),
    Form("file open as text", lambda clip, folder: (open(_written(clip, folder)), None), "text mode"),
]
