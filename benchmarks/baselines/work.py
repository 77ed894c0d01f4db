"""How much arithmetic a window is, read from the bundle's graphs."""

from __future__ import annotations

import importlib
import math
from pathlib import Path

import numpy as np

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
    """inputs: name -> its shape; None: the length that the graph has already. The graph is run once, on zeros, by the
    evaluator of onnx: some shapes follow from what it computes."""
    try:
        onnx = importlib.import_module("onnx")
        evaluator = importlib.import_module("onnx.reference").ReferenceEvaluator
    except ImportError as e:
        raise InputError(f"--peak counts the arithmetic of the networks and needs onnx ({e}): pip install onnx") from e
    model = onnx.load_from_string(bundles.read_file(bundle, file))
    feeds = {}
    for value in model.graph.input:
        known = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        shape = [own if length is None else length for own, length in zip(known, inputs[value.name], strict=True)]
        feeds[value.name] = np.zeros(shape, np.float32)
    counted = [node for node in model.graph.node if node.op_type in ("MatMul", "Gemm", "Conv")]
    names = list(dict.fromkeys(name for node in counted for name in (node.input[0], node.input[1], node.output[0])))
    shapes = {name: array.shape for name, array in zip(names, evaluator(model).run(names, feeds), strict=True)}
    return sum(_node_flops(node, shapes) for node in counted)


def _node_flops(node, shapes: dict[str, tuple[int, ...]]) -> int:
    first, second, out = (shapes[name] for name in (node.input[0], node.input[1], node.output[0]))
    depth = math.prod(second[1:]) if node.op_type == "Conv" else first[-1]
    return 2 * math.prod(out) * depth
