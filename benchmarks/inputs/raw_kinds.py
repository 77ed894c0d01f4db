"""Samples without a header."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.inputs.kinds import Clip, Kind, encoded


def _whole(dtype: str, scale: float, offset: float = 0) -> Callable[[Clip], bytes]:
    return lambda clip: np.round(clip.samples * scale + offset).astype(dtype).tobytes()


def _three_bytes(clip: Clip) -> bytes:
    wide = np.round(clip.samples * (2**23 - 1)).astype("<i4")
    return wide.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def _law(name: str) -> Callable[[Clip], bytes]:
    """The samples of an AU file, behind its header."""

    def make(clip: Clip) -> bytes:
        data = encoded(clip.samples, clip.rate, "AU", name)
        return data[int.from_bytes(data[4:8], "big") :]

    return make


def _options(raw: str, **more: Any) -> dict[str, Any]:
    return {"raw": raw, "sample_rate": 16000, **more}


RAW = [
    Kind("raw s16le", _whole("<i2", 32767), ".raw", options=_options("s16le")),
    Kind("raw s16be", _whole(">i2", 32767), ".pcm", options=_options("s16be")),
    Kind("raw s24le", _three_bytes, ".pcm", options=_options("s24le")),
    Kind("raw s32le", _whole("<i4", 2**31 - 1024), ".pcm", options=_options("s32le")),
    Kind("raw s8", _whole("i1", 127), ".pcm", options=_options("s8"), least_r=0.9),
    Kind("raw u8", _whole("u1", 127, 128), ".pcm", options=_options("u8"), least_r=0.9),
    Kind("raw f32le", lambda clip: clip.samples.astype("<f4").tobytes(), ".pcm", options=_options("f32le")),
    Kind("raw f64be", lambda clip: clip.samples.astype(">f8").tobytes(), ".pcm", options=_options("f64be")),
    Kind("raw mu-law", _law("ULAW"), ".ul", options=_options("mulaw")),
    Kind("raw A-law", _law("ALAW"), ".al", options=_options("alaw")),
    Kind("raw s16le, stereo", lambda clip: np.round(clip.stereo() * 32767).astype("<i2").tobytes(), ".raw",
         options=_options("s16le", raw_channels=2)),
    Kind("raw s16le that ends inside a sample", lambda clip: _whole("<i2", 32767)(clip) + b"\0", ".raw",
         options=_options("s16le")),
    Kind("raw samples without --raw", _whole("<i2", 32767), ".raw", share=0, says="need their form"),
]  # fmt: skip
