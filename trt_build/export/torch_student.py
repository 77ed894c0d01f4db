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


def _statistic(motion: dict, key: str, n_channels: int, default: float) -> Tensor:
    """[C] of bundle.json, where one number stands for all channels."""
    value = torch.tensor(motion.get(key, default), dtype=torch.float32)
    return value.expand(n_channels).clone()


def load_styles(bundle: Path) -> Tensor:
    """Style vectors [n_identities, n_emotions, d_style] of a bundle; one emotion when it names none."""
    about = json.loads((Path(bundle) / "bundle.json").read_text())["identities"]
    table = load_file(str(Path(bundle) / about["file"]))[about["tensor"]]
    return table if table.ndim == 3 else table[:, None]


def load_student(bundle: Path) -> tuple[Talker, dict]:
    """(talker in evaluation mode, bundle.json). Its personaliser is untrained: a bundle holds style vectors only, see
    load_styles. Raises ValueError when the graphs are of another architecture."""
    bundle = Path(bundle)
    about = json.loads((bundle / "bundle.json").read_text())
    motion, audio, styles = about["motion"], about["audio"], load_styles(bundle)
    n_channels = motion.get("n_channels") or len(motion["channels"])
    scale = _statistic(motion, "noise_scale", n_channels, 1.0)
    free = tuple(torch.nonzero(scale).flatten().tolist()) if (scale == 0).any() else ()
    encoder = replace(
        AudioEncoderConfig(), n_mels=audio["n_mels"], mel_per_group=audio["mel_frames_per_group"],
        frames_per_group=audio["anim_frames_per_group"],
    )  # fmt: skip
    denoiser = replace(DenoiserConfig(), n_channels=n_channels, d_identity=styles.shape[-1], free=free)
    talker = Talker(TalkerConfig(encoder, denoiser, n_identities=len(styles), n_emotions=styles.shape[1]))
    _load(talker.encoder, bundle / about["networks"]["audio_encoder"]["file"])
    _load(talker.denoiser, bundle / about["networks"]["denoiser"]["file"])
    with torch.no_grad():
        for buffer, key in (("mean", "mean"), ("std", "std"), ("low", "min"), ("high", "max"), ("rest", "rest")):
            getattr(talker, buffer).copy_(_statistic(motion, key, n_channels, 0.0))
    return talker.eval(), about
