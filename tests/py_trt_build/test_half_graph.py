"""The FP16 graph: its types, its error against PyTorch in float16, and the variant for TensorRT 8."""

import json
from collections import Counter

import numpy as np
import onnx
import pytest
from conftest import BASE
from onnx import TensorProto, helper, numpy_helper

from diffusiontalker.errors import EngineError
from diffusiontalker.trt_build.graph.constants import element_types, fold_stored_half
from diffusiontalker.trt_build.graph.half import half_graph
from diffusiontalker.trt_build.graph.opset17 import to_opset17
from training.export.half_storage import stored_constants

NETWORKS = ("audio_encoder", "denoiser", "conditioner", "style_encoder")
N_CHANNELS = len(json.loads((BASE / "bundle.json").read_text())["motion"]["channels"])
HALF, FLOAT = TensorProto.FLOAT16, TensorProto.FLOAT


@pytest.fixture(scope="module")
def graphs():
    """network -> (float32 graph, float16 graph)."""
    networks = json.loads((BASE / "bundle.json").read_text())["networks"]
    models = {name: onnx.load(str(BASE / networks[name]["file"])) for name in NETWORKS}
    return {name: (model, half_graph(model)) for name, model in models.items()}


def run(model: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> np.ndarray:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(
        None, feeds
    )[0]


def inputs_of(network: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)

    def normal(*shape, scale=1.0):
        return (scale * rng.standard_normal(shape)).astype(np.float32)

    return {
        "audio_encoder": {"mel": normal(2, 90, 80, scale=3.0) - 6},
        "denoiser": {
            "x_t": normal(2, 27, N_CHANNELS), "known": np.zeros((2, 27, 1), np.float32), "audio": normal(2, 27, 192),
            "condition": normal(2, 1920, scale=0.3),
        },
        "conditioner": {"style": normal(8, 64), "t": np.linspace(1, 256, 8, dtype=np.float32)},
        "style_encoder": {"mel": normal(1, 150, 80, scale=3.0) - 6},
    }[network]  # fmt: skip


@pytest.mark.parametrize("network", NETWORKS)
def test_types_are_explicit_and_as_promised(graphs, network):
    model, half = graphs[network]
    types = element_types(half)  # strict inference: every node's inputs agree
    assert all(types[v.name] == FLOAT for v in [*half.graph.input, *half.graph.output])
    assert [v.name for v in half.graph.input] == [v.name for v in model.graph.input]
    for node in half.graph.node:
        if node.op_type in ("MatMul", "Gemm", "Conv"):
            assert {types[name] for name in node.input if name} == {HALF}
        if node.op_type in (
            "Softmax",
            "LayerNormalization",
            "ReduceMean",
            "ReduceL2",
            "ReduceSum",
            "Sin",
            "Cos",
            "Pow",
        ):
            assert all(types[name] != HALF for name in [*node.input, *node.output] if name)
    before, after = (Counter(n.op_type for n in m.graph.node) for m in (model, half))
    del before["Cast"], after["Cast"]
    assert before == after  # casts are all that was added
    assert not any(n.op_type == "Cast" and types[n.input[0]] == types[n.output[0]] for n in half.graph.node)


def test_modulation_of_the_denoiser_stays_in_float32(graphs):
    """What follows a normalisation up to the next product: scale, shift, and the residual sum before it."""
    graph = graphs["denoiser"][1].graph
    types, makers = element_types(graphs["denoiser"][1]), {o: n for n in graph.node for o in n.output}
    norms = [n for n in graph.node if n.op_type == "LayerNormalization"]
    assert len(norms) == 14
    # One stands where the free branch begins, on the sum of two products.
    assert [makers[norm.input[0]].op_type for norm in norms].count("Add") == 13
    for norm in norms:
        assert types[norm.input[0]] == FLOAT
        users = [n for n in graph.node if norm.output[0] in n.input]
        assert users and all(types[u.output[0]] == FLOAT for u in users if u.op_type != "Cast")


@pytest.mark.parametrize("network", NETWORKS)
def test_opset_17_gives_the_same_bits(graphs, network):
    feeds = inputs_of(network)
    for model in graphs[network]:
        old = to_opset17(model)
        assert [o.version for o in old.opset_import] == [17] and old.ir_version <= 8
        np.testing.assert_array_equal(run(old, feeds), run(model, feeds))
        assert to_opset17(old) == old


def test_stored_half_weights_fold_to_the_same_values(graphs):
    model = onnx.ModelProto()
    model.CopyFrom(graphs["denoiser"][0])
    fold_stored_half(model)
    folded = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    assert {v.dtype for v in folded.values()} <= {np.dtype(np.float32), np.dtype(np.int64)}
    stored = stored_constants(graphs["denoiser"][0].graph)
    assert set(folded) == set(stored)
    for name, value in stored.items():
        np.testing.assert_array_equal(folded[name], value)
    # The same products, but of constants now, for which ONNX Runtime has another order of sums.
    feeds = inputs_of("denoiser")
    np.testing.assert_allclose(run(model, feeds), run(graphs["denoiser"][0], feeds), atol=1e-5)


@pytest.fixture(scope="module")
def judge():
    """A second of sound, so five windows, in PyTorch float32 and float16."""
    from benchmarks.verify.compare import Judge
    from benchmarks.verify.parts import TorchParts
    from benchmarks.verify.reference import measure_reference

    t = np.arange(16000) / 16000
    voice = sum(np.sin(2 * np.pi * k * 120 * t + k) / k for k in range(1, 20)) * np.clip(np.sin(20 * t), 0, 1) ** 2
    audio = (0.08 * voice + 0.01 * np.random.default_rng(0).standard_normal(len(t))).astype(np.float32)
    halves = TorchParts(BASE, half=False), TorchParts(BASE, half=True)
    return Judge(BASE, measure_reference(BASE, audio, "live", *halves))


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.slow
def test_onnx_graphs_keep_the_limits_that_pytorch_sets(judge, half):
    from benchmarks.verify.parts import OnnxParts

    result = judge.compare(OnnxParts(BASE, half), half)
    assert [e.what for e in result.errors] == ["audio", "condition", "x0", "frames"]
    assert result.kept, result.as_dict()
    if half:  # float16 was really used: float32 errs by 3e-7 and less
        assert all(e.rms > 1e-5 for e in result.errors if e.what in ("audio", "x0"))
    assert judge.expected.std(axis=0).max() > 0.02  # the face did move


@pytest.mark.slow
def test_reference_comes_back_from_a_file(judge, tmp_path):
    from benchmarks.verify.parts import OnnxParts
    from benchmarks.verify.reference import Reference

    judge.reference.save(tmp_path / "reference.npz")
    again = type(judge)(BASE, Reference.load(tmp_path / "reference.npz", BASE))
    assert again.half == judge.half
    parts = OnnxParts(BASE, True)
    assert again.compare(parts, True).as_dict() == judge.compare(parts, True).as_dict()
    with pytest.raises(EngineError, match="of another bundle than .*base-2step: write it again with --save"):
        Reference.load(tmp_path / "reference.npz", BASE.parent / "base-2step")
    whole = (tmp_path / "reference.npz").read_bytes()
    for name, data in (("half.npz", whole[: len(whole) // 2]), ("text.npz", b"no archive"), ("none.npz", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(EngineError, match=f"{name} is no reference of benchmarks.verify"):
            Reference.load(tmp_path / name, BASE)
    with pytest.raises(EngineError, match="missing.npz is no reference"):
        Reference.load(tmp_path / "missing.npz", BASE)


@pytest.mark.slow
def test_wrong_networks_are_beyond_the_limits(judge):
    from benchmarks.verify.parts import OnnxParts

    class Wrong(OnnxParts):
        def run(self, network, feeds):
            return super().run(network, feeds) * np.float32(1.02)

    class Broken(OnnxParts):
        def run(self, network, feeds):
            return super().run(network, feeds) * np.float32(np.nan if network == "denoiser" else 1)

    for candidate in (Wrong(BASE, True), Broken(BASE, True)):
        errors = {e.what: e for e in judge.compare(candidate, True).errors}
        assert not errors["x0"].kept and not errors["frames"].kept


def small(weight: np.ndarray, *nodes: onnx.NodeProto) -> onnx.ModelProto:
    infos = [helper.make_tensor_value_info(name, FLOAT, [2, 4]) for name in "xy"]
    nodes = nodes or (helper.make_node("MatMul", ["x", "w"], ["y"]),)
    graph = helper.make_graph(nodes, "g", infos[:1], infos[1:], [numpy_helper.from_array(weight, "w")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def test_graphs_that_cannot_be_halved_are_refused():
    with pytest.raises(EngineError, match="weight w reaches 1e.*beyond float16's 65504: build with precision f32"):
        half_graph(small(np.full((4, 4), 1e6, np.float32)))
    with pytest.raises(EngineError, match="the graph is not consistent"):
        half_graph(small(np.ones((5, 4), np.float32)))
    branch = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["z"])], "b", [], [helper.make_tensor_value_info("z", FLOAT, [2, 4])]
    )
    condition = helper.make_node("If", ["w"], ["y"], then_branch=branch, else_branch=branch)
    with pytest.raises(EngineError, match="a node If with a graph inside"):
        half_graph(small(np.array(True), condition))


def test_newer_opsets_are_not_lowered():
    model = small(np.eye(4, dtype=np.float32))
    model.opset_import[0].version = 21
    with pytest.raises(EngineError, match="of opset 21: TensorRT 8 needs 17"):
        to_opset17(model)
