"""The style encoder learns to know a voice whatever it was recorded with.
`python -m training.stages.enrolment --clips DIR --student FILE --out runs/enrolment.safetensors`

Self-distillation: through other microphones, rooms and telephones (mel_vary.OF_REFERENCES) it shall give the embeddings
that it gave, before this stage, of the clean recording. Identities and styles stay where they are."""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.data.mel_vary import OF_REFERENCES, vary_mel
from training.data.references import ReferenceSampler
from training.export.trained import load_talker
from training.loop.distributed import share
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.models.talker import Talker
from training.prepared.clips import ClipSet
from training.stages.arguments import add_run_arguments

ROWS = 48  # clips per step
WEIGHT_EMOTION = 0.5


class EnrolmentLoss(nn.Module):
    """model: whose style encoder is trained, the rest frozen.   references: without variation of their own."""

    def __init__(self, model: Talker, references: ReferenceSampler, runtime: Runtime):
        super().__init__()
        self.model, self.references, self.runtime = model, references, runtime
        self.wanted = copy.deepcopy(model.personaliser.encoder).eval().requires_grad_(False)

    def forward(self, step: int) -> tuple[Tensor, dict]:
        rows = share(ROWS)
        batch = self.references.batch(step, ROWS, rows)
        numbers = range(ROWS)[rows]
        seeds = [np.random.default_rng([self.references.seed, step, 6, n]) for n in numbers]
        varied = np.stack([vary_mel(m, rng, OF_REFERENCES) for m, rng in zip(batch.mel.numpy(), seeds, strict=True)])
        clean = self.runtime.place(batch).mel
        with self.runtime.autocast():
            with torch.no_grad():
                identity, emotion = (x.float() for x in self.wanted(clean))
            got = self.model.personaliser.encoder(torch.from_numpy(varied).to(clean.device))
        to_identity = 1 - (got[0].float() * identity).sum(dim=-1).mean()
        to_emotion = 1 - (got[1].float() * emotion).sum(dim=-1).mean()
        loss = to_identity + WEIGHT_EMOTION * to_emotion
        return loss, {"identity": to_identity.detach(), "emotion": to_emotion.detach()}


@reports_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, 1200, 5e-4, 7)
    parser.add_argument("--student", type=Path, required=True, help="checkpoint, or bundle folder")
    args = parser.parse_args()
    runtime = Runtime.from_arguments(args)
    clips = ClipSet(*args.clips)
    talker, about = load_talker(args.student)
    talker.requires_grad_(False)
    talker.personaliser.encoder.requires_grad_(True)
    references = ReferenceSampler(clips, "train", args.seed, vary=None)
    run = RunConfig(args.steps, args.learning_rate, warmup_steps=50, ema_decay=0.99)
    made = {k: v for k, v in about.items() if k not in ("run", "step")} | {"stage": "enrolment"}
    Trainer(EnrolmentLoss(talker, references, runtime), run, args.out, made, runtime).run(args.until)


if __name__ == "__main__":
    main()
