"""The compact audio encoder learns the features of the teacher's large one (the follow-up's L_ae).
`python -m training.stages.encoder --clips DIR --teacher runs/teacher.safetensors --out runs/encoder.safetensors`"""

from __future__ import annotations

import argparse
import copy
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.data.mel_vary import MelVariation
from training.data.windows import WindowConfig, WindowSampler
from training.diffusion.losses import LossWeights
from training.encoders.cache import FeatureSet
from training.export.torch_student import load_student
from training.export.trained import load_talker, trained_encoder
from training.loop.checkpoint import load_checkpoint, under_prefix
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.models.talker import Talker
from training.prepared.clips import BILABIAL_PHONES, PHONE_NAMES, ClipSet
from training.stages.arguments import add_run_arguments, add_weight_argument, drawn_weights
from training.stages.heard_motion import HeardMotion, heard_motion
from training.stages.teacher import phone_loss
from training.stages.window_loss import WindowLoss

# LossWeights.closure where a denoiser learns from one that hears more. With 4 the 8-step one closes 95 % of p, b and m
# of LibriSpeech test-other and touches in 10 % of the phones that want the lips apart; before it learned, 91 and 6 %.
HEARD_CLOSURE = 4.0


class SmallEncoder(nn.Module):
    """encoder: the compact one; phone_head: keeps it on what is said, only in training; denoiser: learns along what the
    encoder hears, or None."""

    def __init__(self, encoder: nn.Module, d_model: int, denoiser: nn.Module | None = None):
        super().__init__()
        self.encoder = encoder
        self.phone_head = nn.Linear(d_model, len(PHONE_NAMES))
        self.denoiser = denoiser


def load_phone_head(path: Path, d_model: int) -> nn.Linear:
    """The teacher's phone classifier, frozen."""
    head = nn.Linear(d_model, len(PHONE_NAMES)).requires_grad_(False)
    head.load_state_dict(under_prefix("phone_head", under_prefix("ema", load_checkpoint(path)[0])))
    return head


def posterior_loss(small: Tensor, large: Tensor, head: nn.Linear, contact: float = 0.0) -> Tensor:
    """Kullback-Leibler divergence of the phones that the teacher's head reads in the small features from those it reads
    in the large ones: it needs no labels, and weighs the little that tells one phone from another (m from n).
    contact: how much more a frame counts where the large ones say p, b or m; see LossWeights."""
    wanted, got = (F.log_softmax(head(x.float()), dim=-1) for x in (large, small))
    divergence = (wanted.exp() * (wanted - got)).sum(dim=-1)
    if contact:
        divergence = divergence * (1 + contact * wanted.exp()[..., BILABIAL_PHONES].sum(dim=-1))
    return divergence.mean()


def feature_loss(small: Tensor, large: Tensor) -> Tensor:
    """Squared error of features whose deviation is about 1 (they leave a LayerNorm)."""
    return (small.float() - large.float()).square().mean()


class EncoderLoss(WindowLoss):
    """head: the teacher's phone classifier (load_phone_head).   motion: None leaves its term out."""

    def __init__(
        self,
        model: SmallEncoder,
        teacher: Talker,
        head: nn.Linear,
        windows: WindowSampler,
        run: RunConfig,
        runtime: Runtime,
        weights: LossWeights,
        motion: HeardMotion | None = None,
    ):
        super().__init__(model, windows, run, runtime)
        self.large, self.head = teacher.encoder.requires_grad_(False), head
        self.weights, self.motion = weights, motion
        # Not a denoiser that is trained: PyTorch 2.13 makes code of its bfloat16 gradient that the compiler refuses.
        for network in (self.large, model.encoder, *([] if motion is None else [motion.talker.denoiser])):
            runtime.compile(network)

    def forward(self, step: int) -> tuple[Tensor, dict]:
        batch, _, _ = self.batch(step)
        with self.runtime.autocast():
            with torch.no_grad():
                wanted = self.large(batch.features)
            got = self.model.encoder(batch.mel)
            logits = self.model.phone_head(got)
        imitation = feature_loss(got, wanted)
        posterior = posterior_loss(got, wanted, self.head, self.weights.contact)
        phone, accuracy = phone_loss(logits, batch.phone)
        loss = self.weights.audio * imitation + self.weights.phone * phone + self.weights.posterior * posterior
        figures = {"features": imitation.detach(), "phone": phone.detach(), "phone_accuracy": accuracy}
        figures["posterior"] = posterior.detach()
        if self.motion is not None:
            with self.runtime.autocast():
                denoiser = self.model.denoiser or self.motion.talker.denoiser
                half = wanted[::2]  # for its time
                contact = self.head(half.float()).softmax(dim=-1)[..., BILABIAL_PHONES].sum(dim=-1)
                motion = self.motion(denoiser, got[::2], half, contact, self.noise_seed(step))
            loss, figures["motion"] = loss + self.weights.heard * motion, motion.detach()
        return loss, figures


