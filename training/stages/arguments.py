"""Options that the stages of one run share."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.data.windows import WindowConfig
from training.loop.runtime import add_runtime_arguments

FIRST_STEP_HELP = "share of windows at the sampler's first step, in the noise that it starts from"


def add_run_arguments(parser: argparse.ArgumentParser, steps: int, learning_rate: float, seed: int) -> None:
    """--clips, --out, --steps, --until, --learning-rate, --seed with these defaults, and where to compute."""
    parser.add_argument("--clips", type=Path, nargs="+", required=True, help="prepared clips")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint; a run goes on from it when it exists")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--until", type=int, help="stop (and save) at this step of the schedule")
    parser.add_argument("--learning-rate", type=float, default=learning_rate)
    parser.add_argument("--seed", type=int, default=seed)
    add_runtime_arguments(parser)


def source_weight(text: str) -> tuple[str, float]:
    """ "real=0.5" -> ("real", 0.5), an entry of WindowConfig.source_weight."""
    prefix, equals, factor = text.partition("=")
    try:
        if not (prefix and equals and 0 < float(factor) < float("inf")):
            raise ValueError
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form SOURCE=FACTOR, such as real=0.5") from None
    return prefix, float(factor)


def add_weight_argument(parser: argparse.ArgumentParser) -> None:
    """--weight, for drawn_weights."""
    parser.add_argument(
        "--weight", type=source_weight, nargs="+", default=[], metavar="SOURCE=FACTOR",
        help="how much more often than its length speech of a source is drawn: real=0.5, for ids that start with real",
    )  # fmt: skip


def drawn_weights(args: argparse.Namespace) -> tuple[tuple[str, float], ...]:
    """WindowConfig.source_weight: what --weight says, else its default."""
    return (*args.weight, *WindowConfig().source_weight)
