"""The networks as ONNX graphs with dynamic batch and length (names and shapes: docs/bundle-format.md)."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from training.export.half_storage import store_weights_as_half
from training.export.parts import AudioPart, ConditionPart, DenoisePart, StylePart
from training.models.talker import Talker

# Mel frames of reference speech: 1 to 12 s, what the style encoder is trained for.
ENROLL_MEL_FRAMES = (100, 1200)

OPSET = 18  # read by OpenVINO, ONNX Runtime and TensorRT 10+


def _export(module: nn.Module, inputs: dict[str, torch.Tensor], output: str, shapes: dict, path: Path) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module, tuple(inputs.values()), input_names=list(inputs), output_names=[output],
            dynamic_shapes=shapes, opset_version=OPSET, dynamo=True, optimize=True, verbose=False,
        )  # fmt: skip
    assert program is not None  # it is without dynamo
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


def _batch() -> torch.export.Dim:
    return torch.export.Dim("batch", min=1, max=1024)


def export_audio_encoder(talker: Talker, folder: Path) -> None:
    """Writes audio_encoder.onnx alone; see export_networks."""
    config = talker.config.encoder
    groups = torch.export.Dim("groups", min=2, max=100)
    mel = torch.randn(2, 20 * config.mel_per_group, config.n_mels)
    shapes = {"mel": {0: _batch(), 1: config.mel_per_group * groups}}
    _export(AudioPart(talker), {"mel": mel}, "audio", shapes, folder / "audio_encoder.onnx")


def _export_conditioner(talker: Talker, batch: torch.export.Dim, folder: Path) -> None:
    inputs = {"style": torch.randn(2, talker.config.denoiser.d_identity), "t": torch.full((2,), 128.0)}
    shapes = {"style": {0: batch}, "t": {0: batch}}
    _export(ConditionPart(talker), inputs, "condition", shapes, folder / "conditioner.onnx")


def _export_denoiser(talker: Talker, batch: torch.export.Dim, folder: Path) -> None:
    frames = torch.export.Dim("frames", min=6, max=300)
    window, config = 60, talker.config.denoiser
    inputs = {
        "x_t": torch.randn(2, window, config.n_channels),
        "known": torch.zeros(2, window, 1),
        "audio": torch.randn(2, window, config.d_model),
        "condition": torch.randn(2, talker.denoiser.n_condition),
    }
    shapes = {
        "x_t": {0: batch, 1: frames}, "known": {0: batch, 1: frames}, "audio": {0: batch, 1: frames},
        "condition": {0: batch},
    }  # fmt: skip
    _export(DenoisePart(talker), inputs, "x0", shapes, folder / "denoiser.onnx")


def _export_style_encoder(talker: Talker, batch: torch.export.Dim, folder: Path) -> None:
    low, high = ENROLL_MEL_FRAMES
    mel = torch.randn(2, 300, talker.config.style.n_mels)
    shapes = {"mel": {0: batch, 1: torch.export.Dim("mel_frames", min=low, max=high)}}
    _export(StylePart(talker), {"mel": mel}, "styles", shapes, folder / "style_encoder.onnx")


def export_networks(talker: Talker, folder: Path, style_encoder: bool = True) -> None:
    """Writes audio_encoder.onnx, conditioner.onnx, denoiser.onnx and, where wanted, style_encoder.onnx: float32
    graphs, large weights stored as float16."""
    batch = _batch()
    export_audio_encoder(talker, folder)
    _export_conditioner(talker, batch, folder)
    _export_denoiser(talker, batch, folder)
    if style_encoder:
        _export_style_encoder(talker, batch, folder)