def small_talker(teacher: Talker, path: Path | None = None) -> Talker:
    """The teacher with the compact encoder in place of the large one's adapter; path: checkpoint of this stage."""
    encoder = None if path is None else trained_encoder(path, teacher.config.encoder)
    config = teacher.config.encoder if encoder is None else encoder.config
    talker = Talker(replace(teacher.config, d_features=0, encoder=config))
    state = {k: v for k, v in teacher.state_dict().items() if not k.startswith("encoder.")}
    talker.load_state_dict(talker.state_dict() | state)
    if encoder is not None:
        talker.encoder = encoder
    return talker


def beginning(begun: Talker, train: str) -> SmallEncoder:
    """The model that begins as `begun`, with the parts to train: "encoder", "denoiser" or "both". Of a denoiser, the
    branch of eyes and brows stays: what is heard says little of them, and trained towards it they stopped to blink."""
    denoiser = None if train == "encoder" else copy.deepcopy(begun.denoiser).requires_grad_(True).train()
    if denoiser is not None and denoiser.free is not None:
        denoiser.free.requires_grad_(False)
    model = SmallEncoder(begun.encoder, begun.config.encoder.d_model, denoiser)
    model.encoder.requires_grad_(train != "denoiser").train(train != "denoiser")
    model.phone_head.requires_grad_(train != "denoiser")
    return model


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, 4000, 1e-3, 2)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=1440)
    parser.add_argument("--bundle", type=Path, help="begin with the networks of this bundle")
    parser.add_argument("--layers", type=int, help="blocks of the encoder; default: as many as it begins with")
    parser.add_argument(
        "--train", choices=("encoder", "denoiser", "both"), default="encoder",
        help="the bundle's denoiser, too, can learn what it makes of the encoder's features",
    )  # fmt: skip
    weights = LossWeights()
    parser.add_argument("--contact", type=float, default=weights.contact, help="weight of p, b and m")
    parser.add_argument("--motion", type=float, default=weights.heard, help="weight of what the denoiser makes of it")
    parser.add_argument("--closure", type=float, default=HEARD_CLOSURE, help="weight of lip contact in that motion")
    add_weight_argument(parser)
    args = parser.parse_args()
    if (args.motion or args.train != "encoder") and not (args.motion and args.bundle):
        parser.error("a denoiser comes from --bundle and is trained by --motion: give both")
    return args


@reports_errors
def main() -> None:
    args = parsed_arguments()
    runtime = Runtime.from_arguments(args)
    torch.manual_seed(args.seed)
    clips = ClipSet(*args.clips)
    teacher, about = load_talker(args.teacher)
    if not teacher.config.d_features:
        raise ValueError(f"{args.teacher} has the compact encoder already: this stage is not needed")
    head = load_phone_head(args.teacher, teacher.config.encoder.d_model)
    model = beginning(load_student(args.bundle)[0] if args.bundle else small_talker(teacher), args.train)
    if args.bundle:  # its features are read by the teacher's head already: a fresh one would spoil them at first
        model.phone_head.load_state_dict(head.state_dict())
    if args.layers:
        model.encoder.deepen(args.layers)
    run = RunConfig(args.steps, args.learning_rate, frames_per_batch=args.frames)
    config = WindowConfig(engine_weight=drawn_weights(args), vary=MelVariation())
    windows = WindowSampler(clips, "train", config, args.seed, FeatureSet(clips))
    weights = replace(LossWeights(), contact=args.contact, heard=args.motion, closure=args.closure, closure_margin=0.0)
    motion = heard_motion(args.bundle, clips.info.motion, weights) if args.motion else None
    loss = EncoderLoss(model, teacher, head, windows, run, runtime, weights, motion)
    made = {"stage": "encoder", "encoder": about["encoder"], "layers": model.encoder.config.n_layers}
    Trainer(loss, run, args.out, made, runtime).run(args.until)


if __name__ == "__main__":
    main()
