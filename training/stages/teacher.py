"""The many-step teacher.
`python -m training.stages.teacher --clips DIR --personaliser FILE --out runs/teacher.safetensors`

Conditioned on cached features of a large encoder when the clips have them (--features), else on the compact encoder,
trained along. The library and the audio side of the personaliser stay as the contrastive stage left them.

With --bundle in place of --personaliser a bundle's denoiser learns to take many steps, hearing the bundle's audio
encoder; encoder, styles and enrolment stay as they are."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.data.mel_vary import MelVariation
from training.data.windows import Batch, WindowConfig, WindowSampler
from training.diffusion.contrastive import symmetric_nce
from training.diffusion.losses import LossWeights
from training.diffusion.schedule import Schedule
from training.encoders.cache import FeatureSet
from training.export.trained import talker_of_bundle
from training.loop.checkpoint import load_checkpoint, under_prefix
from training.loop.distributed import gather_rows
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.models.audio_encoder import AudioEncoderConfig
from training.models.denoiser import DenoiserConfig
from training.models.talker import Talker, TalkerConfig
from training.models.upper_face import UpperFaceEnhancer
from training.prepared.clips import BILABIAL_PHONES, PHONE_NAMES, ClipSet
from training.prepared.motion_space import MotionSpace
from training.stages.arguments import FIRST_STEP_HELP, add_run_arguments, add_weight_argument, drawn_weights
from training.stages.common import (
    check_library,
    free_channels,
    motion_loss,
    noised,
    set_motion_statistics,
)
from training.stages.new_motion import for_motion_of
from training.stages.window_loss import WindowLoss

# Share of the windows conditioned on speech of the same voice instead of the library's entry, so that voices of no
# entry can be enrolled; and share without any style, for classifier-free guidance.
FROM_SPEECH, NO_STYLE = 0.3, 0.1
N_TRAIN_STEPS = 256
ENHANCER_SCALE = 10.0  # inverse temperature; DiffPoseTalk's style contrast uses 0.1


class TeacherModel(Talker):
    """The talker plus what only training uses: the phone classifier and the enhancer."""

    def __init__(self, config: TalkerConfig):
        super().__init__(config)
        self.phone_head = nn.Linear(config.encoder.d_model, len(PHONE_NAMES))
        free = config.denoiser.free
        self.enhancer = UpperFaceEnhancer(len(free), config.denoiser.d_identity) if free else None


def style_of(model: Talker, batch: Batch, use_speech: Tensor, drop: Tensor) -> Tensor:
    """[B, d_style]: of the library, of speech where use_speech (bool [B]), zero where drop."""
    style = model.personaliser.style_at(batch.identity.clamp(min=0), batch.emotion, batch.strength)
    if batch.reference is not None and bool(use_speech.any()):
        spoken = model.personaliser.style_of_speech(batch.reference)
        style = torch.where(use_speech[:, None], spoken, style)
    return style * (~drop)[:, None]


def enhancer_loss(enhancer: UpperFaceEnhancer, upper: Tensor, style: Tensor, batch: Batch) -> Tensor:
    """The follow-up's L_pc: upper face of a prediction [B, W, C] against the style, over the batch of all processes."""
    seen, wanted = enhancer(upper, style)
    group = batch.identity * 1000 + batch.emotion
    scale = torch.tensor(ENHANCER_SCALE, device=seen.device)
    return symmetric_nce(gather_rows(seen.float()), gather_rows(wanted.float()), gather_rows(group), scale)


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


def phone_loss(logits: Tensor, phone: Tensor) -> tuple[Tensor, Tensor]:
    """(cross entropy, accuracy) over frames whose phone is known. logits: [B, W, P]; phone: [B, W], -1 unknown."""
    if not bool((phone >= 0).any()):
        return logits.sum() * 0.0, torch.zeros(())
    loss = F.cross_entropy(logits.float().transpose(1, 2), phone, ignore_index=-1)
    known = phone >= 0
    return loss, (logits.argmax(dim=-1) == phone)[known].float().mean()


