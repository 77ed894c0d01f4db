"""Arguments as the numbers and names that the native library takes; other types get one sentence, not a cast error."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from diffusiontalker.errors import InputError

_LARGEST = 2**31 - 1
_DECIMAL = ("emotion_strength", "head_amount", "gate_open_dbfs", "gate_close_dbfs")  # options that need not be whole


def whole(name: str, value: Any, low: int = -_LARGEST, high: int = _LARGEST) -> int:
    """A whole number low..high; one of numpy, or a float such as 80.0, too. Raises InputError."""
    try:
        number = int(value)
        if isinstance(value, (str, bytes)) or number != value or not low <= number <= high:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        span = "" if (low, high) == (-_LARGEST, _LARGEST) else f" {low}..{high}"
        raise InputError(f"{name} is {value!r}, expected a whole number{span}") from None
    return number


def float_or_nan(value: Any, refused: tuple[type, ...]) -> float:
    """A value as a float; NaN where it is none, or of a refused type that float() would take."""
    try:
        return math.nan if isinstance(value, refused) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def decimal(name: str, value: Any) -> float:
    """A finite number. Raises InputError."""
    number = float_or_nan(value, (str, bytes))
    if not math.isfinite(number):
        raise InputError(f"{name} is {value!r}, expected a number")
    return number


def text(name: str, value: Any) -> str | None:
    """A name, or None. Raises InputError."""
    if value is not None and not isinstance(value, str):
        raise InputError(f"{name} is {value!r}, expected a name")
    return value


def vector(name: str, value: Any, length: int) -> np.ndarray:
    """float32 [length]. Raises InputError for another shape, or what is no array of numbers."""
    try:
        array = np.ascontiguousarray(value, np.float32)
    except (TypeError, ValueError):
        raise InputError(f"{name} is no array of numbers, expected [{length}]") from None
    if array.shape != (length,):
        raise InputError(f"{name} has shape {array.shape}, expected [{length}]")
    return array


def stream_options(options: dict[str, Any]) -> dict[str, Any]:
    """Fields of dt_stream_options as numbers; None stays, for the default. Raises InputError."""
    return {
        name: None if value is None else decimal(name, value) if name in _DECIMAL else whole(name, value)
        for name, value in options.items()
    }
