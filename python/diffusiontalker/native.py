"""The only place that imports the compiled module."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from diffusiontalker.errors import BackendError


def native() -> ModuleType:
    """The module diffusiontalker._native.
    Raises BackendError with the cause and the fix when it is missing or cannot be loaded.
    """
    try:
        return importlib.import_module("diffusiontalker._native")
    except ImportError as e:
        if importlib.util.find_spec("diffusiontalker._native") is None:
            raise BackendError(
                "the compiled part of diffusiontalker is not installed: run `pip install .` in the source folder, "
                "and start Python outside its python/ folder"
            ) from e
        raise BackendError(
            f"the compiled part of diffusiontalker cannot be loaded ({e}): run `pip install --force-reinstall .` in "
            "the source folder with this Python"
        ) from e
