"""The compact audio encoder learns the features of the teacher's large one (the follow-up's L_ae).
`python -m training.stages.encoder --clips DIR --teacher runs/teacher.safetensors --out runs/encoder.safetensors`"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.articulation.phones import BILABIAL
from training.data.clips import PHONE_NAMES, ClipSet
from training.data.mel_vary import MelVariation
from training.data.windows import WindowConfig, WindowSampler
from training.diffusion.losses import LossWeights
from training.encoders.cache import FeatureSet
from training.loop.checkpoint import load_checkpoint, under_prefix
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.models.audio_encoder import AudioEncoder, AudioEncoderConfig
from training.models.talker import Talker
from training.stages.arguments import add_run_arguments
from training.stages.common import load_talker, style_table
from training.stages.heard_motion import HeardMotion
from training.stages.teacher import phone_loss
from training.stages.window_loss import WindowLoss
from trt_build.export.torch_student import load_student

BILABIAL_PHONES = [i for i, name in enumerate(PHONE_NAMES) if name in BILABIAL]


class SmallEncoder(nn.Module):
    """encoder: the compact one; phone_head: keeps it on what is said, only in training."""

    def __init__(self, encoder: nn.Module, d_model: int):
        super().__init__()
        self.encoder = encoder
        self.phone_head = nn.Linear(d_model, len(PHONE_NAMES))


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
                motion = self.motion(got, wanted, self.noise_seed(step))
            loss, figures["motion"] = loss + self.weights.heard * motion, motion.detach()
        return loss, figures


def trained_encoder(path: Path, config: AudioEncoderConfig) -> AudioEncoder:
    """The encoder of this stage's checkpoint, with as many layers as it has. Raises ValueError for a checkpoint of
    another stage or of another architecture than `config`."""
    tensors, about = load_checkpoint(path)
    if about.get("stage") != "encoder":
        raise ValueError(f"{path} is of stage {about.get('stage')!r}, expected an encoder")
    encoder = AudioEncoder(replace(config, n_layers=about.get("layers", config.n_layers)))
    try:
        encoder.load_state_dict(under_prefix("encoder", under_prefix("ema", tensors)))
    except RuntimeError as e:
        raise ValueError(f"{path} is of another architecture: {' '.join(str(e).split())[:200]}") from e
    return encoder


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


def prefix_weight(text: str) -> tuple[str, float]:
    """ "real=0.5" -> ("real", 0.5), an entry of WindowConfig.engine_weight."""
    prefix, equals, factor = text.partition("=")
    try:
        if not (prefix and equals and 0 < float(factor) < float("inf")):
            raise ValueError
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form PREFIX=FACTOR, such as real=0.5") from None
    return prefix, float(factor)


@reports_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, 4000, 1e-3, 2)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=1440)
    parser.add_argument("--bundle", type=Path, help="begin with the audio encoder of this bundle")
    parser.add_argument("--layers", type=int, help="blocks of the encoder; default: as many as it begins with")
    parser.add_argument("--contact", type=float, default=LossWeights().contact, help="weight of p, b and m")
    parser.add_argument("--motion", type=float, default=LossWeights().heard, help="weight of the denoiser's motion")
    parser.add_argument("--sampler-steps", type=int, default=8, help="of the teacher's denoiser, for --motion")
    parser.add_argument(
        "--weight", type=prefix_weight, nargs="+", default=[], metavar="PREFIX=FACTOR",
        help="how much more often than its length speech is drawn, by the start of its utterance's id: real=0.5",
    )  # fmt: skip
    args = parser.parse_args()
    runtime = Runtime.from_arguments(args)
    torch.manual_seed(args.seed)
    clips = ClipSet(*args.clips)
    teacher, about = load_talker(args.teacher)
    if not teacher.config.d_features:
        parser.error(f"{args.teacher} has the compact encoder already: this stage is not needed")
    begun = load_student(args.bundle)[0] if args.bundle else small_talker(teacher)
    model = SmallEncoder(begun.encoder.train(), teacher.config.encoder.d_model)
    if args.layers:
        model.encoder.deepen(args.layers)
    run = RunConfig(args.steps, args.learning_rate, frames_per_batch=args.frames)
    weights = (*args.weight, *WindowConfig().engine_weight)
    config = WindowConfig(engine_weight=weights, vary=MelVariation())
    windows = WindowSampler(clips, "train", config, args.seed, FeatureSet(clips))
    head = load_phone_head(args.teacher, teacher.config.encoder.d_model)
    loss_weights = replace(LossWeights(), contact=args.contact, heard=args.motion, closure_margin=0.0)
    motion = None
    if args.motion:
        styles = style_table(teacher, args.teacher)
        motion = HeardMotion(teacher, styles, clips.info.motion, args.sampler_steps, loss_weights)
    loss = EncoderLoss(model, teacher, head, windows, run, runtime, loss_weights, motion)
    made = {"stage": "encoder", "encoder": about["encoder"], "layers": model.encoder.config.n_layers}
    Trainer(loss, run, args.out, made, runtime).run(args.until)


if __name__ == "__main__":
    main()
