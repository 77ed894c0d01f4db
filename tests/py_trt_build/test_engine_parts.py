"""The Python way to run engines. Here is no GPU: what can be tested is everything around the launch, with stand-ins for
PyCUDA and TensorRT whose memory is the host's and whose engine is ONNX Runtime."""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from conftest import BASE

from benchmarks.verify import engine_parts
from benchmarks.verify.parts import OUTPUTS, OnnxParts, Recorder
from diffusiontalker.errors import EngineError
from diffusiontalker.trt_build.engine.library import Library
from diffusiontalker.trt_build.sets.identity import Gpu


class HostMemory:
    """pycuda.driver.DeviceAllocation."""

    def __init__(self, n_bytes):
        self.data = ctypes.create_string_buffer(max(n_bytes, 1))

    def __int__(self):
        return ctypes.addressof(self.data)


class HostCuda:
    """What is used of pycuda.driver. Nothing is copied before the stream is awaited, as on a GPU."""

    mem_alloc = HostMemory

    class Stream:
        def __init__(self):
            self.handle, self.work = id(self), []
            HostCuda.streams[self.handle] = self

        def synchronize(self):
            for step in self.work:
                step()
            self.work.clear()

    streams: ClassVar[dict] = {}

    @staticmethod
    def memcpy_htod_async(memory, source, stream):
        stream.work.append(lambda: ctypes.memmove(int(memory), source.ctypes.data, source.nbytes))

    @staticmethod
    def memcpy_dtoh_async(target, memory, stream):
        stream.work.append(lambda: ctypes.memmove(target.ctypes.data, int(memory), target.nbytes))


class HostContext:
    """IExecutionContext of one plan; refuses what TensorRT would refuse."""

    def __init__(self, about, parts):
        self.about, self.parts = about, parts
        self.shapes, self.addresses, self.profile, self.memory, self.profiler = {}, {}, None, None, None

    def set_device_memory(self, memory, size):
        self.memory = memory

    def set_optimization_profile_async(self, index, stream):
        self.profile = index
        return True

    def set_input_shape(self, name, shape):
        self.shapes[name] = tuple(shape)

    def set_tensor_address(self, name, address):
        self.addresses[name] = address

    def get_tensor_shape(self, name):
        shape = next(t["shape"] for t in self.about.tensors if t["name"] == name)
        return (next(iter(self.shapes.values()))[0], *shape[1:])

    def execute_async_v3(self, stream):
        batches = {shape[0] for shape in self.shapes.values()}
        if self.memory is None or batches != {self.about.profiles[self.profile]["batch"]}:
            return False
        HostCuda.streams[stream].work.append(self.compute)
        self.profiler.report_layer_time("everything", 0.25)
        return True

    def array(self, name, shape):
        count = int(np.prod(shape))
        return np.ctypeslib.as_array((ctypes.c_float * count).from_address(self.addresses[name])).reshape(shape)

    def compute(self):
        feeds = {name: self.array(name, shape).copy() for name, shape in self.shapes.items()}
        output = OUTPUTS[self.about.network]
        self.array(output, self.get_tensor_shape(output))[...] = self.parts.run(self.about.network, feeds)


@pytest.fixture
def on_host(base_set, rtx, monkeypatch):
    """EngineParts of the real engine set of `base`, run by the stand-ins."""
    parts = OnnxParts(BASE, half=True)

    class HostRuntime:
        def __init__(self, log):
            pass

        def deserialize_cuda_engine(self, data):
            about = next(e for e in base_set.engines if e.bytes == len(data))
            return SimpleNamespace(
                device_memory_size_v2=1000, create_execution_context=lambda strategy: HostContext(about, parts)
            )

    module = SimpleNamespace(
        __name__="host", Runtime=HostRuntime, IProfiler=rtx.module.IProfiler, ILogger=rtx.module.ILogger,
        ExecutionContextAllocationStrategy=rtx.module.ExecutionContextAllocationStrategy,
    )  # fmt: skip
    monkeypatch.setattr(engine_parts, "find_gpu", lambda: (Gpu("a GPU", "8.9"), ""))
    monkeypatch.setattr(engine_parts, "load_library", lambda name: Library(name, module, rtx.version))
    monkeypatch.setattr(engine_parts, "open_cuda", lambda: HostCuda)
    return engine_parts.EngineParts(base_set.folder)


def test_inputs_and_results_go_where_they_belong(on_host):
    audio = (0.1 * np.random.default_rng(0).standard_normal(8000)).astype(np.float32)
    frames = Recorder(on_host, BASE, "live").frames(audio)
    np.testing.assert_array_equal(frames, Recorder(OnnxParts(BASE, half=True), BASE, "live").frames(audio))
    assert set(on_host.layer_times()) == {"audio_encoder-w27.plan", "denoiser-w27.plan", "conditioner.plan"}
    assert all(times == {"everything": 0.25} for times in on_host.layer_times().values())


def test_batches_take_their_profile_and_others_are_refused(on_host):
    mel = np.random.default_rng(0).standard_normal((8, 90, 80)).astype(np.float32)
    together = on_host.run("audio_encoder", {"mel": mel})
    alone = [on_host.run("audio_encoder", {"mel": mel[i : i + 1]})[0] for i in (0, 7)]
    np.testing.assert_allclose([together[0], together[7]], alone, atol=0.02)
    with pytest.raises(EngineError, match=r"no plan of audio_encoder for mel \[3, 90, 80\]: build that"):
        on_host.run("audio_encoder", {"mel": mel[:3]})
    with pytest.raises(EngineError, match="no plan of audio_encoder"):
        on_host.run("audio_encoder", {"mel": mel[:, :80]})


def test_set_is_checked_before_anything_is_loaded(tiny_set, tmp_path, monkeypatch):
    monkeypatch.setattr(engine_parts, "find_gpu", lambda: (None, "no NVIDIA driver"))
    with pytest.raises(EngineError, match="engines run on an NVIDIA GPU only, and here is none: no NVIDIA driver"):
        engine_parts.EngineParts(tiny_set.folder)
    damaged = shutil.copytree(tiny_set.folder, tmp_path / "damaged")
    (damaged / "conditioner.plan").write_bytes(b"")
    with pytest.raises(EngineError, match="conditioner.plan has 0 bytes.*engine build"):
        engine_parts.EngineParts(damaged)


def test_missing_pycuda_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "pycuda.driver", None)
    with pytest.raises(EngineError, match="needs PyCUDA"):
        engine_parts.open_cuda()


# Ends the process as PyCUDA does: with an abort where a context is left on the stack.
PYCUDA = """
import atexit, os
stack = []
atexit.register(lambda: os.abort() if stack else None)

class Context:
    def push(self): stack.append(self)
    def pop(self): stack.remove(self)

class Device:
    def __init__(self, number): pass
    def retain_primary_context(self): return Context()

def init(): pass
"""


@pytest.mark.slow
def test_the_process_ends_without_a_context_on_the_stack(tmp_path):
    (tmp_path / "pycuda").mkdir()
    (tmp_path / "pycuda" / "__init__.py").write_text("")
    (tmp_path / "pycuda" / "driver.py").write_text(PYCUDA)
    program = (
        "import pycuda.driver as cuda\nfrom benchmarks.verify.engine_parts import open_cuda\n"
        "assert open_cuda() is cuda and len(cuda.stack) == 1\n"
    )
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2]), *sys.path])
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
