"""What a graph knows before it runs: weights as the nodes see them, and which tensors are of floating point."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from diffusiontalker.errors import EngineError


def fold_stored_half(model: onnx.ModelProto) -> None:
    """Replaces every weight that is stored as float16 and cast to float32 by that float32 weight (same values).

    Bundles store large weights so (docs/bundle-format.md); the passes then see one kind of weight only."""
    graph = model.graph
    stored = {i.name: i for i in graph.initializer}
    readers: dict[str, int] = {}
    for node in graph.node:
        for name in node.input:
            readers[name] = readers.get(name, 0) + 1
    kept = []
    for node in graph.node:
        source = stored.get(node.input[0]) if node.op_type == "Cast" else None
        if source is None or source.data_type != TensorProto.FLOAT16 or _cast_target(node) != TensorProto.FLOAT:
            kept.append(node)
            continue
        wide = numpy_helper.from_array(numpy_helper.to_array(source).astype(np.float32), node.output[0])
        if readers[source.name] == 1:
            source.CopyFrom(wide)
        else:
            graph.initializer.append(wide)
    del graph.node[:]
    graph.node.extend(kept)


def _cast_target(node: onnx.NodeProto) -> int:
    return next(a.i for a in node.attribute if a.name == "to")


def element_types(model: onnx.ModelProto) -> dict[str, int]:
    """Tensor name -> TensorProto element type, of every tensor of the graph.
    Raises EngineError when the graph is not consistent or holds a control-flow node."""
    for node in model.graph.node:
        if any(a.HasField("g") or a.graphs for a in node.attribute):
            raise EngineError(f"the graph has a node {node.op_type} with a graph inside: TensorRT engines are built "
                              "from plain graphs only, export it without control flow")  # fmt: skip
    try:
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except Exception as e:  # onnx raises its own types, which differ over its versions
        raise EngineError(f"the graph is not consistent: {' '.join(str(e).split())}") from e
    graph = inferred.graph
    types = {i.name: i.data_type for i in graph.initializer}
    for value in [*graph.input, *graph.output, *graph.value_info]:
        types[value.name] = value.type.tensor_type.elem_type
    unknown = [name for node in graph.node for name in node.output if name and name not in types]
    if unknown:
        raise EngineError(f"the type of tensor {unknown[0]} cannot be told: the graph uses an operator that onnx lacks")
    return types
