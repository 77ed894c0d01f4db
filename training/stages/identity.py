"""A new talking identity for a bundle, from about a minute of a person's motion:
`python -m training.stages.identity --clips DIR --speaker NAME --bundle DIR --out runs/NAME.safetensors`

Only its embedding is learned, through the bundle's frozen networks, as words are for image models by textual inversion
(Gal et al., arXiv 2208.01618). It starts from what the enrolment hears in the person's speech, and goes through the
fusion of identity and emotion, so that moods that the motion does not show are there, too."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffusiontalker.spec.channels import HEAD_POSE_CHANNELS
from training.data.windows import WindowConfig, WindowSampler
from training.diffusion.losses import LossWeights
from training.diffusion.schedule import Schedule
from training.export.torch_student import load_student
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.models.talker import Talker
from training.prepared.clips import ClipSet
from training.stages.arguments import add_run_arguments
from training.stages.common import motion_loss, noised
from training.stages.window_loss import WindowLoss

# Share of windows at the sampler's first step: what it makes of the audio is not given away by x_t.
FIRST_STEP = 0.8


class NewIdentity(nn.Module):
    """embedding: [d_identity], of any length above 0; its direction is the identity."""

    def __init__(self, embedding: Tensor):
        super().__init__()
        self.embedding = nn.Parameter(embedding.clone())

    def forward(self) -> Tensor:
        return F.normalize(self.embedding, dim=-1)


class IdentityLoss(WindowLoss):
    """talker: frozen.   n_steps: of its sampler.   moods: int64 [emotions of the clips] -> emotion of the talker.
    unseen: channels that the clips do not show, which do not count."""

    def __init__(
        self,
        model: NewIdentity,
        talker: Talker,
        windows: WindowSampler,
        run: RunConfig,
        runtime: Runtime,
        n_steps: int,
        moods: Tensor,
        unseen: tuple[int, ...] = (),
    ):
        super().__init__(model, windows, run, runtime)
        self.talker = talker.requires_grad_(False)
        self.register_buffer("moods", moods)
        self.schedule = Schedule(talker.config.denoiser.n_train_steps)
        self.stride = self.schedule.n_train_steps // n_steps
        # What is wanted is the person's motion as it is: no bias towards closed lips.
        weights = replace(LossWeights(), closure=0.0, closure_margin=0.0)
        self.motion_loss = motion_loss(talker, windows.clips.info.motion, weights)
        self.motion_loss.channel_weight[list(unseen)] = 0

    def forward(self, step: int) -> tuple[Tensor, dict]:
        batch, n, rows = self.batch(step)
        seed = self.noise_seed(step)
        noise = noised(self.talker, self.schedule, batch, n, rows, self.stride, seed, first_step=FIRST_STEP)
        personaliser = self.talker.personaliser
        identity = self.model().expand(len(batch.mel), -1)
        style = personaliser.fusion(identity, personaliser.emotions(self.moods[batch.emotion]))
        with self.runtime.autocast():
            with torch.no_grad():
                audio = self.talker.encoder(batch.mel)
            x0_pred = self.talker.denoiser(noise.x_t, batch.known, audio, style, noise.t.float()).float()
        loss = self.motion_loss(x0_pred, noise.x0, batch.known)
        return loss, {"motion": loss.detach()}


def of_speaker(clips: ClipSet, name: str) -> ClipSet:
    """`clips` with those of one identity only. Raises ValueError for a name that has none."""
    names = clips.info.identities
    own = [c for c in clips.clips if c.identity >= 0 and names[c.identity] == name]
    if not own:
        raise ValueError(f"the clips have no speaker {name!r}: there are {', '.join(names)}")
    clips.clips = own
    return clips


def heard_identity(talker: Talker, windows: WindowSampler) -> Tensor:
    """[d_identity]: what the enrolment hears in a batch of the speaker's speech."""
    reference = windows.batch(0, 960, reference=True).reference
    assert reference is not None
    with torch.no_grad():
        return F.normalize(talker.personaliser.encoder(reference)[0].mean(dim=0), dim=-1)


def moods_of(clips: ClipSet, emotions: list[str]) -> Tensor:
    """int64 [emotions of the clips]: their place in `emotions`, the first where they are not there."""
    return torch.tensor([emotions.index(name) if name in emotions else 0 for name in clips.info.emotions])


def with_channels_of(clips: ClipSet, motion: dict, bundle: Path) -> tuple[int, ...]:
    """Gives the clips the channels of a bundle's motion; returns those that they do not show, which may be the head
    pose only. Raises ValueError where others differ."""
    wanted, own = tuple(motion.get("channels", ())), clips.info.motion.channels
    unseen = tuple(i for i, name in enumerate(wanted) if name not in own)
    differs = set(own) - set(wanted) or {wanted[i] for i in unseen} - set(HEAD_POSE_CHANNELS)
    if differs or clips.info.motion.kind != motion["space"]:
        raise ValueError(f"the clips have other channels than {bundle}: prepare the motion that it moves")
    if unseen:
        clips.widen(replace(clips.info.motion, n_channels=len(wanted), channels=wanted))
    return unseen


@reports_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, 300, 0.03, 9)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--speaker", required=True, help="whose clips to learn from, as the clips name their speakers")
    parser.add_argument("--frames", type=int, default=960)
    args = parser.parse_args()
    runtime = Runtime.from_arguments(args)
    torch.manual_seed(args.seed)
    clips = of_speaker(ClipSet(*args.clips), args.speaker)
    talker, about = load_student(args.bundle)
    unseen = with_channels_of(clips, about["motion"], args.bundle)
    if "style_encoder" not in about["networks"]:
        raise ValueError(f"{args.bundle} has no style encoder, which new identities need")
    windows = WindowSampler(clips, "train", WindowConfig(), args.seed)
    model = NewIdentity(heard_identity(talker, windows))
    moods = moods_of(clips, about["identities"].get("emotions", ["neutral"]))
    run = RunConfig(args.steps, args.learning_rate, frames_per_batch=args.frames, warmup_steps=20, ema_decay=0.98)
    loss = IdentityLoss(model, talker, windows, run, runtime, len(about["sampler"]["steps"]), moods, unseen)
    Trainer(loss, run, args.out, {"stage": "identity"}, runtime).run(args.until)


if __name__ == "__main__":
    main()
