"""Mean of two checkpoints of one run: `python -m training.stages.average A B --share 0.5 --out C`.

Trades what the two are good at; the shipped student is the mean of its last round with and without closure margin.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.loop.checkpoint import load_checkpoint, save_checkpoint, under_prefix, with_prefix


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs=2)
    parser.add_argument("--share", type=float, default=0.5, help="weight of the second, 0..1")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    (first, about), (second, other) = (load_checkpoint(p) for p in args.checkpoints)
    if about["talker"] != other["talker"] or about.get("sampler_steps") != other.get("sampler_steps"):
        parser.error("the checkpoints differ in architecture or sampler steps: they cannot be averaged")
    a, b = under_prefix("ema", first), under_prefix("ema", second)
    mean = {k: v.lerp(b[k], args.share) if v.dtype.is_floating_point else v for k, v in a.items()}
    save_checkpoint(args.out, with_prefix("ema", mean), {k: about[k] for k in about if k != "run"})


if __name__ == "__main__":
    main()
