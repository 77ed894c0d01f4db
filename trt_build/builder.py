"""The step from what is always here to what builds engines, which needs onnx and filelock."""

from __future__ import annotations

import importlib
from types import ModuleType

from diffusiontalker.errors import EngineError
from diffusiontalker.extras import install_command


def load_builder(library: str = "tensorrt-rtx") -> ModuleType:
    """The module that builds engine sets, with Wanted and ensure_engines; it needs onnx and filelock.
    library: whose extra the advice names. Raises EngineError that says what is missing and how to install it."""
    try:
        return importlib.import_module("diffusiontalker.trt_build.engine.build_set")
    except ModuleNotFoundError as e:
        raise EngineError(f"building engines needs {e.name}: {install_command(library)}") from e