class TeacherLoss(WindowLoss):
    """sampler_steps: the timesteps that are trained, those of a sampler of so many steps; all of them for a teacher,
    fewer to train a few-step model directly, without distillation.   from_speech: FROM_SPEECH, or 0 for clips whose
    voices have other identities than the personaliser learned.   only_spoken: whether closed lips count more only where
    p, b or m is said, and not in silence.   first_step: see noised()."""

    def __init__(
        self,
        model: TeacherModel,
        windows: WindowSampler,
        weights: LossWeights,
        run: RunConfig,
        runtime: Runtime,
        sampler_steps: int,
        from_speech: float = FROM_SPEECH,
        only_spoken: bool = False,
        first_step: float = 0.0,
    ):
        super().__init__(model, windows, run, runtime)
        self.weights, self.from_speech = weights, from_speech
        self.only_spoken, self.first_step = only_spoken, first_step
        self.register_buffer("bilabial", torch.tensor(BILABIAL_PHONES))
        self.stride = model.config.denoiser.n_train_steps // sampler_steps
        self.schedule = Schedule(model.config.denoiser.n_train_steps)
        self.motion_loss = motion_loss(model, windows.clips.info.motion, weights)

    def forward(self, step: int) -> tuple[Tensor, dict]:
        model = self.model
        batch, n, rows = self.batch(step, reference=self.from_speech > 0)
        noise = noised(model, self.schedule, batch, n, rows, self.stride, self.noise_seed(step), self.first_step)
        rng = np.random.default_rng([self.windows.seed, step, 2])
        u = self.runtime.place(torch.from_numpy(rng.random((2, n)))[:, rows])
        with self.runtime.autocast():
            audio = model.encoder(batch.mel if batch.features is None else batch.features)
            logits = model.phone_head(audio)
            style = style_of(model, batch, batch.own_voice & (u[0] < self.from_speech), u[1] < NO_STYLE)
            x0_pred = model.denoiser(noise.x_t, batch.known, audio, style, noise.t.float()).float()
        contact = torch.isin(batch.phone, self.bilabial).float() if self.only_spoken else None
        motion = self.motion_loss(x0_pred, noise.x0, batch.known, contact=contact)
        phone, accuracy = phone_loss(logits, batch.phone)
        loss = motion + self.weights.phone * phone
        figures = {"motion": motion.detach(), "phone": phone.detach(), "phone_accuracy": accuracy}
        if model.enhancer is not None and self.weights.enhancer > 0:
            free = list(model.config.denoiser.free)
            enhancer = enhancer_loss(model.enhancer, x0_pred[..., free], style.float(), batch)
            loss = loss + self.weights.enhancer * enhancer
            figures["enhancer"] = enhancer.detach()
        return loss, figures


def set_rest(model: Talker, clips: ClipSet) -> None:
    """The pose at rest: zero offset; in coefficients of a basis, what is nearest to it."""
    if clips.info.motion.kind == "coefficients":
        rig = np.load(clips.folders[0] / "rig.npz")
        model.rest.copy_(torch.from_numpy(-(rig["basis"] @ rig["mean"]).astype(np.float32)))


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


