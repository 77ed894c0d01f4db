"""Audio arrays of any common type as the float32 that the native stream takes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from diffusiontalker.errors import InputError

MIN_RATE_HZ, MAX_RATE_HZ, MAX_CHANNELS = 1000, 768_000, 64  # limits of dt_stream_push


def as_float32(samples) -> np.ndarray:
    """Samples as contiguous float32 [n] or [n, channels].
    samples: float of any width, nominal -1..1; or int16, int32, uint8, which are scaled to that range.
    Raises InputError for another type or shape.
    """
    array = np.asarray(samples)
    if array.ndim not in (1, 2):
        raise InputError(f"audio has shape {array.shape}, expected [n] or [n, channels]")
    if array.ndim == 2 and not 1 <= array.shape[1] <= MAX_CHANNELS:
        raise InputError(
            f"audio has shape {array.shape}, expected [n, channels] with 1..{MAX_CHANNELS} channels: transpose it?"
        )
    if array.size == 0 and array.dtype.kind in "fiu":
        array = array.astype(np.float32)  # np.asarray([]) is float64, an empty int array is as good
    if array.dtype == np.uint8:
        array = (array.astype(np.float32) - 128) / 128
    elif array.dtype in (np.int16, np.int32):
        array = array.astype(np.float32) / -float(np.iinfo(array.dtype).min)
    elif array.dtype.kind != "f":
        raise InputError(f"audio has type {array.dtype}, expected float, int16, int32 or uint8")
    return np.ascontiguousarray(array, np.float32)


# Little-endian; under numpy's names and under those of ffmpeg, which synthesisers use.
BYTES_DTYPES = {"int16": "<i2", "int32": "<i4", "uint8": "u1", "float32": "<f4"}
BYTES_DTYPES |= {"s16le": "<i2", "s32le": "<i4", "u8": "u1", "f32le": "<f4"}


def as_samples(samples, dtype: str | None = None) -> np.ndarray:
    """as_float32(), and the bytes of one channel with their dtype, one of BYTES_DTYPES.
    Raises InputError for bytes without a dtype, and for a dtype beside an array.
    """
    if not isinstance(samples, (bytes, bytearray, memoryview)):
        if dtype is not None:
            raise InputError(f"dtype is {dtype!r}, but the samples are no bytes: an array has its own")
        return as_float32(samples)
    if dtype not in BYTES_DTYPES:
        known = ", ".join(BYTES_DTYPES)
        raise InputError(f"audio is bytes and dtype is {dtype!r}: say what they hold, one of {known}")
    kind = np.dtype(BYTES_DTYPES[dtype])
    n_bytes = memoryview(samples).nbytes
    if n_bytes % kind.itemsize:
        raise InputError(
            f"audio has {n_bytes} bytes, no whole number of {dtype} samples: keep what is over for the next push"
        )
    return as_float32(np.frombuffer(samples, kind))


def checked_rate(sample_rate) -> int:
    """The rate as int. Raises InputError when it is missing, not whole or out of range."""
    if sample_rate is None:
        raise InputError("sample_rate is missing: give it in Hz together with an array of samples")
    if sample_rate != int(sample_rate) or not MIN_RATE_HZ <= sample_rate <= MAX_RATE_HZ:
        raise InputError(f"sample_rate is {sample_rate}, expected a whole number {MIN_RATE_HZ}..{MAX_RATE_HZ} Hz")
    return int(sample_rate)


def array_blocks(samples, sample_rate) -> Iterator[tuple[np.ndarray, int]]:
    """An array cut into blocks of one second, each (float32 block, rate); the array is not copied whole."""
    array = np.asarray(samples)
    rate = checked_rate(sample_rate)
    as_float32(array[:0])  # type and shape are judged before the work starts
    for start in range(0, len(array), rate):
        yield as_float32(array[start : start + rate]), rate
