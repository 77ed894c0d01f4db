"""Reader of float32 tensors in the safetensors format: a JSON header, then raw little-endian arrays."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np

from diffusiontalker.errors import BundleError


def read_tensors(path: Path | zipfile.Path, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The named tensors of a file, which may be in an uncompressed ZIP; each float32 of the stored shape.
    Raises BundleError: missing or damaged file, missing tensor, another type.
    """
    try:
        with path.open("rb") as f:
            header_size = int.from_bytes(f.read(8), "little")
            header = json.loads(f.read(min(header_size, 1 << 24)))
            found = {}
            for name in names:
                entry = header[name]
                if entry["dtype"] != "F32":
                    raise BundleError(f"{path}: {name} is of type {entry['dtype']}, expected F32")
                f.seek(8 + header_size + entry["data_offsets"][0])
                n = int(np.prod(entry["shape"], dtype=np.int64))
                found[name] = np.frombuffer(f.read(4 * n), "<f4").reshape(entry["shape"])
    except OSError as e:
        raise BundleError(f"{path} cannot be read: {e.strerror}; get the bundle again") from e
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        raise BundleError(f"{path} is not a safetensors file with {', '.join(names)} ({e}): get it again") from e
    return found
