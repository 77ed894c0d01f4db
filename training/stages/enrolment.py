"""The style encoder learns to know a voice whatever it was recorded with.
`python -m training.stages.enrolment --clips DIR --student FILE --out runs/enrolment.safetensors`

Self-distillation: through other microphones, rooms and telephones (mel_vary.OF_REFERENCES) it shall give the embeddings
that it gave, before this stage, of the clean recording. Identities and styles stay where they are."""

from __future__ import annotations

import argparse

from training.data.references import ReferenceSampler
from training.export.model_arguments import MODEL_HELP, checkpoint_or_bundle
from training.export.trained import load_talker
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.losses.enrolment_loss import EnrolmentLoss
from training.prepared.clips import ClipSet
from training.stages.arguments import add_run_arguments


@reports_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, 1200, 5e-4, 7)
    parser.add_argument("--student", type=checkpoint_or_bundle, required=True, help=MODEL_HELP)
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
