"""The PyTorch student back from a bundle's ONNX graphs, for comparisons and fine-tuning without the checkpoint."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import onnx
import torch
from safetensors.torch import load_file
from torch import Tensor

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


def _n_blocks(parameters: dict[str, Tensor], prefix: str) -> int:
    """Blocks whose parameters are called prefix0.., prefix1.., and so on."""
    numbers = {name.removeprefix(prefix).split(".")[0] for name in parameters if name.startswith(prefix)}
    return 1 + max(map(int, numbers), default=-1)


def _load(talker: Talker, found: dict[str, Tensor], bundle: Path) -> None:
    own = {name: value for name, value in talker.state_dict().items() if name.startswith(("encoder.", "denoiser."))}
    missing = [name for name in own if name not in found or own[name].shape != found[name].shape]
    if missing:
        raise ValueError(f"{bundle} lacks {missing[0]}: it was exported from another architecture")
    talker.load_state_dict({name: found[name] for name in own}, strict=False)


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
    load_styles. Raises ValueError for a folder that is no bundle, or whose graphs are of another architecture."""
    bundle = Path(bundle)
    if not (bundle / "bundle.json").is_file():
        raise ValueError(f"{bundle} is not a bundle: it has no bundle.json")
    about = json.loads((bundle / "bundle.json").read_text())
    motion, audio, styles = about["motion"], about["audio"], load_styles(bundle)
    n_channels = motion.get("n_channels") or len(motion["channels"])
    scale = _statistic(motion, "noise_scale", n_channels, 1.0)
    free = tuple(torch.nonzero(scale).flatten().tolist()) if (scale == 0).any() else ()
    found: dict[str, Tensor] = {}  # parts.py keeps the talker's names, whatever graph a layer went into
    for network in ("audio_encoder", "conditioner", "denoiser"):
        found |= _graph_parameters(bundle / about["networks"][network]["file"])
    encoder = replace(
        AudioEncoderConfig(), n_layers=_n_blocks(found, "encoder.blocks."), n_mels=audio["n_mels"],
        mel_per_group=audio["mel_frames_per_group"], frames_per_group=audio["anim_frames_per_group"],
    )  # fmt: skip
    denoiser = replace(
        DenoiserConfig(), n_channels=n_channels, n_layers=_n_blocks(found, "denoiser.blocks."),
        d_identity=styles.shape[-1], free=free, n_free_layers=_n_blocks(found, "denoiser.free.blocks."),
    )  # fmt: skip
    talker = Talker(TalkerConfig(encoder, denoiser, n_identities=len(styles), n_emotions=styles.shape[1]))
    _load(talker, found, bundle)
    with torch.no_grad():
        for buffer, key in (("mean", "mean"), ("std", "std"), ("low", "min"), ("high", "max"), ("rest", "rest")):
            getattr(talker, buffer).copy_(_statistic(motion, key, n_channels, 0.0))
    return talker.eval(), about
