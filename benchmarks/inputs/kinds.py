"""What a kind of sound file is: how it is made from a recording, and what should become of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import soundfile


@dataclass(frozen=True)
class Clip:
    """The recording that all kinds are made from. samples: float32 [n], -1..1."""

    samples: np.ndarray
    rate: int

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.rate

    def stereo(self, right: float = 1.0) -> np.ndarray:
        """float32 [n, 2]: the recording, and beside it `right` times the recording."""
        return np.stack([self.samples, right * self.samples], axis=1)

    def at(self, rate: int) -> Clip:
        """At another rate, by linear interpolation: simple, and the same everywhere."""
        n = round(self.duration_s * rate)
        times = np.arange(n) / rate * self.rate
        return Clip(np.interp(times, np.arange(len(self.samples)), self.samples).astype(np.float32), rate)


@dataclass(frozen=True)
class Kind:
    """make: the bytes of the file.   ending: of its name.   share: of the recording that should be animated; 0 for a
    file that is refused.   says: words of the warning or the error that should come; "" for neither.
    late_frames, early_frames: frames that a codec may add or lose.   least_r: of the lip gap with the clean take.
    options: arguments of Model.animate().   needs: "", or "ffmpeg" to make it and PyAV to read it, or "made by ffmpeg".
    """

    name: str
    make: Callable[[Clip], bytes]
    ending: str = ".wav"
    share: float = 1.0
    says: str = ""
    late_frames: int = 0
    early_frames: int = 0
    least_r: float = 0.97
    options: dict[str, Any] = field(default_factory=dict)
    needs: str = ""


def encoded(samples: np.ndarray, rate: int, file_format: str, subtype: str | None = None, **options: Any) -> bytes:
    """A file that libsndfile writes."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=file_format, subtype=subtype, **options)
    return buffer.getvalue()


def wav(clip: Clip) -> bytes:
    """The plain one: 16 bits, one channel, a header of 44 bytes."""
    return encoded(clip.samples, clip.rate, "WAV", "PCM_16")
