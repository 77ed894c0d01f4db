"""Models for the teacher and adapter stages: a new one, and those that go on from a bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from torch import nn

from training.export.torch_student import load_student
from training.export.trained import talker_of_bundle
from training.fitting.more_channels import for_motion_of
from training.fitting.motion_statistics import set_motion_statistics, set_rest
from training.loop.checkpoint import load_checkpoint, under_prefix
from training.models.audio_encoder import AudioEncoderConfig
from training.models.denoiser import DenoiserConfig
from training.models.talker import Talker, TalkerConfig
from training.models.teacher_model import TeacherModel
from training.prepared.clips import ClipSet, check_library
from training.prepared.motion_space import MotionSpace, free_channels, sideways_channels

N_TRAIN_STEPS = 256


def configure(clips: ClipSet, d_features: int, n_train_steps: int) -> TalkerConfig:
    """The architecture that fits the motion of the clips."""
    motion = clips.info.motion
    denoiser = replace(
        DenoiserConfig(), n_channels=motion.n_channels, free=free_channels(motion), n_train_steps=n_train_steps
    )
    encoder = replace(AudioEncoderConfig(), mel_per_group=motion.group[0], frames_per_group=motion.group[1])
    return TalkerConfig(
        encoder, denoiser, n_identities=len(clips.info.identities), n_emotions=len(clips.info.emotions),
        d_features=d_features,
    )  # fmt: skip


def load_personaliser(model: Talker, path: Path, clips: ClipSet) -> None:
    tensors, about = load_checkpoint(path)
    if about.get("stage") != "personaliser":
        raise ValueError(f"{path} is of stage {about.get('stage')!r}, expected a personaliser")
    if list(about["identities"]) != list(clips.info.identities) or list(about["emotions"]) != list(clips.info.emotions):
        raise ValueError(f"{path} knows other identities or emotions than the clips: train it on the same clips")
    own = model.personaliser
    state = {k: v for k, v in under_prefix("ema", tensors).items() if not k.startswith("fusion.")}
    own.load_state_dict(own.state_dict() | state)


def freeze_contrastive(model: Talker) -> None:
    for part in (model.personaliser.encoder, model.personaliser.identities, model.personaliser.emotions):
        part.requires_grad_(False)
    model.personaliser.log_scale.requires_grad_(False)


def new_teacher(
    clips: ClipSet, personaliser: Path, d_features: int = 0, n_train_steps: int = N_TRAIN_STEPS
) -> TeacherModel:
    """personaliser: checkpoint of that stage, on the same clips.   d_features: width of the features of a large encoder
    that it takes; 0: it has the compact encoder, which is trained along."""
    model = TeacherModel(configure(clips, d_features, n_train_steps))
    load_personaliser(model, personaliser, clips)
    freeze_contrastive(model)
    set_motion_statistics(model, clips)
    set_rest(model, clips)
    return model


def continued(student: Talker, d_features: int = 0) -> TeacherModel:
    """A student with what only training uses; d_features: with a fresh adapter of such features in place of its encoder
    (see FeatureAdapter)."""
    model = TeacherModel(replace(student.config, d_features=d_features))
    if student.personaliser.styles is not None:
        model.personaliser.keep_styles(student.personaliser.styles)
    kept = student.state_dict().items()
    model.load_state_dict(model.state_dict() | {k: v for k, v in kept if not (d_features and k.startswith("encoder."))})
    return model


def teacher_of_bundle(
    bundle: Path,
    clips: ClipSet,
    tied_noise: float,
    with_encoder: bool,
    with_branch: bool = True,
    sides: bool = False,
) -> TeacherModel:
    """Its denoiser, phone head and enhancer can be trained, and its encoder if asked; it begins with the motion of the
    bundle, in the channels and sizes of the clips. Raises ValueError for a bundle that has other identities or emotions
    than the clips.   sides: whether it draws the drift of the sides from noise (TalkerConfig.sideways)."""
    student, about = talker_of_bundle(bundle)
    check_library(bundle, about["identities"], about["emotions"], clips)
    model = continued(for_motion_of(student, MotionSpace.from_dict(about["motion"]), clips, tied_noise))
    if sides:
        model.config = replace(model.config, sideways=sideways_channels(clips.info.motion))
    model.encoder.requires_grad_(with_encoder)
    if model.denoiser.free is not None:
        model.denoiser.free.requires_grad_(with_branch)
    model.personaliser.requires_grad_(False)
    return model


def with_adapter(bundle: Path, d_features: int) -> tuple[TeacherModel, nn.Module, dict]:
    """(the bundle's talker with a fresh adapter in place of its encoder, that encoder, bundle.json). Only adapter and
    phone head can be trained."""
    student, about = load_student(bundle)
    model = continued(student, d_features).requires_grad_(False)
    for part in (model.encoder, model.phone_head):
        part.requires_grad_(True)
    return model, student.encoder, about
