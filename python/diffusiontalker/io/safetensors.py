"""Reader of float32 tensors in the safetensors format: a JSON header, then raw little-endian arrays."""

from __future__ import annotations

import json
import math

import numpy as np

from diffusiontalker.errors import BundleError

MAX_HEADER_BYTES = 1 << 20


def read_tensors(data: bytes, label: str, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The named tensors of a file; each float32 of the stored shape.
    data: the whole file.   label: its name, for messages.
    Raises BundleError: damaged file, missing tensor, another type, values that are not finite.
    """
    try:
        header_size = int.from_bytes(data[:8], "little")
        if len(data) < 8 or header_size > min(len(data) - 8, MAX_HEADER_BYTES):
            raise ValueError("its header is longer than the file, or than 1 MB")
        header = json.loads(data[8 : 8 + header_size])
        return {name: _tensor(header[name], memoryview(data)[8 + header_size :]) for name in names}
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as e:
        raise BundleError(f"{label} is not a safetensors file with {', '.join(names)} ({e}): get it again") from e


def _tensor(entry: dict, values: memoryview) -> np.ndarray:
    if entry["dtype"] != "F32":
        raise ValueError(f"a tensor of type {entry['dtype']}, expected F32")
    shape, (first, last) = entry["shape"], entry["data_offsets"]
    if not all(isinstance(n, int) and n >= 0 for n in (*shape, first, last)):
        raise ValueError("a size that is not a whole number")
    if last > len(values) or last - first != 4 * math.prod(shape):
        raise ValueError("a tensor that does not lie in the file")
    tensor = np.frombuffer(values[first:last], "<f4").reshape(shape)
    if not np.isfinite(tensor).all():
        raise ValueError("a value that is not finite")
    return tensor
