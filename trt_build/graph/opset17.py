"""The same graph in opset 17, the newest that TensorRT 8.6 reads."""

from __future__ import annotations

import onnx
from onnx import helper, numpy_helper

from diffusiontalker.errors import EngineError

OPSET, IR_VERSION = 17, 8

# Axes moved from an attribute to an input in opset 18 (ReduceSum did in 13).
_REDUCTIONS = frozenset({
    "ReduceMean", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMin", "ReduceProd",
    "ReduceSumSquare",
})  # fmt: skip


def to_opset17(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of an opset-18 graph in opset 17; results are the same, bit for bit. Opset 17 and less comes back as is.
    Raises EngineError for a node that opset 17 cannot say."""
    version = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
    out = onnx.ModelProto()
    out.CopyFrom(model)
    if version <= OPSET:
        return out
    if version != OPSET + 1:
        raise EngineError(f"the graph is of opset {version}: TensorRT 8 needs 17, and only opset 18 can be lowered")
    constants = {i.name: numpy_helper.to_array(i) for i in out.graph.initializer}
    for node in out.graph.node:
        if node.op_type == "Split":
            _drop_attribute(node, "num_outputs")  # equal parts are told by the number of outputs
        elif node.op_type in _REDUCTIONS and len(node.input) > 1 and node.input[1]:
            if node.input[1] not in constants:
                raise EngineError(f"{node.op_type} {node.name} computes its axes, which opset 17 cannot say")
            node.attribute.append(helper.make_attribute("axes", constants[node.input[1]].tolist()))
            _drop_attribute(node, "noop_with_empty_axes")
            del node.input[1:]
    del out.opset_import[:]
    out.opset_import.append(helper.make_opsetid("", OPSET))
    out.ir_version = min(out.ir_version, IR_VERSION)
    try:
        onnx.checker.check_model(out, full_check=True)
    except Exception as e:  # onnx raises its own types, which differ over its versions
        raise EngineError(f"the graph cannot be said in opset 17: {' '.join(str(e).split())}") from e
    return out


def _drop_attribute(node: onnx.NodeProto, name: str) -> None:
    kept = [a for a in node.attribute if a.name != name]
    del node.attribute[:]
    node.attribute.extend(kept)
