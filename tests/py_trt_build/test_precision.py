"""Counting float16 layers in what the engine inspector of TensorRT prints, and the graph that TensorRT 8 gets."""

import json

import numpy as np
import onnx
import pytest
from conftest import BASE

from diffusiontalker.trt_build.engine.build_plan import prepare_graph
from diffusiontalker.trt_build.engine.plan_spec import plan_specs
from diffusiontalker.trt_build.engine.precision import PrecisionReport, engine_precision


def layer(kind, *types):
    return {
        "Name": f"{kind}_1",
        "LayerType": kind,
        "Inputs": [{"Name": "a", "Format/Datatype": "Float"}],
        "Outputs": [{"Name": "b", "Dimensions": [1, 4], "Format/Datatype": t} for t in types],
    }


def test_layers_of_an_engine_are_counted_by_their_outputs():
    layers = [
        layer("gemm", "Half"),
        layer("CaskConvolution", "Row major linear FP16 format"),  # the way of TensorRT 8 and 10
        layer("Reformat", "Half"),
        layer("gemm", "Float"),
        layer("SoftMax", "Row major linear FP32"),
        layer("Constant", "Int64"),
    ]
    text = json.dumps({"Layers": layers, "Bindings": ["mel"]})
    assert engine_precision(text) == PrecisionReport(5, 3, 3, 2, from_engine=True)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"Layers": []}', '{"Layers": ["gemm_1", "conv_2"]}'])
def test_inspector_without_types_gives_no_report(text):
    assert engine_precision(text) is None


def test_tensorrt_8_gets_opset_17_and_chooses_types_itself():
    description = json.loads((BASE / "bundle.json").read_text())
    for spec in plan_specs(description, [27], [1], "f16"):
        model = prepare_graph((BASE / spec.graph).read_bytes(), spec, strongly_typed=False)
        assert [o.version for o in model.opset_import] == [17]
        assert {i.data_type for i in model.graph.initializer} <= {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64}
        fixed = [d.dim_value for i in model.graph.input for d in i.type.tensor_type.shape.dim]
        dynamic = np.array(fixed) == 0
        assert dynamic.any() == (spec.network == "style_encoder")  # one batch: nothing else is open
