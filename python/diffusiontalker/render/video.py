"""A video of the animated head with its sound: MP4 with H.264 and AAC, through PyAV."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from types import ModuleType

import numpy as np

from diffusiontalker.errors import BackendError, InputError
from diffusiontalker.io.atomic import atomic_writer
from diffusiontalker.io.sound.mono import mono
from diffusiontalker.io.sound.reading import Sound, read_audio
from diffusiontalker.ownhead.puppet import Puppet
from diffusiontalker.render.subject import pictures_of

_AUDIO_RATE_HZ = 48000


def write_video(
    anim,
    audio_path: str | os.PathLike[str] | Sound | None,
    path: str | os.PathLike[str],
    size: int = 640,
    view: str = "front",
    force: bool = False,
    progress: Callable[[float], None] | None = None,
    puppet: Puppet | None = None,
) -> None:
    """Writes an MP4 of the animation, at its own frame rate.
    anim: weights [n_frames, C], channels, fps_num, fps_den.
    audio_path: the sound, which may be open already; None makes a silent video.
    size: pixels on each side, even, 64..4096.   view: "front", "three-quarter" or "face".   force: overwrite.
    progress: called with the seconds of video done so far.   puppet: as for contact_sheet().
    Raises BackendError: PyAV is not installed. InputError: no frames, size, view, unreadable audio.
    OutputError: the file cannot be written.
    """
    _import_av()
    pictures = pictures_of(anim, view, puppet)
    n = len(anim.weights)
    if not n:
        raise InputError("the animation has no frames: there is nothing to draw")
    rate = Fraction(anim.fps_num, anim.fps_den)
    write_frames(pictures.frames(range(n), size), n, rate, (size, size), audio_path, path, force, progress)


def write_frames(
    pictures: Iterable[np.ndarray],
    n_frames: int,
    rate: Fraction,
    size: tuple[int, int],
    audio_path: str | os.PathLike[str] | Sound | None,
    path: str | os.PathLike[str],
    force: bool = False,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Writes an MP4 of pictures, uint8 [height, width, 3] each, n_frames of them at `rate` a second.
    size: width and height.   Other arguments and errors: as for write_video()."""
    av = _import_av()
    if not 64 <= size[1] <= 4096 or size[1] % 2 or size[0] % 2:
        raise InputError(f"the video is {size[1]} pixels wide, expected an even number 64..4096")
    with atomic_writer(path, force) as f, av.open(f, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=rate, options={"crf": "19", "preset": "veryfast"})
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        sound = _Sound(av, container, audio_path, n_frames / rate) if audio_path is not None else None
        for k, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = k
            container.mux(video.encode(frame))
            if sound:
                sound.write_until(float((k + 1) / rate))
            if progress:
                progress(float((k + 1) / rate))
        container.mux(video.encode())
        if sound:
            sound.finish()


def _import_av() -> ModuleType:
    try:
        import av
    except ImportError as e:
        raise BackendError("writing MP4 needs PyAV, which is not installed: run pip install av") from e
    return av


class _Sound:
    """Encodes a sound file little by little, so that sound and pictures lie side by side in the file."""

    def __init__(self, av: ModuleType, container, audio_path, seconds: Fraction):
        self._av, self._container = av, container
        self._blocks = _beginning(read_audio(audio_path), seconds)
        self._stream = container.add_stream("aac", rate=_AUDIO_RATE_HZ)
        self._stream.layout = "mono"
        self._resampler = av.AudioResampler(format="fltp", layout="mono", rate=_AUDIO_RATE_HZ)
        self._n_samples, self._seconds = 0, 0.0

    def write_until(self, seconds: float) -> None:
        """Encodes until `seconds` of sound are written or it ends."""
        while self._seconds < seconds:
            block, rate = next(self._blocks, (None, 0))
            if block is None:
                self._seconds = float("inf")
                return
            frame = self._av.AudioFrame.from_ndarray(mono(block)[None], "fltp", "mono")
            frame.sample_rate = rate
            frame.pts, frame.time_base = self._n_samples, Fraction(1, rate)
            self._n_samples += len(block)
            self._seconds = self._n_samples / rate
            self._encode(frame)

    def finish(self) -> None:
        """Encodes what is buffered; sound beyond the last picture stays out."""
        self._encode(None)
        self._container.mux(self._stream.encode())

    def _encode(self, frame) -> None:
        for resampled in self._resampler.resample(frame):
            self._container.mux(self._stream.encode(resampled))


def _beginning(blocks: Iterator[tuple[np.ndarray, int]], seconds: Fraction) -> Iterator[tuple[np.ndarray, int]]:
    """The first `seconds` of sound."""
    n_done = 0
    for block, rate in blocks:
        n_left = round(seconds * rate) - n_done
        if n_left <= 0:
            return
        yield block[:n_left], rate
        n_done += len(block)
