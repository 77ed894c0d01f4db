"""The PyTorch student back from a bundle's ONNX graphs, for comparisons and fine-tuning without the checkpoint."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import onnx
import torch
from safetensors.torch import load_file
from torch import Tensor

from training.export.half_storage import stored_constants
from training.loop.checkpoint import under_prefix
from training.models.audio_encoder import AudioEncoderConfig
from training.models.denoiser import DenoiserConfig
from training.models.style_encoder import StyleEncoderConfig
from training.models.talker import Talker, TalkerConfig


def _graph(path: Path) -> onnx.GraphProto:
    return onnx.load(str(path)).graph


def _graph_parameters(graph: onnx.GraphProto) -> dict[str, Tensor]:
    """Parameters by their PyTorch names. The exporter keeps the names but for the weights of linear layers, which it
    transposes for MatMul; those are found by the bias that is added to the product."""
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


def _n_channels(motion: dict) -> int:
    return motion.get("n_channels") or len(motion["channels"])


def _statistic(motion: dict, key: str, n_channels: int, default: float) -> Tensor:
    """[C] of bundle.json, where one number stands for all channels."""
    value = torch.tensor(motion.get(key, default), dtype=torch.float32)
    return value.expand(n_channels).clone()


def _enrolment(style_encoder: Path) -> dict[str, Tensor]:
    """What StylePart holds of the personaliser, by its names there."""
    graph = _graph(style_encoder)
    state = under_prefix("personaliser", _graph_parameters(graph))
    emotions = stored_constants(graph)["emotions"][0]
    return state | {"emotions.table": torch.from_numpy(emotions.copy())}


def load_styles(bundle: Path) -> Tensor:
    """Style vectors [n_identities, n_emotions, d_style] of a bundle; one emotion when it names none."""
    about = json.loads((Path(bundle) / "bundle.json").read_text())["identities"]
    table = load_file(str(Path(bundle) / about["file"]))[about["tensor"]]
    return table if table.ndim == 3 else table[:, None]


def _config(about: dict, found: dict[str, Tensor], enrolment: dict[str, Tensor], styles: Tensor) -> TalkerConfig:
    motion, audio = about["motion"], about["audio"]
    n_channels = _n_channels(motion)
    scale = _statistic(motion, "noise_scale", n_channels, 1.0)
    tied = scale[scale < 1]  # of the channels that the free branch does not make
    free = tuple(torch.nonzero(scale == 1).flatten().tolist()) if len(tied) else ()
    tied_noise = float(tied.min()) if len(tied) else 0.0
    sideways = tuple(torch.nonzero((scale < 1) & (scale > tied_noise)).flatten().tolist()) if len(tied) else ()
    encoder = replace(
        AudioEncoderConfig(), n_layers=_n_blocks(found, "encoder.blocks."), n_mels=audio["n_mels"],
        mel_per_group=audio["mel_frames_per_group"], frames_per_group=audio["anim_frames_per_group"],
    )  # fmt: skip
    denoiser = replace(
        DenoiserConfig(), n_channels=n_channels, n_layers=_n_blocks(found, "denoiser.blocks."),
        d_identity=styles.shape[-1], free=free, n_free_layers=_n_blocks(found, "denoiser.free.blocks."),
    )  # fmt: skip
    style = replace(StyleEncoderConfig(), n_layers=_n_blocks(enrolment, "encoder.blocks."))
    return TalkerConfig(
        encoder,
        denoiser,
        style,
        n_identities=len(styles),
        n_emotions=styles.shape[1],
        tied_noise=tied_noise,
        sideways=sideways,
    )


def load_student(bundle: Path) -> tuple[Talker, dict]:
    """(talker in evaluation mode, bundle.json). Its library has the bundle's styles, but the identities that these were
    made of are not known; its enrolment is the bundle's where that has one. Raises ValueError for a folder that is no
    bundle, or whose graphs are of another architecture."""
    bundle = Path(bundle)
    if not (bundle / "bundle.json").is_file():
        raise ValueError(f"{bundle} is not a bundle: it has no bundle.json")
    about = json.loads((bundle / "bundle.json").read_text())
    networks, styles = about["networks"], load_styles(bundle)
    found: dict[str, Tensor] = {}  # parts.py keeps the talker's names, whatever graph a layer went into
    for network in ("audio_encoder", "conditioner", "denoiser"):
        found |= _graph_parameters(_graph(bundle / networks[network]["file"]))
    enrolment = _enrolment(bundle / networks["style_encoder"]["file"]) if "style_encoder" in networks else {}
    talker = Talker(_config(about, found, enrolment, styles))
    _load(talker, found, bundle)
    own = talker.personaliser.state_dict()
    talker.personaliser.load_state_dict(own | {name: value for name, value in enrolment.items() if name in own})
    talker.personaliser.keep_styles(styles)
    motion = about["motion"]
    with torch.no_grad():
        for buffer, key in (("mean", "mean"), ("std", "std"), ("low", "min"), ("high", "max"), ("rest", "rest")):
            getattr(talker, buffer).copy_(_statistic(motion, key, _n_channels(motion), 0.0))
    return talker.eval(), about
