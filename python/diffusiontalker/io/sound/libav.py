"""Decoding with PyAV (FFmpeg), an optional part of the package: what libsndfile does not read."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np

from diffusiontalker.io.sound.libsndfile import UnreadableError
from diffusiontalker.io.sound.view import View

# Containers that hold their sound themselves. FFmpeg's playlists (HLS, DASH, concat, image lists) open other files and
# addresses that the file names; none of them is here.
_CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,eac3,flac,flv,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpeg,mpegts,"
    "mpc,mpc8,ogg,qcp,rm,tta,voc,w64,wav,wv,ac4,amrnb,amrwb,loas,dsf,iff,smjpeg,sln,xwma,tak,oma,gsm"
)
_EXACT = ("mov", "wv", "tta", "avi")
_MAX_FALSE_PACKETS = 1000  # damaged packets in a row


def is_installed() -> bool:
    return importlib.util.find_spec("av") is not None


def duration_s(view: View) -> float | None:
    """Seconds of the first stream of sound, for formats whose index declares them; None elsewhere, where FFmpeg
    estimates."""
    import av

    try:
        with _opened(av, view) as container:
            stream = container.streams.audio[0]
            if container.format.name.split(",")[0] not in _EXACT or stream.duration is None:
                return None
            return float(stream.duration * stream.time_base)
    except (av.FFmpegError, ValueError, OSError, MemoryError, IndexError):
        return None  # whatever is wrong with the file is said by reading it


def _opened(av, view: View):
    options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "none"}
    return av.open(view, container_options=options, metadata_errors="replace")


def blocks(view: View, skip: int = 0, rate_hz: int = 0) -> Iterator[tuple[np.ndarray, int]]:
    """(float32 [n, n_channels], sample rate in Hz) of the first stream of sound. Rate and channels are those of its
    beginning; what changes later is converted.
    skip: samples that were read already and are left out.
    rate_hz: of what is given, and of skip; 0: the stream's own.
    Raises UnreadableError, possibly after some blocks.
    """
    import av

    try:
        container = _opened(av, view)
    except (av.FFmpegError, ValueError, OSError, MemoryError) as e:
        raise UnreadableError(_reason(e)) from e
    with container:
        if not container.streams.audio:
            raise UnreadableError("it holds no sound")
        try:
            for part in _converted(av, container, rate_hz):
                if skip < part.samples:
                    yield _array(part)[skip:], part.sample_rate
                skip = max(0, skip - part.samples)
        except (av.FFmpegError, ValueError, OSError, MemoryError) as e:  # a rate or a layout that makes no sense
            raise UnreadableError(_reason(e)) from e


def _converted(av, container, rate_hz: int) -> Iterator:
    """Frames of interleaved float32, with the layout of the first and its rate or another one."""
    form: tuple[str, str, int] | None = None
    target: Any = None
    convert: Any = None
    for frame in _frames(av, container):
        if form != (frame.format.name, frame.layout.name, frame.sample_rate):
            yield from convert.resample(None) if convert else []
            form = (frame.format.name, frame.layout.name, frame.sample_rate)
            target = target or (frame.layout, rate_hz or frame.sample_rate)
            convert = av.AudioResampler(format="flt", layout=target[0], rate=target[1])
        yield from convert.resample(frame)
    yield from convert.resample(None) if convert else []


def _frames(av, container) -> Iterator:
    """Frames of the first stream of sound; damaged packets are left out, as players do."""
    n_false = 0
    packets = container.demux(container.streams.audio[0])
    while True:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, OSError) as e:
            raise UnreadableError(_reason(e)) from e
        if packet is None:
            return
        try:
            frames = packet.decode()
        except av.FFmpegError as e:
            n_false += 1
            if n_false > _MAX_FALSE_PACKETS:
                raise UnreadableError(_reason(e)) from e
            continue
        n_false = 0
        yield from frames


def _array(frame) -> np.ndarray:
    """Interleaved float32 as [n, n_channels]."""
    return np.asarray(frame.to_ndarray(), np.float32).reshape(frame.samples, -1)


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).rstrip(". ")
