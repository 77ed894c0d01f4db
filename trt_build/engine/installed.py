"""Which of the libraries are installed, without loading them."""

from __future__ import annotations

import importlib.metadata

# TensorRT's distributions are named after the CUDA that they were built for, too.
_DISTRIBUTIONS = {
    "tensorrt": ("tensorrt", "tensorrt-cu13", "tensorrt-cu12"),
    "tensorrt-rtx": ("tensorrt-rtx", "tensorrt-rtx-cu13", "tensorrt-rtx-cu12"),
}


def installed_version(library: str) -> str | None:
    """Version of `tensorrt` or `tensorrt-rtx`, None when it is not installed."""
    for name in _DISTRIBUTIONS.get(library, ()):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None
