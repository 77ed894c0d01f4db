"""The two libraries that build engines: TensorRT (on the GPU that will run them) and TensorRT-RTX (anywhere)."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType

from diffusiontalker.errors import EngineError
from diffusiontalker.extras import install_command
from diffusiontalker.trt_build.engine.gpu import find_gpu
from diffusiontalker.trt_build.sets.identity import Gpu

MODULES = {"tensorrt": "tensorrt", "tensorrt-rtx": "tensorrt_rtx"}
OLDEST_MAJOR = {"tensorrt": 8, "tensorrt-rtx": 1}


@dataclass(frozen=True)
class Library:
    """name: of LIBRARIES. module: its Python bindings, never imported by name elsewhere."""

    name: str
    module: ModuleType
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def is_rtx(self) -> bool:
        return self.name == "tensorrt-rtx"

    @property
    def strongly_typed(self) -> bool:
        """Whether the graph's own types hold. Otherwise the builder chooses, from hints (TensorRT 8)."""
        return self.is_rtx or self.major >= 10


def load_library(name: str) -> Library:
    """Raises EngineError that says how to install it."""
    if name not in MODULES:
        raise EngineError(f"there is no library '{name}': choose {' or '.join(MODULES)}")
    try:
        module = importlib.import_module(MODULES[name])
        version = str(module.__version__)
        major = int(version.split(".")[0])
    except ModuleNotFoundError as e:
        if e.name != MODULES[name]:
            raise EngineError(f"{name} is not whole: it lacks {e.name}; {install_command(name)}") from e
        raise EngineError(f"{name} is not installed: {install_command(name)}") from e
    except (ImportError, OSError, AttributeError, ValueError) as e:
        raise EngineError(f"{name} cannot be loaded: {' '.join(str(e).split())}; {install_command(name)}") from e
    if major < OLDEST_MAJOR[name]:
        raise EngineError(f"{name} {version} is too old, {OLDEST_MAJOR[name]} is needed: {install_command(name)}")
    return Library(name, module, version)


def choose_library(name: str | None = None) -> tuple[Library, Gpu | None]:
    """The library asked for, or the one that can build here: tensorrt where there is a GPU, else tensorrt-rtx.
    The GPU comes with tensorrt only, whose plans are for it. Raises EngineError when nothing can build here."""
    gpu, reason = find_gpu()
    if name is not None:
        library = load_library(name)
        if library.is_rtx:
            return library, None
        if gpu is None:
            raise EngineError(
                f"tensorrt builds engines on the GPU that will run them, and here is none: {reason}; tensorrt-rtx "
                f"builds without one ({install_command('tensorrt-rtx')})"
            )
        return library, gpu
    errors = []
    for candidate in ("tensorrt", "tensorrt-rtx") if gpu is not None else ("tensorrt-rtx",):
        try:
            library = load_library(candidate)
            return library, None if library.is_rtx else gpu
        except EngineError as e:
            errors.append(str(e))
    raise EngineError("no library is here that can build engines: " + "; ".join(errors))
