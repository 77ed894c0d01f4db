"""Audio arrays of any common type as the float32 that the native stream takes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.sound.pcm import ENCODINGS, pcm
from diffusiontalker.spec.rates import MAX_CHANNELS, MAX_RATE_HZ, MIN_RATE_HZ

_FULL_SCALE = {"i1": 2.0**7, "i2": 2.0**15, "i4": 2.0**31}  # of integer samples, by numpy's name without byte order
_KNOWN = "float, int8, int16, int32 or uint8"


def as_float32(samples) -> np.ndarray:
    """Samples as contiguous float32 [n] or [n, channels].
    samples: float of any width, nominal -1..1; or int8, int16, int32, uint8, which are scaled to that range. Any byte
    order.
    Raises InputError for another type or shape, and for bytes, which do not tell their form.
    """
    array = _checked_shape(_as_array(samples))
    if array.size == 0 and array.dtype.kind in "fiu":
        array = array.astype(np.float32)  # np.asarray([]) is float64, an empty int array is as good
    if array.dtype == np.uint8:
        array = (array.astype(np.float32) - 128) / 128
    elif (scale := _FULL_SCALE.get(array.dtype.str[1:])) is not None:
        array = array.astype(np.float32) / np.float32(scale)
    elif array.dtype.kind in "iu":
        raise InputError(
            f"audio has type {array.dtype}, which does not tell its full scale: convert it to {_KNOWN}, for example "
            "samples.astype(np.int16) for values of -32768..32767"
        )
    elif array.dtype.kind != "f":
        raise InputError(f"audio has type {array.dtype}, expected {_KNOWN}")
    with np.errstate(over="ignore"):  # what is beyond float32 becomes infinite, and is refused as such
        return np.ascontiguousarray(array, np.float32)


def _checked_shape(array: np.ndarray) -> np.ndarray:
    if array.ndim not in (1, 2):
        raise InputError(f"audio has shape {array.shape}, expected [n] or [n, channels]")
    if array.ndim == 2 and not 1 <= array.shape[1] <= MAX_CHANNELS:
        raise InputError(
            f"audio has shape {array.shape}, expected [n, channels] with 1..{MAX_CHANNELS} channels: transpose it?"
        )
    return array


def _as_array(samples) -> np.ndarray:
    if isinstance(samples, (bytes, bytearray, memoryview)):
        raise InputError(
            "audio is bytes, which do not tell their form: convert them, for example "
            "diffusiontalker.pcm(data, 's16le') for 16-bit samples"
        )
    try:
        return np.asarray(samples)
    except (ValueError, TypeError) as e:
        raise InputError("audio is no array of samples: its rows have different lengths or kinds") from e


_NUMPY_NAMES = {"int16": "s16le", "int32": "s32le", "uint8": "u8", "float32": "f32le"}  # of bytes, little-endian


def as_samples(samples, dtype: str | None = None) -> np.ndarray:
    """as_float32(), and the bytes of one channel with their dtype, an encoding of pcm() or a name of numpy.
    Raises InputError for bytes without a dtype, and for a dtype beside an array.
    """
    if not isinstance(samples, (bytes, bytearray, memoryview)):
        if dtype is not None:
            raise InputError(f"dtype is {dtype!r}, but the samples are no bytes: an array has its own")
        return as_float32(samples)
    encoding = _NUMPY_NAMES.get(dtype or "", dtype)
    if encoding not in ENCODINGS:
        known = ", ".join((*_NUMPY_NAMES, *ENCODINGS))
        raise InputError(f"audio is bytes and dtype is {dtype!r}: say what they hold, one of {known}")
    return pcm(samples, encoding)


def checked_rate(sample_rate) -> int:
    """The rate as int. Raises InputError when it is missing, not whole or out of range."""
    if sample_rate is None:
        raise InputError("sample_rate is missing: give it in Hz together with an array of samples")
    try:
        value = float(sample_rate)
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if isinstance(sample_rate, (str, bytes)) or not MIN_RATE_HZ <= value <= MAX_RATE_HZ or value != int(value):
        raise InputError(f"sample_rate is {sample_rate!r}, expected a whole number {MIN_RATE_HZ}..{MAX_RATE_HZ} (Hz)")
    return int(value)


def array_blocks(samples, sample_rate, channel: int | None = None) -> Iterator[tuple[np.ndarray, int]]:
    """An array cut into blocks of one second, each (float32 block, rate); the array is not copied whole.
    channel: 1..64, the only one that is taken; None: all of them.
    """
    array = _checked_shape(_as_array(samples))
    rate = checked_rate(sample_rate)
    as_float32(array[:0])  # the type is judged before the work starts
    if channel is not None:
        n_channels = array.shape[1] if array.ndim == 2 else 1
        if not 1 <= channel <= n_channels:
            raise InputError(f"the audio has no channel {channel}: it has {n_channels}, the first is number 1")
        array = array[:, channel - 1] if array.ndim == 2 else array
    for start in range(0, len(array), rate):
        yield as_float32(array[start : start + rate]), rate
