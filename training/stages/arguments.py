"""Options that the stages of one run share."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.loop.runtime import add_runtime_arguments


def add_run_arguments(parser: argparse.ArgumentParser, steps: int, learning_rate: float, seed: int) -> None:
    """--clips, --out, --steps, --until, --learning-rate, --seed with these defaults, and where to compute."""
    parser.add_argument("--clips", type=Path, nargs="+", required=True, help="prepared clips")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint; a run goes on from it when it exists")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--until", type=int, help="stop (and save) at this step of the schedule")
    parser.add_argument("--learning-rate", type=float, default=learning_rate)
    parser.add_argument("--seed", type=int, default=seed)
    add_runtime_arguments(parser)
