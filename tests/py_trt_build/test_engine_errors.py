"""Graphs and machines that cannot be built for: our sentence, whatever the library says."""

import sys
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from diffusiontalker.errors import EngineError
from diffusiontalker.trt_build.engine import library as libraries
from diffusiontalker.trt_build.engine.build_plan import build_plan, prepare_graph
from diffusiontalker.trt_build.engine.library import Library, choose_library, load_library
from diffusiontalker.trt_build.engine.messages import engine_error
from diffusiontalker.trt_build.engine.plan_spec import PlanSpec
from diffusiontalker.trt_build.sets.identity import EngineOptions

PLAIN = EngineOptions()
BATCHES = [{"batch": (1, 2, 4)}]


def graph(*nodes: onnx.NodeProto, weight_type=np.float32) -> onnx.ModelProto:
    """x [batch, 4] -> y; w is a weight [4, 4]."""
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 4]) for name in "xy"]
    weight = numpy_helper.from_array(np.eye(4, dtype=weight_type), "w")
    content = helper.make_graph(list(nodes), "g", infos[:1], infos[1:], [weight])
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("odd", 1)]
    return helper.make_model(content, opset_imports=opsets, ir_version=9)


def matmul(**other) -> onnx.ModelProto:
    return graph(helper.make_node("MatMul", ["x", "w"], ["y"]), **other)


def build(library, model, profiles=BATCHES, options=PLAIN):
    spec = PlanSpec("denoiser", "denoiser.onnx", 60, "f16", {"x": ("batch", 4)}, profiles)
    return build_plan(library, model, spec, options, lambda done: None)


ADD = [
    helper.make_node("Cast", ["x"], ["h"], to=TensorProto.FLOAT16),
    helper.make_node("Add", ["x", "h"], ["y"]),
]
BROKEN = {
    "weight of another type": (matmul(weight_type=np.float16), BATCHES, "mixes float16 and float32"),
    "sum of two types": (graph(*ADD), BATCHES, "mixes float16 and float32"),
    "no profile": (matmul(), [], "a size that is not fixed, and no profile"),
    "profile out of order": (matmul(), [{"batch": (4, 2, 1)}], "sizes are not in order"),
    "foreign operator": (graph(helper.make_node("Foo", ["x"], ["y"], domain="odd")), BATCHES, "operator that this"),
    "operator without importer": (graph(helper.make_node("Unique", ["x"], ["y"])), BATCHES, "operator that this"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_graph_gives_one_clear_sentence(rtx, name):
    model, profiles, message = BROKEN[name]
    with pytest.raises(EngineError, match="denoiser of 60 frames") as e:
        build(rtx, model, profiles)
    assert message in str(e.value) and "\n" not in str(e.value)
    assert "cudaError" not in str(e.value)  # what follows every error on a machine without a GPU


def test_error_of_one_build_does_not_show_in_the_next(rtx):
    with pytest.raises(EngineError):
        build(rtx, matmul(), [])
    assert len(build(rtx, matmul()).data) > 1000


def test_options_of_the_other_library_are_refused(rtx):
    with pytest.raises(EngineError, match="tensorrt-rtx has neither version-compatible"):
        build(rtx, matmul(), options=EngineOptions(version_compatible=True))
    with pytest.raises(EngineError, match="no compute capability 9.0: it has 7.5, 8.0"):
        build(rtx, matmul(), options=EngineOptions(compute_capabilities=("9.0",)))
    with pytest.raises(EngineError, match="--compute-capability is of tensorrt-rtx"):
        build(Library("tensorrt", rtx.module, "11.1.0"), matmul(), options=EngineOptions(compute_capabilities=("8.6",)))


@pytest.mark.filterwarnings("ignore:.*Timing cache operations are no-ops")
def test_steps_of_the_full_library_run_on_the_same_interface(rtx):
    """tensorrt itself needs a GPU to build; from 11 on it has the Python interface of tensorrt-rtx, which stands in."""
    plan = build(Library("tensorrt", rtx.module, "11.1.0"), matmul())
    assert plan.timing and not plan.precision.from_engine
    again = build_plan(
        Library("tensorrt", rtx.module, "11.1.0"), matmul(),
        PlanSpec("denoiser", "d", 0, "f32", {"x": ("batch", 4)}, BATCHES), EngineOptions(), lambda _: None, b"garbage",
    )  # fmt: skip
    assert len(again.data) > 1000


def test_missing_libraries_say_how_to_install_them(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", None)
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(EngineError, match=r"tensorrt-rtx.*pip install 'tensorrt-rtx>="):
        load_library("tensorrt-rtx")
    with pytest.raises(EngineError, match="no library is here that can build engines: tensorrt-rtx"):
        choose_library()
    with pytest.raises(EngineError, match="there is no library 'coreml': choose tensorrt or tensorrt-rtx"):
        load_library("coreml")


def test_tensorrt_without_a_gpu_points_to_the_one_that_needs_none(monkeypatch):
    fake: Any = ModuleType("tensorrt")
    fake.__version__ = "10.15.1.29"
    monkeypatch.setitem(sys.modules, "tensorrt", fake)
    monkeypatch.setattr(libraries, "find_gpu", lambda: (None, "no NVIDIA driver"))
    with pytest.raises(EngineError, match="here is none: no NVIDIA driver; tensorrt-rtx builds without one"):
        choose_library("tensorrt")
    fake.__version__ = "7.2.3"
    with pytest.raises(EngineError, match="tensorrt 7.2.3 is too old, 8 is needed"):
        load_library("tensorrt")


def test_builder_that_does_not_start_is_one_sentence(rtx):
    class NoBuilder(ModuleType):
        ILogger = rtx.module.ILogger

        def Builder(self, log):  # what pybind11 does when the factory gives nullptr
            raise TypeError("pybind11::init(): factory function returned nullptr")

    with pytest.raises(EngineError, match="tensorrt 8.6.0 does not start here: .*nullptr"):
        build(Library("tensorrt", NoBuilder("tensorrt"), "8.6.0"), matmul())


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ("Error Code 2: OutOfMemory (Requested size was 1 bytes.)", "the memory is used up"),
        ("Could not find any implementation for node {ForeignNode[x]}.", "no kernel for a node"),
        ("The engine plan file is generated on an incompatible device, expecting compute 8.9 got 8.6", "another GPU"),
        ("Serialization assertion failed: Version tag does not match. Note: Current Version: 0", "no plan of"),
        ("something nobody has seen", "something nobody has seen"),
    ],
)
def test_known_messages_are_told_in_our_words(message, meaning):
    noise = "createInferBuilder: Error Code 6: API Usage Error (CUDA initialization failure with error: 35)"
    text = str(engine_error("x cannot be built", [noise, message]))
    assert meaning in text and "error: 35" not in text


def test_bytes_that_are_no_graph():
    spec = PlanSpec("denoiser", "denoiser.onnx", 0, "f16", {"x": ("batch", 4)})
    with pytest.raises(EngineError, match="denoiser.onnx is not an ONNX graph"):
        prepare_graph(b"\x00" * 100, spec)
    with pytest.raises(EngineError, match="the graph has inputs x, expected mel"):
        prepare_graph(matmul().SerializeToString(), PlanSpec("a", "a.onnx", 0, "f32", {"mel": (1, 2)}))
    with pytest.raises(EngineError, match="input x has an axis of 4, the bundle asks for 5"):
        prepare_graph(matmul().SerializeToString(), PlanSpec("a", "a.onnx", 0, "f32", {"x": (1, 5)}))
