"""TensorRT's timing cache: what its builder measured of kernels on a GPU, so that the next build is short."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from diffusiontalker.errors import OutputError
from diffusiontalker.io.atomic import atomic_writer
from diffusiontalker.trt_build.sets.cache import timing_folder
from diffusiontalker.trt_build.sets.identity import Identity


def path_of(identity: Identity) -> Path | None:
    """One file for each version and GPU. None for tensorrt-rtx, which times nothing while it builds."""
    if identity.library == "tensorrt-rtx" or identity.gpu is None:
        return None
    words = (identity.library_version, identity.gpu.name, identity.gpu.compute_capability)
    return timing_folder() / ("-".join(re.sub(r"[^0-9A-Za-z.]+", "_", word) for word in words) + ".cache")


def read(identity: Identity) -> bytes | None:
    """None when there is none. The library checks what it gets, and starts anew when it does not fit."""
    with contextlib.suppress(OSError, OutputError):
        path = path_of(identity)
        return path.read_bytes() if path is not None else None
    return None


def write(identity: Identity, data: bytes | None) -> None:
    """Best effort: without it the next build takes longer, and nothing else changes."""
    if not data:
        return
    with contextlib.suppress(OSError, OutputError):
        path = path_of(identity)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_writer(path, force=True) as f:
            f.write(data)
