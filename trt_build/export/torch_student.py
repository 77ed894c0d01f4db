"""The PyTorch student back from a bundle's ONNX graphs, for comparisons and fine-tuning without the checkpoint."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import onnx
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from training.models.audio_encoder import AudioEncoderConfig
from training.models.denoiser import DenoiserConfig
from training.models.talker import Talker, TalkerConfig
from trt_build.export.half_storage import stored_constants


def _graph_parameters(path: Path) -> dict[str, Tensor]:
    """Parameters by their PyTorch names. The exporter keeps the names but for the weights of linear layers, which it
    transposes for MatMul; those are found by the bias that is added to the product."""
    graph = onnx.load(str(path)).graph
    constants = {name: torch.from_numpy(value.copy()) for name, value in stored_constants(graph).items()}
    consumers = {name: node for node in graph.node for name in node.input}
    found = {name: value for name, value in constants.items() if "." in name}
    for node in graph.node:
        if node.op_type != "MatMul" or node.input[1] not in constants:
            continue
        add = consumers[node.output[0]]
        bias = next(name for name in add.input if name.endswith(".bias"))
        found[bias.removesuffix("bias") + "weight"] = constants[node.input[1]].T.contiguous()
    return found


def _load(module: nn.Module, path: Path) -> None:
    own, found = module.state_dict(), _graph_parameters(path)
    missing = [name for name in own if name not in found or own[name].shape != found[name].shape]
    if missing:
        raise ValueError(f"{path.name} lacks {missing[0]}: it was exported from another architecture")
    module.load_state_dict({name: found[name] for name in own})


def load_student(bundle: Path) -> tuple[Talker, dict]:
    """(talker in evaluation mode, bundle.json). Raises ValueError when the graphs are of another architecture."""
    bundle = Path(bundle)
    about = json.loads((bundle / "bundle.json").read_text())
    table = load_file(str(bundle / about["identities"]["file"]))[about["identities"]["tensor"]]
    n_channels = len(about["motion"]["channels"])
    encoder = replace(AudioEncoderConfig(), n_mels=about["audio"]["n_mels"])
    scale = about["motion"].get("noise_scale", [1.0] * n_channels)
    free = tuple(i for i, s in enumerate(scale) if s > 0) if 0 in scale else ()
    denoiser = replace(DenoiserConfig(), n_channels=n_channels, d_identity=table.shape[1], free=free)
    talker = Talker(TalkerConfig(encoder, denoiser, len(table)))
    _load(talker.encoder, bundle / about["networks"]["audio_encoder"]["file"])
    _load(talker.denoiser, bundle / about["networks"]["denoiser"]["file"])
    with torch.no_grad():
        talker.identities.table.copy_(table)
        talker.mean.copy_(torch.tensor(about["motion"]["mean"]))
        talker.std.copy_(torch.tensor(about["motion"]["std"]))
    return talker.eval(), about
