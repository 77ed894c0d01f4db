"""How much arithmetic a window is, read from the bundle's graphs."""

from __future__ import annotations

import importlib
import math
from pathlib import Path

from diffusiontalker.errors import InputError
from diffusiontalker.spec import bundles


def window_flops(bundle: Path, profile: str) -> int:
    """Floating-point operations of one window: the audio encoder once, the denoiser in every step of the sampler, each
    as its graph is written. Products, convolutions and attention count, two operations for each multiply-add."""
    about = bundles.read_description(bundle)
    frames, audio = sum(about["profiles"][profile].values()), about["audio"]
    n_mel_frames = frames * audio["mel_frames_per_group"] // audio["anim_frames_per_group"]
    networks = about["networks"]
    encoder = _graph_flops(bundle, networks["audio_encoder"]["file"], {"mel": [1, n_mel_frames, None]})
    inputs = {name: [1, frames, None] for name in ("x_t", "known", "audio")} | {"condition": [1, None]}
    denoiser = _graph_flops(bundle, networks["denoiser"]["file"], inputs)
    return encoder + len(about["sampler"]["steps"]) * denoiser


def _graph_flops(bundle: Path, file: str, inputs: dict[str, list[int | None]]) -> int:
    """inputs: name -> its shape; None: the length that the graph has already."""
    try:
        onnx = importlib.import_module("onnx")
    except ImportError as e:
        raise InputError(f"--peak counts the arithmetic of the networks and needs onnx ({e}): pip install onnx") from e
    model = onnx.load_from_string(bundles.read_file(bundle, file))
    for value in model.graph.input:
        for dim, length in zip(value.type.tensor_type.shape.dim, inputs.get(value.name, []), strict=False):
            if length is not None:
                dim.dim_value = length
    del model.graph.value_info[:]
    whole = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in (*whole.value_info, *whole.input)}
    shapes |= {w.name: list(w.dims) for w in whole.initializer}
    shapes |= {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in whole.output}
    return sum(_node_flops(node, shapes) for node in whole.node)


def _node_flops(node, shapes: dict[str, list[int]]) -> int:
    if node.op_type not in ("MatMul", "Gemm", "Conv"):
        return 0
    first, second, out = (shapes.get(name, []) for name in (node.input[0], node.input[1], node.output[0]))
    if not out or not all(out) or not first or not second:
        raise InputError(f"the shape of {node.output[0]} in the network is not known: its arithmetic cannot be counted")
    depth = math.prod(second[1:]) if node.op_type == "Conv" else first[-1]
    return 2 * math.prod(out) * depth
