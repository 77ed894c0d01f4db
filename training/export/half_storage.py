"""Weights stored as float16 in a graph that computes in float32: half the download, the same speed."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Smaller ones are not worth a node.
MIN_ELEMENTS = 1024
SUFFIX = ".float16"


def store_weights_as_half(model: onnx.ModelProto) -> None:
    """Turns large float32 weights into float16 ones, each followed by a Cast to float32 under the old name.

    Only weights of matrix products and convolutions: tables of positions would lose exactness that PyTorch's have.
    Raises ValueError for a weight that float16 cannot hold."""
    weights = {n.input[1] for n in model.graph.node if n.op_type in ("MatMul", "Gemm", "Conv")}
    casts = []
    for tensor in model.graph.initializer:
        small = np.prod(tensor.dims) < MIN_ELEMENTS
        if tensor.name not in weights or tensor.data_type != TensorProto.FLOAT or small:
            continue
        name, values = tensor.name, numpy_helper.to_array(tensor).astype(np.float32)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if not np.isfinite(half).all():
            raise ValueError(
                f"weight {name} reaches {np.abs(values).max():.3g}, beyond float16: it cannot be stored so"
            )
        tensor.CopyFrom(numpy_helper.from_array(half, name + SUFFIX))
        casts.append(helper.make_node("Cast", [name + SUFFIX], [name], name=name + ".cast", to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def stored_constants(graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    """Name -> value of every initializer as the nodes see it: weights stored as half come back as float32."""
    out = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0].endswith(SUFFIX) and node.input[0] in out:
            out[node.output[0]] = out.pop(node.input[0]).astype(np.float32)
    return out
