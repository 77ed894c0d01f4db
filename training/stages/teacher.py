"""Stage 1: the many-step teacher. `python -m training.stages.teacher --clips DIR --out runs/teacher.safetensors`"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from training.data.clips import PHONE_NAMES, ClipSet
from training.data.windows import WindowConfig, WindowSampler
from training.diffusion.losses import LossWeights
from training.diffusion.schedule import Schedule
from training.loop.trainer import RunConfig, Trainer
from training.models.talker import Talker, TalkerConfig
from training.stages.common import motion_loss, set_motion_statistics

# At run time the past frames are the model's own, slightly wrong; noise on the true ones prepares for that.
PAST_NOISE = 0.15


class TeacherModel(Talker):
    """The talker plus the phone classifier that only training uses."""

    def __init__(self, config: TalkerConfig):
        super().__init__(config)
        self.phone_head = nn.Linear(config.encoder.d_model, len(PHONE_NAMES))


class TeacherLoss:
    def __init__(self, model: TeacherModel, windows: WindowSampler, weights: LossWeights, run: RunConfig):
        self.model, self.windows, self.weights, self.run = model, windows, weights, run
        self.schedule = Schedule(model.config.denoiser.n_train_steps)
        self.motion_loss = motion_loss(model, weights)

    def __call__(self, step: int) -> tuple[torch.Tensor, dict[str, float]]:
        model = self.model
        batch = self.windows.batch(step, self.run.frames_per_batch)
        generator = torch.Generator().manual_seed(self.windows.seed * 1_000_003 + step)
        x0 = model.normalise(batch.motion)
        noise = torch.randn(x0.shape, generator=generator)
        t = torch.randint(1, self.schedule.n_train_steps + 1, (len(x0),), generator=generator)
        spread = PAST_NOISE * torch.rand(len(x0), 1, 1, generator=generator)
        past = x0 + spread * torch.randn(x0.shape, generator=generator)
        x_t = torch.where(batch.known > 0, past, self.schedule.add_noise(x0, noise, t))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.run.bf16):
            audio = model.encoder(batch.mel)
            logits = model.phone_head(audio)
            x0_pred = model.denoiser(x_t, batch.known, audio, model.identities(batch.identity), t.float())
        motion = self.motion_loss(x0_pred.float(), x0, batch.known)
        phone = F.cross_entropy(logits.float().transpose(1, 2), batch.phone)
        loss = motion + self.weights.phone * phone
        accuracy = (logits.argmax(dim=-1) == batch.phone).float().mean()
        return loss, {"motion": motion.item(), "phone": phone.item(), "phone_accuracy": accuracy.item()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, nargs="+", required=True, help="folders made by training.data.prepare")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint; a run goes on from it when it exists")
    parser.add_argument("--steps", type=int, default=8300)
    parser.add_argument("--until", type=int, help="stop (and save) at this step of the schedule")
    parser.add_argument("--learning-rate", type=float, default=8e-4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    clips = ClipSet(*args.clips)
    model = TeacherModel(TalkerConfig(n_identities=len(clips.identity_names)))
    set_motion_statistics(model, clips)
    run = RunConfig(n_steps=args.steps, learning_rate=args.learning_rate)
    about = {"stage": "teacher", "talker": model.config.as_dict(), "identities": clips.identity_names}
    windows = WindowSampler(clips, "train", WindowConfig(), args.seed)
    trainer = Trainer(model, lambda step: loss(step), run, args.out, about)
    loss = TeacherLoss(model, windows, LossWeights(), run)  # after a resume has set the motion statistics
    trainer.run(args.until)


if __name__ == "__main__":
    main()
