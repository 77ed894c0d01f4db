"""Graphs for one length of window: TensorRT plans better for sizes that it knows."""

from __future__ import annotations

import onnx

from diffusiontalker.errors import EngineError


def fix_shapes(model: onnx.ModelProto, shapes: dict[str, tuple[int | str | None, ...]]) -> None:
    """Sets the inputs' shapes; a word keeps that axis dynamic, None leaves it as it is.

    shapes: of every input of the graph, by name. Output shapes are forgotten and follow. Raises EngineError for another
    set of inputs or another number of axes than the graph has."""
    inputs = {i.name: i for i in model.graph.input}
    if set(inputs) != set(shapes):
        raise EngineError(f"the graph has inputs {', '.join(sorted(inputs))}, expected {', '.join(sorted(shapes))}: it "
                          "is not of this bundle format")  # fmt: skip
    for name, shape in shapes.items():
        dims = inputs[name].type.tensor_type.shape.dim
        if len(dims) != len(shape):
            raise EngineError(f"input {name} has {len(dims)} axes, expected {len(shape)}")
        for dim, size in zip(dims, shape, strict=True):
            if isinstance(size, int) and dim.HasField("dim_value") and dim.dim_value != size:
                raise EngineError(f"input {name} has an axis of {dim.dim_value}, the bundle asks for {size}")
            if size is not None:
                dim.Clear()
            if isinstance(size, int):
                dim.dim_value = size
            elif size is not None:
                dim.dim_param = size
    for output in model.graph.output:
        for axis, dim in enumerate(output.type.tensor_type.shape.dim):
            if dim.HasField("dim_param"):
                name = "batch" if axis == 0 else f"{output.name}_{axis}"
                dim.Clear()
                dim.dim_param = name
    del model.graph.value_info[:]
