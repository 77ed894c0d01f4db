"""The two networks as ONNX graphs with dynamic batch and window (names and shapes: docs/bundle-format.md)."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from training.models.talker import Talker
from trt_build.export.half_storage import store_weights_as_half

OPSET = 18  # read by OpenVINO, ONNX Runtime and TensorRT 10+


def _export(module: nn.Module, inputs: dict[str, torch.Tensor], output: str, shapes: dict, path: Path) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module, tuple(inputs.values()), input_names=list(inputs), output_names=[output],
            dynamic_shapes=shapes, opset_version=OPSET, dynamo=True, optimize=True, verbose=False,
        )  # fmt: skip
    model = program.model_proto
    # Names of source files and functions of this machine do not belong into a published file.
    for item in [model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output]:
        del item.metadata_props[:]
        if hasattr(item, "doc_string"):
            item.doc_string = ""
    del model.graph.value_info[:]
    store_weights_as_half(model)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def export_networks(talker: Talker, folder: Path) -> None:
    """Writes audio_encoder.onnx and denoiser.onnx: float32 graphs, large weights stored as float16."""
    config = talker.config
    batch, groups = torch.export.Dim("batch", min=1, max=1024), torch.export.Dim("groups", min=2, max=100)
    per_mel = config.encoder.mel_per_group
    mel = torch.randn(2, 20 * per_mel, config.encoder.n_mels)
    shapes = {"mel": {0: batch, 1: per_mel * groups}}
    _export(talker.encoder, {"mel": mel}, "audio", shapes, folder / "audio_encoder.onnx")
    frames = torch.export.Dim("frames", min=6, max=300)
    window, n = 60, config.denoiser.n_channels
    inputs = {
        "x_t": torch.randn(2, window, n),
        "known": torch.zeros(2, window, 1),
        "audio": torch.randn(2, window, config.denoiser.d_audio),
        "style": torch.randn(2, config.denoiser.d_identity),
        "t": torch.full((2,), 128.0),
    }
    shapes = {
        "x_t": {0: batch, 1: frames}, "known": {0: batch, 1: frames}, "audio": {0: batch, 1: frames},
        "style": {0: batch}, "t": {0: batch},
    }  # fmt: skip
    _export(talker.denoiser, inputs, "x0", shapes, folder / "denoiser.onnx")
