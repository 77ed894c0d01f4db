"""Eyes and brows of a few-step student, or of a bundle, learned through its own sampler.
`python -m training.stages.upper_face --clips DIR --student runs/student-8.safetensors --out runs/eyes-8.safetensors`

Audio hardly says when someone blinks, so the branch of eyes and brows has to draw from a distribution, and of all that
halving costs, blinks are lost first. Here the branch alone learns: it draws several motions of each window through all
sampler steps, and the energy score compares them with the wanted motion (as Gritsenko et al., arXiv 2008.01160, did for
speech; our choice). No teacher is needed, and the lips stay what they were, to the bit."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from diffusiontalker.spec.sampler import SamplerStep, sampler_table
from training.data.clips import ClipSet
from training.data.mel_vary import MelVariation
from training.data.windows import Batch, WindowConfig, WindowSampler
from training.diffusion.energy import energy_score, pieces
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.models.talker import Talker
from training.stages.arguments import add_run_arguments, add_weight_argument, drawn_weights
from training.stages.common import PAST_NOISE, load_talker
from training.stages.window_loss import WindowLoss

# Windows of the profiles (trt_build/export/bundle.py), the long one oftener: it has more new frames to learn from.
SHAPES = ((60, 12), (60, 12), (27, 18), (24, 21))
# Channels that belong together, by the start of their names: each group is scored by itself, and all of them together,
# lest many quiet channels drown a blink.
GROUPS = (("eyeBlink", "eyeSquint", "eyeWide"), ("eyeLook",), ("brow", "cheek", "nose"))
PIECE_FRAMES = 6  # a blink is about 8 frames long
OUTSIDE = 0.1  # weight of what a prediction leaves the allowed range by: of what is clamped the score sees nothing


def groups_of(channels: tuple[str, ...], free: tuple[int, ...]) -> list[list[int]]:
    """Indices of the free channels: those of each of GROUPS, then all of them."""
    parts = [[i for i in free if channels[i].startswith(names)] for names in GROUPS]
    return [*filter(None, parts), list(free)]


def motion_score(samples: Tensor, truth: Tensor, past: int, groups: list[list[int]]) -> Tensor:
    """Energy score, a scalar, of position and velocity of the new frames; whole, and in pieces.
    samples: [M, B, W, C]; truth: [B, W, C], both with the same `past` first frames."""

    def described(x: Tensor, group: list[int]) -> Tensor:
        x = x[..., group]
        return torch.cat([x[..., past:, :], x[..., past:, :] - x[..., past - 1 : -1, :]], dim=-1)

    scores, n_new = [], truth.shape[-2] - past
    for group in groups:
        got, wanted = described(samples, group), described(truth, group)
        for length in sorted({n_new, min(PIECE_FRAMES, n_new)}):
            scores.append(energy_score(pieces(got, length), pieces(wanted, length)).mean())
    return torch.stack(scores).mean()


class UpperFaceLoss(WindowLoss):
    """model: whose branch of eyes and brows is trained, the rest frozen.   steps: of its sampler.   n_samples: motions
    drawn of every window, 2 or more."""

    def __init__(
        self,
        model: Talker,
        windows: WindowSampler,
        run: RunConfig,
        runtime: Runtime,
        steps: list[SamplerStep],
        n_samples: int,
    ):
        super().__init__(model, windows, run, runtime)
        self.steps, self.n_samples = steps, n_samples
        self.groups = groups_of(windows.clips.info.motion.channels, model.config.denoiser.free)

    def forward(self, step: int) -> tuple[Tensor, dict]:
        batch, n, rows = self.batch(step)
        past = int(batch.known[0].sum())
        truth, start = self._start(batch, n, rows, step)
        samples, outside = self._sample(batch, start)
        # The past is the same for all, so that the first velocity is that out of the past.
        kept = torch.where(batch.known > 0, truth, samples)
        score = motion_score(kept, truth, past, self.groups)
        loss = score + OUTSIDE * outside
        return loss, {"score": score.detach(), "outside": outside.detach()}

    def _start(self, batch: Batch, n_global: int, rows: slice, step: int) -> tuple[Tensor, Tensor]:
        """(clean motion [B, W, C], what the sampler starts from [M, B, W, C]), drawn for the whole global batch."""
        generator = torch.Generator().manual_seed(self.noise_seed(step))
        truth = self.model.normalise(batch.motion)
        shape = (n_global, *truth.shape[1:])
        noise = torch.randn((self.n_samples, *shape), generator=generator)[:, rows].to(truth.device)
        past_noise = torch.randn(shape, generator=generator)[rows].to(truth.device)
        spread = PAST_NOISE * torch.rand(n_global, 1, 1, generator=generator)[rows].to(truth.device)
        start = torch.where(batch.known > 0, truth + spread * past_noise, noise * self.model.noise_scale)
        return truth, start

    def _sample(self, batch: Batch, start: Tensor) -> tuple[Tensor, Tensor]:
        """(x0 [M, B, W, C] after all steps, how far the branch left the allowed range). The trunk runs once for all
        samples: it does not see what differs between them."""
        model, denoiser, m = self.model, self.model.denoiser, self.n_samples
        known, many_known = batch.known, batch.known.repeat(m, 1, 1)
        free = start.flatten(0, 1)
        tied, outside = start[0], start.new_zeros(())
        with self.runtime.autocast():
            with torch.no_grad():
                audio = denoiser.audio_in(model.encoder(batch.mel))
                style = model.personaliser.style(batch.identity.clamp(min=0), batch.emotion)
            for step in self.steps:
                c_x, c_x0 = step.coefficients
                condition = denoiser.condition(style, torch.full((len(style),), float(step.t), device=style.device))
                with torch.no_grad():
                    features, x0 = denoiser.trunk(tied, known, audio, condition)
                    tied = torch.where(known > 0, tied, c_x * tied + c_x0 * model.clamp(x0.float()))
                raw = denoiser.branch(free, many_known, features.repeat(m, 1, 1), condition.repeat(m, 1)).float()
                x0 = model.clamp(raw)
                beyond = (raw - x0) * model.noise_scale * (1 - many_known)
                outside = outside + beyond.square().mean() / len(self.steps)
                free = torch.where(many_known > 0, free, c_x * free + c_x0 * x0)
        return free.unflatten(0, (m, -1)), outside


def only_branch(talker: Talker, path: Path) -> Talker:
    """`talker` with only its branch of eyes and brows to train. Raises ValueError where there is none."""
    if talker.denoiser.free is None:
        raise ValueError(f"{path} has no branch of eyes and brows: its motion is no ARKit face")
    if talker.config.d_features:
        raise ValueError(f"{path} hears a large encoder: give a distilled student, or a bundle")
    talker.requires_grad_(False)
    talker.denoiser.free.requires_grad_(True)
    return talker


@reports_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, 2000, 5e-4, 5)
    parser.add_argument("--student", type=Path, required=True, help="checkpoint, or bundle folder")
    parser.add_argument("--samples", type=int, default=2, help="motions drawn of every window, 2 or more")
    parser.add_argument("--frames", type=int, default=960, help="animation frames per step, all processes together")
    add_weight_argument(parser)
    args = parser.parse_args()
    if args.samples < 2:
        parser.error("--samples must be 2 or more: one motion does not show how motions differ")
    runtime = Runtime.from_arguments(args)
    clips = ClipSet(*args.clips)
    talker, about = load_talker(args.student)
    model = only_branch(talker, args.student)
    for what in ("identities", "emotions"):
        if list(about[what]) != list(getattr(clips.info, what)):
            raise ValueError(f"{args.student} knows other {what} than the clips: prepare clips with its own")
    n_train_steps = model.config.denoiser.n_train_steps
    steps = sampler_table(about.get("sampler_steps", n_train_steps), n_train_steps)
    run = RunConfig(args.steps, args.learning_rate, frames_per_batch=args.frames, warmup_steps=50, ema_decay=0.995)
    config = WindowConfig(shapes=SHAPES, engine_weight=drawn_weights(args), vary=MelVariation())
    windows = WindowSampler(clips, "train", config, args.seed)
    loss = UpperFaceLoss(model, windows, run, runtime, steps, args.samples)
    made = {k: v for k, v in about.items() if k not in ("run", "step")} | {"stage": "upper_face"}
    Trainer(loss, run, args.out, made, runtime).run(args.until)


if __name__ == "__main__":
    main()
