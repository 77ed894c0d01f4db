"""Sound of takes: any rate and channel count to mono at 16 kHz."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.datasets.take import DataError

EXTENSIONS = (".wav", ".flac", ".ogg", ".mp3")


def to_mono_16k(audio: np.ndarray, rate_hz: float, origin: str) -> np.ndarray:
    """audio: integer or float [n] or [n, channels]; integers are scaled by their full range.
    Returns float32 [n * 16000 / rate_hz].   Raises DataError for an empty, non-finite or strangely shaped sound."""
    audio = np.asarray(audio)
    if audio.ndim not in (1, 2) or not audio.size:
        raise DataError(f"{origin}: audio has shape {audio.shape}, expected [n] or [n, channels]: replace the file")
    if not 1000 <= rate_hz <= 400_000:
        raise DataError(f"{origin}: sample rate is {rate_hz} Hz, expected 1000 to 400000: replace the file")
    if np.issubdtype(audio.dtype, np.unsignedinteger):
        audio = audio.astype(np.float64) / (np.iinfo(audio.dtype).max / 2) - 1
    elif np.issubdtype(audio.dtype, np.integer):
        audio = audio.astype(np.float64) / -float(np.iinfo(audio.dtype).min)
    mono = audio.astype(np.float64).reshape(len(audio), -1).mean(axis=1)
    if not np.isfinite(mono).all():
        first = int(np.flatnonzero(~np.isfinite(mono))[0])
        raise DataError(f"{origin}: audio sample {first} is not finite: replace the file or leave the take out")
    return np.asarray(soxr.resample(mono, rate_hz, SAMPLE_RATE_HZ), np.float32)


def read_sound(path: Path, start_s: float = 0.0, length_s: float | None = None) -> np.ndarray:
    """Mono float32 at 16 kHz of a file, or of length_s seconds of it from start_s on."""
    if not path.is_file():
        raise DataError(f"{path} is missing: every take needs its audio, or pass --skip-incomplete")
    try:
        with sf.SoundFile(path) as file:
            file.seek(min(round(start_s * file.samplerate), file.frames))
            n = -1 if length_s is None else round(length_s * file.samplerate)
            audio, rate = file.read(n, dtype="float32"), file.samplerate
    except (sf.LibsndfileError, RuntimeError) as error:
        raise DataError(f"{path} cannot be read as audio ({error}): replace it, for instance by a wav file") from error
    return to_mono_16k(audio, rate, str(path))


def find_sound(folder: Path, stem: str) -> Path | None:
    """The audio file of that stem, in the order of EXTENSIONS; None when there is none."""
    return next((folder / (stem + e) for e in EXTENSIONS if (folder / (stem + e)).is_file()), None)
