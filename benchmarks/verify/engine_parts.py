"""Engines driven from Python with PyCUDA: a second way to run them that shares nothing with our C++ runtime, so that an
error of either shows. Runs on machines with a GPU only."""

from __future__ import annotations

import atexit
import importlib
from pathlib import Path
from types import ModuleType

import numpy as np

from benchmarks.verify.parts import OUTPUTS
from diffusiontalker.errors import EngineError
from diffusiontalker.trt_build.engine.gpu import find_gpu
from diffusiontalker.trt_build.engine.library import Library, load_library
from diffusiontalker.trt_build.engine.messages import engine_error, log_of
from diffusiontalker.trt_build.sets.sidecar import Engine, EngineSet, file_problem, read


class EngineParts:
    """The plans of a set, as Parts. Checks set, library and GPU before any plan is parsed.
    Raises EngineError: no GPU or pycuda, set damaged or for something else."""

    def __init__(self, folder: Path):
        self.engines = check_set(folder)
        identity = self.engines.identity
        self.library = load_library(identity.library)
        self.name = f"{identity.library} {identity.library_version} {identity.precision}"
        self.cuda = open_cuda()
        self.runtime = self.library.module.Runtime(log_of(self.library.module))
        self.opened: dict[str, RunningEngine] = {}

    def run(self, network: str, feeds: dict[str, np.ndarray]) -> np.ndarray:
        """Takes the plan of the window and the profile of the batch."""
        first = next(iter(feeds.values()))
        engine, index = choose_engine(self.engines, network, feeds, len(first))
        if engine.file not in self.opened:
            data = (self.engines.folder / engine.file).read_bytes()
            self.opened[engine.file] = RunningEngine(self.library, self.runtime, self.cuda, engine, data)
        return self.opened[engine.file].run(feeds, OUTPUTS[network], index)

    def layer_times(self) -> dict[str, dict[str, float]]:
        """Plan -> layer -> milliseconds of its last run, of the engines that ran."""
        return {file: engine.layer_times() for file, engine in self.opened.items()}


def check_set(folder: Path) -> EngineSet:
    """The set of a folder, when it is whole and for what is here. Raises EngineError."""
    found = read(folder)
    if problem := file_problem(found):
        raise EngineError(f"{problem}; run `diffusiontalker engine build` again")
    gpu, reason = find_gpu()
    if gpu is None:
        raise EngineError(f"engines run on an NVIDIA GPU only, and here is none: {reason}")
    identity = found.identity
    version = load_library(identity.library).version
    if version != identity.library_version and not identity.options.version_compatible:
        raise EngineError(
            f"{folder} was built with {identity.library} {identity.library_version}, and {version} is here"
        )
    if identity.gpu is not None and identity.gpu != gpu and not identity.options.same_compute_capability:
        raise EngineError(f"{folder} is for {identity.gpu.name}, and here is {gpu.name}: build it again")
    if identity.gpu is not None and identity.gpu.compute_capability != gpu.compute_capability:
        raise EngineError(f"{folder} is for compute capability {identity.gpu.compute_capability}: build it again")
    return found


def open_cuda() -> ModuleType:
    """pycuda.driver with the device's primary context current until the process ends. Raises EngineError."""
    try:
        cuda = importlib.import_module("pycuda.driver")
    except ImportError as e:
        raise EngineError(f"running engines from Python needs PyCUDA ({e}): pip install pycuda") from e
    cuda.init()
    context = cuda.Device(0).retain_primary_context()
    context.push()
    atexit.register(context.pop)  # PyCUDA aborts a process that ends with a context on its stack
    return cuda


def choose_engine(found: EngineSet, network: str, feeds: dict[str, np.ndarray], batch: int) -> tuple[Engine, int]:
    """(engine, index of the profile) for inputs of this shape. Raises EngineError when the set has none."""
    for engine in found.engines:
        fits = engine.network == network and all(
            feeds[t["name"]].shape[1:] == tuple(t["shape"][1:]) for t in engine.tensors if t["input"]
        )
        batches = [profile["batch"] for profile in engine.profiles]
        if fits and batch in batches:
            return engine, batches.index(batch)
    shapes = ", ".join(f"{name} {list(value.shape)}" for name, value in feeds.items())
    raise EngineError(f"{found.folder} has no plan of {network} for {shapes}: build that window and batch")


class RunningEngine:
    """One deserialised plan with its own stream and memory."""

    def __init__(self, library: Library, runtime, cuda: ModuleType, engine: Engine, data: bytes):
        trt, log = library.module, log_of(library.module)
        log.clear()
        self.trt, self.cuda, self.about = trt, cuda, engine
        self.engine = runtime.deserialize_cuda_engine(data)
        if self.engine is None:
            raise engine_error(f"{engine.file} cannot be opened", log.errors)
        self.stream, self.profile, self.times = cuda.Stream(), -1, make_profiler(trt)
        # Memory of our own, as the runtime has it, and as plans of tensorrt-rtx require it.
        is_old = not hasattr(trt, "ExecutionContextAllocationStrategy")  # TensorRT 8
        size = int(self.engine.device_memory_size if is_old else self.engine.device_memory_size_v2)
        if is_old:
            self.context = self.engine.create_execution_context_without_device_memory()
        else:
            self.context = self.engine.create_execution_context(trt.ExecutionContextAllocationStrategy.USER_MANAGED)
        if self.context is None:
            raise engine_error(f"{engine.file} has no execution context", log.errors)
        self.scratch = cuda.mem_alloc(max(size, 1))
        if is_old:
            self.context.device_memory = int(self.scratch)
        else:
            self.context.set_device_memory(int(self.scratch), size)
        self.context.profiler = self.times

    def run(self, feeds: dict[str, np.ndarray], output: str, profile: int) -> np.ndarray:
        """float32 in, float32 out; waits for the result. Raises EngineError when the engine refuses."""
        cuda, context = self.cuda, self.context
        if profile != self.profile:
            context.set_optimization_profile_async(profile, self.stream.handle)
            self.profile = profile
        held = []
        for name, value in feeds.items():
            dense = np.ascontiguousarray(value, np.float32)
            memory = cuda.mem_alloc(dense.nbytes)
            cuda.memcpy_htod_async(memory, dense, self.stream)
            context.set_input_shape(name, dense.shape)
            context.set_tensor_address(name, int(memory))
            held.append((memory, dense))
        result = np.empty(tuple(context.get_tensor_shape(output)), np.float32)
        memory = cuda.mem_alloc(result.nbytes)
        context.set_tensor_address(output, int(memory))
        if not context.execute_async_v3(self.stream.handle):
            raise EngineError(f"{self.about.file} did not run: the engine refused the launch")
        cuda.memcpy_dtoh_async(result, memory, self.stream)
        self.stream.synchronize()
        return result

    def layer_times(self) -> dict[str, float]:
        return dict(self.times.layers)


def make_profiler(trt: ModuleType):
    """Receives milliseconds per layer after every run."""

    class LayerTimes(trt.IProfiler):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            trt.IProfiler.__init__(self)
            self.layers: dict[str, float] = {}

        def report_layer_time(self, layer_name, ms):
            self.layers[layer_name] = float(ms)

    return LayerTimes()