def new_teacher(args: argparse.Namespace, clips: ClipSet, features: FeatureSet | None) -> TeacherModel:
    model = TeacherModel(configure(clips, features.dim if features else 0, args.train_steps or N_TRAIN_STEPS))
    load_personaliser(model, args.personaliser, clips)
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
    bundle: Path, clips: ClipSet, tied_noise: float, with_encoder: bool, with_branch: bool = True
) -> TeacherModel:
    """Its denoiser, phone head and enhancer can be trained, and its encoder if asked; it begins with the motion of the
    bundle, in the channels and sizes of the clips. Raises ValueError for a bundle that has other identities or emotions
    than the clips."""
    student, about = talker_of_bundle(bundle)
    check_library(bundle, about["identities"], about["emotions"], clips)
    model = continued(for_motion_of(student, MotionSpace.from_dict(about["motion"]), clips, tied_noise))
    model.encoder.requires_grad_(with_encoder)
    if model.denoiser.free is not None:
        model.denoiser.free.requires_grad_(with_branch)
    model.personaliser.requires_grad_(False)
    return model


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, 8300, 8e-4, 0)
    begun = parser.add_mutually_exclusive_group(required=True)
    begun.add_argument("--personaliser", type=Path, help="checkpoint of the personaliser stage")
    begun.add_argument("--bundle", type=Path, help="begin with the networks of this bundle")
    parser.add_argument("--features", action="store_true", help="use the cached features of a large encoder")
    parser.add_argument("--train-steps", type=int, help="diffusion steps of a new teacher, 256 by default")
    parser.add_argument("--frames", type=int, default=960, help="animation frames per step, all processes together")
    add_weight_argument(parser)
    parser.add_argument("--closure", type=float, default=LossWeights().closure)
    parser.add_argument("--enhancer", type=float, default=LossWeights().enhancer)
    parser.add_argument("--tied-noise", type=float, default=0.0, help="noise that lips start from, 0 .. below 1")
    parser.add_argument("--keep-branch", action="store_true", help="do not train the branch of eyes, brows and head")
    parser.add_argument("--with-encoder", action="store_true", help="train the bundle's audio encoder along")
    parser.add_argument("--first-step", type=float, default=0.0, help=FIRST_STEP_HELP)
    ablation = parser.add_argument_group("to measure what a part is worth")
    ablation.add_argument("--no-identity", action="store_true", help="one identity for all clips")
    ablation.add_argument("--no-emotion", action="store_true", help="one emotion for all clips")
    ablation.add_argument("--sampler-steps", type=int, help="train directly for a sampler of so many steps")
    args = parser.parse_args()
    if args.bundle and (args.features or args.train_steps):
        parser.error("--features and --train-steps are of a new teacher: --bundle has its own encoder and schedule")
    return args


@reports_errors
def main() -> None:
    args = parsed_arguments()
    runtime = Runtime.from_arguments(args)
    torch.manual_seed(args.seed)
    clips = ClipSet(*args.clips)
    features = FeatureSet(clips) if args.features else None
    model = (
        teacher_of_bundle(args.bundle, clips, args.tied_noise, args.with_encoder, not args.keep_branch)
        if args.bundle
        else new_teacher(args, clips, features)
    )
    n_train_steps = model.config.denoiser.n_train_steps
    run = RunConfig(args.steps, args.learning_rate, frames_per_batch=args.frames)
    about = {
        "stage": "teacher", "talker": model.config.as_dict(), "motion": clips.info.motion.as_dict(),
        "identities": clips.info.identities, "emotions": clips.info.emotions, "source": clips.info.source,
        "encoder": str(features.info) if features else "compact",
    }  # fmt: skip
    if args.sampler_steps:
        about["sampler_steps"] = args.sampler_steps
    hidden = tuple(name for name, hide in (("identity", args.no_identity), ("emotion", args.no_emotion)) if hide)
    if hidden:
        about["hidden"] = hidden
    # An encoder that stays hears other throats and rooms, too, so that the denoiser learns how far to trust it.
    vary = MelVariation() if args.bundle else None
    config = WindowConfig(engine_weight=drawn_weights(args), hidden=hidden, vary=vary)
    windows = WindowSampler(clips, "train", config, args.seed, features)
    weights = replace(LossWeights(), closure=args.closure, enhancer=args.enhancer)
    going_on = {"first_step": args.first_step}
    if args.bundle:
        weights = replace(weights, closure_margin=0.0)
        going_on |= {"from_speech": 0.0, "only_spoken": True}
    loss = TeacherLoss(model, windows, weights, run, runtime, args.sampler_steps or n_train_steps, **going_on)
    Trainer(loss, run, args.out, about, runtime).run(args.until)


if __name__ == "__main__":
    main()
