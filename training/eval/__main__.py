"""`python -m training.eval --corpus DIR --bundle DIR [--teacher FILE] [--tracked-lips DIR] --json scores.json`"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from training.eval.animators import BundleAnimator, CheckpointAnimator, ConstantBaseline, LoudnessBaseline
from training.eval.held_out import load_held_out, score_held_out
from training.eval.tracked_lips import score_tracked_lips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, help="bundle to score through the runtime")
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--profile", help="latency profile of the bundle")
    parser.add_argument("--checkpoint", type=Path, help="student checkpoint to score in PyTorch instead")
    parser.add_argument("--teacher", type=Path, help="many-step teacher to compare with, on --teacher-limit utterances")
    parser.add_argument("--teacher-limit", type=int, default=40)
    parser.add_argument("--limit", type=int, help="score only so many utterances")
    parser.add_argument("--tracked-lips", type=Path, help="folder of real speech with lips.json")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if (args.bundle is None) == (args.checkpoint is None):
        parser.error("give either --bundle or --checkpoint")
    if args.bundle:
        animator = BundleAnimator(args.bundle, args.backend, args.profile)
        identity = json.loads((args.bundle / "bundle.json").read_text())["identities"]["default"]
    else:
        animator = CheckpointAnimator(args.checkpoint)
        identity = animator.names[0]
    train = load_held_out(args.corpus, "val")
    test = load_held_out(args.corpus, "test", args.limit)
    rows = {
        "student": score_held_out(test, animator),
        "constant": score_held_out(test, ConstantBaseline(np.concatenate(train.truth))),
        "loudness": score_held_out(test, LoudnessBaseline(train.audio, train.truth)),
    }
    if args.teacher:
        few = load_held_out(args.corpus, "test", args.teacher_limit)
        rows["teacher (some)"] = score_held_out(few, CheckpointAnimator(args.teacher))
        rows["student (same)"] = score_held_out(few, animator)
    if args.tracked_lips:
        rows["tracked lips"] = score_tracked_lips(args.tracked_lips, animator, identity)
    for name, row in rows.items():
        print(name.ljust(16), "  ".join(f"{k} {v:.4g}" for k, v in row.items()))
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
