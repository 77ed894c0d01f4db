"""Pickles of data sets, read without running what they name: plain containers, numbers, strings and numpy arrays.

An unpickler calls whatever a file names, so a downloaded pickle can run any program. This one looks each name up in a
fixed table and refuses all others. Python 2 wrote most of these files: their strings are latin-1."""

from __future__ import annotations

import collections
import pickle
from pathlib import Path

import numpy as np

from training.datasets.take import DataError

try:
    from numpy._core.multiarray import _reconstruct, scalar
except ImportError:  # numpy < 2
    from numpy.core.multiarray import _reconstruct, scalar  # type: ignore[no-redef]


class _Latin1Bytes:
    """Stands for _codecs.encode, by which protocols 0 to 2 write bytes. Slots keep a pickle from setting attributes."""

    __slots__ = ()

    def __call__(self, text: str, encoding: str = "latin1") -> bytes:
        if encoding not in ("latin1", "latin-1"):
            raise pickle.UnpicklingError(f"_codecs.encode with {encoding}")
        return text.encode("latin1")


class _NewArray:
    """Stands for multiarray._reconstruct: makes the empty array that a state then fills."""

    __slots__ = ()

    def __call__(self, kind, shape, typecode):
        if kind is not np.ndarray:
            raise pickle.UnpicklingError(f"an array of {kind!r}")
        return _reconstruct(np.ndarray, shape, typecode)


class _FromBuffer:
    """Stands for numeric._frombuffer, by which protocol 5 writes contiguous arrays."""

    __slots__ = ()

    def __call__(self, buffer, dtype, shape, order):
        return np.frombuffer(buffer, dtype=dtype).reshape(shape, order=order)


_BUILTINS = (bool, bytearray, bytes, complex, dict, float, frozenset, int, list, range, set, slice, str, tuple)
_ALLOWED = {(module, kind.__name__): kind for kind in _BUILTINS for module in ("builtins", "__builtin__")} | {
    ("__builtin__", "unicode"): str,
    ("__builtin__", "long"): int,
    ("__builtin__", "xrange"): range,
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("collections", "defaultdict"): collections.defaultdict,
    ("_codecs", "encode"): _Latin1Bytes(),
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}
for _package in ("numpy.core", "numpy._core"):  # numpy 2 moved its insides from the one to the other
    _ALLOWED[f"{_package}.multiarray", "_reconstruct"] = _NewArray()
    _ALLOWED[f"{_package}.multiarray", "scalar"] = scalar
    _ALLOWED[f"{_package}.numeric", "_frombuffer"] = _FromBuffer()


class _Unpickler(pickle.Unpickler):
    def __init__(self, file, origin: str):
        super().__init__(file, encoding="latin1")
        self.origin = origin

    def find_class(self, module: str, name: str):
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise DataError(
                f"{self.origin} wants to load {module}.{name}, which is no plain data: it is refused, because a pickle "
                "can run any program; get the file from the data set's own site"
            ) from None


def load_pickle(path: Path):
    """Contents of a pickle of plain data. Raises DataError when it is missing, damaged or names any other class."""
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path} is missing: copy it there from the data set's download")
    with open(path, "rb") as file:
        return _load(file, str(path))


def _load(file, origin: str):
    try:
        return _Unpickler(file, origin).load()
    except DataError:
        raise
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise DataError(f"{origin} cannot be read as a pickle ({error}): download it again") from error
