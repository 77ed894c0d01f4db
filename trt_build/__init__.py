"""TensorRT and TensorRT-RTX engines of bundles: found, built, described, deleted.

Installed as diffusiontalker.trt_build. This is its one door: code outside of this folder imports the names below and
nothing else of it. Importing it needs neither TensorRT nor onnx; load_builder() is the step that does.
"""

from diffusiontalker.trt_build.builder import load_builder
from diffusiontalker.trt_build.engine.gpu import find_gpu
from diffusiontalker.trt_build.engine.installed import installed_version
from diffusiontalker.trt_build.engine.library import load_library
from diffusiontalker.trt_build.on_load import EngineProgress, Wish, open_model
from diffusiontalker.trt_build.sets import cache
from diffusiontalker.trt_build.sets.identity import (
    DEFAULT_BATCHES,
    LIBRARIES,
    MAX_BATCH,
    PRECISIONS,
    EngineOptions,
    Gpu,
    bundle_hash,
)
from diffusiontalker.trt_build.sets.sidecar import EngineSet, file_problem, read
from diffusiontalker.trt_build.state import State, named_sets, state_of

__all__ = [
    "DEFAULT_BATCHES",
    "LIBRARIES",
    "MAX_BATCH",
    "PRECISIONS",
    "EngineOptions",
    "EngineProgress",
    "EngineSet",
    "Gpu",
    "State",
    "Wish",
    "bundle_hash",
    "cache",
    "file_problem",
    "find_gpu",
    "installed_version",
    "load_builder",
    "load_library",
    "named_sets",
    "open_model",
    "read",
    "state_of",
]
