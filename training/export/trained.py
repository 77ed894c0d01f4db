"""Trained networks read back: the talker of a checkpoint or a bundle, and what single stages have trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor, nn

from diffusiontalker.spec.sampler import short_steps
from training.export.torch_student import load_student
from training.loop.checkpoint import load_checkpoint, under_prefix
from training.models.audio_encoder import AudioEncoder, AudioEncoderConfig
from training.models.talker import Talker, TalkerConfig
from training.models.upper_face import UpperFaceEnhancer
from training.prepared.clips import PHONE_NAMES
from training.prepared.motion_space import MotionSpace

# Of a talker that began with a bundle.
KEPT_STYLES = "personaliser.styles"


def talker_of_bundle(bundle: Path) -> tuple[Talker, dict]:
    """(talker, what a checkpoint of it would say about itself)."""
    talker, content = load_student(bundle)
    known, motion, n_channels = content["identities"], content["motion"], talker.config.denoiser.n_channels
    space = MotionSpace(
        motion["space"], n_channels, tuple(motion.get("channels", ())), motion["fps_num"], motion["fps_den"]
    )
    return talker, {
        "stage": "bundle", "talker": talker.config.as_dict(), "motion": space.as_dict(), "encoder": "compact",
        "identities": known["names"], "emotions": known.get("emotions", ["neutral"]),
        "sampler_steps": short_steps([step["t"] for step in content["sampler"]["steps"]]),
        "source": content["provenance"]["data"],
    }  # fmt: skip


def load_talker(path: Path) -> tuple[Talker, dict]:
    """The averaged weights of a checkpoint, or the networks of a bundle folder, in evaluation mode, and what it says
    about itself."""
    if path.is_dir():
        return talker_of_bundle(path)
    tensors, about = load_checkpoint(path)
    if "talker" not in about:
        raise ValueError(f"{path} holds no talker but stage {about.get('stage')!r}: give a teacher or a student")
    talker = Talker(TalkerConfig.from_dict(about["talker"]))
    averaged = under_prefix("ema", tensors)
    if KEPT_STYLES in averaged:
        talker.personaliser.keep_styles(averaged[KEPT_STYLES])
    wanted = talker.state_dict()
    weights = {k: v for k, v in averaged.items() if k in wanted}
    talker.load_state_dict(weights)
    return talker.eval(), about


def mean_state(before: Talker, after: Talker, share: float) -> dict[str, Tensor]:
    """Weights between those of two talkers, `share` of the second ("WiSE-FT", Wortsman et al., arXiv 2109.01903): what
    synthetic voices teach then costs real voices less. Raises ValueError for talkers of different architectures."""
    first, second = before.state_dict(), after.state_dict()
    if {k: v.shape for k, v in first.items()} != {k: v.shape for k, v in second.items()}:
        raise ValueError("what a training began with is of another architecture than its end: give its own start")
    return {k: first[k].lerp(v, share) if v.dtype.is_floating_point else v for k, v in second.items()}


def trained_encoder(path: Path, config: AudioEncoderConfig) -> AudioEncoder:
    """The audio encoder in a checkpoint of the encoder stage, with as many layers as it has. Raises ValueError for a
    checkpoint of another stage or of another architecture than `config`."""
    tensors, about = _of_encoder_stage(path)
    encoder = AudioEncoder(replace(config, n_layers=about.get("layers", config.n_layers)))
    _load_part(encoder, "encoder", tensors, path)
    return encoder


def load_trained_denoiser(path: Path, denoiser: nn.Module) -> bool:
    """Whether a checkpoint of the encoder stage has a trained denoiser, too; its weights are then those of `denoiser`.
    Raises ValueError as trained_encoder."""
    tensors, _ = _of_encoder_stage(path)
    if not under_prefix("denoiser", tensors):
        return False
    _load_part(denoiser, "denoiser", tensors, path)
    return True


def _of_encoder_stage(path: Path) -> tuple[dict[str, Tensor], dict]:
    """Averaged tensors, and what the checkpoint says of itself."""
    tensors, about = load_checkpoint(path)
    if about.get("stage") != "encoder":
        raise ValueError(f"{path} is of stage {about.get('stage')!r}, expected an encoder")
    return under_prefix("ema", tensors), about


def _load_part(part: nn.Module, name: str, tensors: dict[str, Tensor], path: Path) -> None:
    try:
        part.load_state_dict(under_prefix(name, tensors))
    except RuntimeError as e:
        raise ValueError(f"{path} is of another architecture: {' '.join(str(e).split())[:200]}") from e


def load_identity(path: Path) -> Tensor:
    """[d_identity], a unit vector, of an identity stage's checkpoint. Raises ValueError for one of another stage."""
    tensors, about = load_checkpoint(path)
    if about.get("stage") != "identity":
        raise ValueError(f"{path} is of stage {about.get('stage')!r}, expected an identity")
    return F.normalize(tensors["ema.embedding"], dim=-1)


def load_phone_head(path: Path, d_model: int) -> nn.Linear:
    """The teacher's phone classifier, frozen."""
    head = nn.Linear(d_model, len(PHONE_NAMES)).requires_grad_(False)
    head.load_state_dict(under_prefix("phone_head", under_prefix("ema", load_checkpoint(path)[0])))
    return head


def load_enhancer(path: Path) -> UpperFaceEnhancer | None:
    """The enhancer of a teacher's checkpoint; None when it was trained without."""
    tensors, about = load_checkpoint(path)
    config = TalkerConfig.from_dict(about["talker"])
    weights = under_prefix("enhancer", under_prefix("ema", tensors))
    if not weights:
        return None
    enhancer = UpperFaceEnhancer(len(config.denoiser.free), config.denoiser.d_identity)
    enhancer.load_state_dict(weights)
    return enhancer
