"""The FP16 graph with explicit casts: what strongly typed TensorRT runs in half precision is decided here, not by it.

Own pass instead of a converter of onnxruntime or onnxconverter-common: those choose by operator type alone, so that
elementwise work between two float32 operators (the modulation after a normalisation) goes to float16 and back, and
they shift weights below 1e-7. Here types follow the data, see half_graph().
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from diffusiontalker.errors import EngineError
from diffusiontalker.trt_build.graph.constants import element_types, fold_stored_half

FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16

# Where the time goes and tensor cores help; products of float16 are summed in float32.
HALF_OPS = frozenset({"MatMul", "Gemm", "Conv", "ConvTranspose"})
# Sums over many elements, and functions that leave float16's range or need its lost digits.
FLOAT_OPS = frozenset({
    "Softmax", "LogSoftmax", "LayerNormalization", "InstanceNormalization", "GroupNormalization", "BatchNormalization",
    "ReduceMean", "ReduceSum", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp", "ReduceProd", "CumSum",
    "Exp", "Log", "Pow", "Sqrt", "Reciprocal", "Sin", "Cos", "Div", "Softplus", "RandomNormal", "RandomUniform",
})  # fmt: skip


def half_graph(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with matrix products and convolutions in float16, every change of type an explicit Cast.

    Types of the other nodes follow their inputs: float32 wins over float16, constants adapt. So inputs and outputs of
    the graph, softmax, normalisations with the modulation around them, and sums with float32 data (the residual stream
    of the denoiser, through its float32 inputs) stay float32, and what lies between two matrix products is float16.
    model: float32, large weights perhaps stored as float16; unchanged. Tensor names of inputs and outputs stay.
    Raises EngineError for a graph that is inconsistent, or a weight beyond float16."""
    out = onnx.ModelProto()
    out.CopyFrom(model)
    fold_stored_half(out)
    types = element_types(out)
    del out.graph.value_info[:]
    _Caster(out.graph, types).rewrite()
    onnx.checker.check_model(out)
    return out


class _Caster:
    """Walks the nodes in order, knows the type that every tensor has by now, and inserts casts."""

    def __init__(self, graph: onnx.GraphProto, types: dict[str, int]):
        self.graph = graph
        self.real = {name for name, t in types.items() if t == FLOAT}
        self.weights = {i.name: i for i in graph.initializer}
        # Free to take either type: constants and what is computed from constants only.
        self.free = {name for name in self.weights if name in self.real}
        self.half: set[str] = set()
        self.nodes: list[onnx.NodeProto] = []
        self.made: set[str] = set()

    def rewrite(self) -> None:
        nodes, outputs = list(self.graph.node), {o.name for o in self.graph.output}
        for node in nodes:
            self._place(node, outputs)
        del self.graph.node[:]
        self.graph.node.extend(self.nodes)
        used = {name for node in self.nodes for name in node.input} | outputs
        kept = [i for i in self.graph.initializer if i.name in used]
        del self.graph.initializer[:]
        self.graph.initializer.extend(kept)

    def _place(self, node: onnx.NodeProto, outputs: set[str]) -> None:
        reals = [name for name in node.input if name in self.real]
        if not reals or node.op_type == "Shape":
            self.nodes.append(node)  # whole numbers only; Shape takes any type
            return
        if all(name in self.free for name in reals) and node.op_type not in HALF_OPS:
            self.free.update(name for name in node.output if name in self.real)
            self.nodes.append(node)
            return
        half = self._runs_half(node, reals)
        for i, name in enumerate(node.input):
            if name in self.real:
                node.input[i] = self._as_half(name) if half else self._as_float(name)
        results = [name for name in node.output if name in self.real]
        if half:
            for i, name in enumerate(node.output):
                if name in outputs:  # the graph keeps its float32 outputs
                    node.output[i] = name + ".half"
        self.nodes.append(node)
        for name in results:
            if half and name in outputs:
                self._cast(name + ".half", name, FLOAT)
            elif half:
                self.half.add(name)

    def _runs_half(self, node: onnx.NodeProto, reals: list[str]) -> bool:
        if node.op_type in HALF_OPS:
            return True
        if node.op_type in FLOAT_OPS or node.op_type == "Cast":
            return False
        return all(name in self.half for name in reals if name not in self.free)

    def _as_half(self, name: str) -> str:
        if name in self.half:
            return name
        cast = name + ".f16"
        if cast not in self.made:
            if name in self.weights:
                self._halve_weight(name, cast)
            else:
                self._cast(name, cast, HALF)
        return cast

    def _as_float(self, name: str) -> str:
        if name not in self.half:
            return name
        return self._cast(name, name + ".f32", FLOAT)

    def _cast(self, source: str, target: str, to: int) -> str:
        if target not in self.made:
            self.nodes.append(helper.make_node("Cast", [source], [target], name=target + ".cast", to=to))
            self.made.add(target)
        return target

    def _halve_weight(self, name: str, target: str) -> None:
        values = numpy_helper.to_array(self.weights[name])
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if not np.isfinite(half).all():
            raise EngineError(f"weight {name} reaches {np.abs(values).max():.3g}, beyond float16's 65504: build with "
                              "precision f32")  # fmt: skip
        self.graph.initializer.append(numpy_helper.from_array(half, target))
        self.made.add(target)
