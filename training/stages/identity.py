"""A new talking identity for a bundle, from about a minute of a person's motion:
`python -m training.stages.identity --clips DIR --speaker NAME --bundle DIR --out runs/NAME.safetensors`

Only its embedding is learned, through the bundle's frozen networks, as words are for image models by textual inversion
(Gal et al., arXiv 2208.01618). It starts from what the enrolment makes of the person's speech, and goes through the
fusion of identity and emotion, so that moods that the motion does not show are there, too."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusiontalker.spec.channels import HEAD_POSE_CHANNELS
from training.data.windows import WindowConfig, WindowSampler
from training.export.model_arguments import BUNDLE_HELP, bundle_folder
from training.export.torch_student import load_student
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.losses.identity_loss import IdentityLoss
from training.models.library import NewIdentity
from training.models.talker import Talker
from training.prepared.clips import ClipSet
from training.stages.arguments import add_run_arguments


def of_speaker(clips: ClipSet, name: str) -> ClipSet:
    """`clips` with those of one identity only. Raises ValueError for a name that has none."""
    names = clips.info.identities
    own = [c for c in clips.clips if c.identity >= 0 and names[c.identity] == name]
    if not own:
        raise ValueError(f"the clips have no speaker {name!r}: there are {', '.join(names)}")
    clips.clips = own
    return clips


def enrolled_identity(talker: Talker, windows: WindowSampler) -> Tensor:
    """[d_identity]: what the enrolment makes of a batch of the speaker's speech."""
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
    parser.add_argument("--bundle", type=bundle_folder, required=True, help=BUNDLE_HELP)
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
    model = NewIdentity(enrolled_identity(talker, windows))
    moods = moods_of(clips, about["identities"].get("emotions", ["neutral"]))
    run = RunConfig(args.steps, args.learning_rate, frames_per_batch=args.frames, warmup_steps=20, ema_decay=0.98)
    loss = IdentityLoss(model, talker, windows, run, runtime, len(about["sampler"]["steps"]), moods, unseen)
    Trainer(loss, run, args.out, {"stage": "identity"}, runtime).run(args.until)


if __name__ == "__main__":
    main()
