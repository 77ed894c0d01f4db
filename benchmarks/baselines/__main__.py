"""`python -m benchmarks.baselines`: `diffusiontalker bench` with the rows that only a checkout can measure."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.baselines import rows
from benchmarks.baselines.peak import FmaPeak
from diffusiontalker.cli import arguments, bench
from diffusiontalker.cli.console import Console
from diffusiontalker.cli.main import run_command

SCENARIOS = (*bench.SCENARIOS, "hop")


def build_parser() -> arguments.Parser:
    parser = arguments.Parser(
        prog="python -m benchmarks.baselines",
        description="Measures as `diffusiontalker bench` does, and the same student in PyTorch and ONNX Runtime; "
        "scenario hop: single hops on an NVIDIA GPU, in PyTorch and on TensorRT engines. Run it in a checkout. "
        "docs/benchmarks.md says what lies inside each number.",
        examples="""python -m benchmarks.baselines --baseline all
        python -m benchmarks.baselines --scenario hop --hop-program build/gpu/tests/gpu/dt_gpu_bench""",
        epilog=arguments.EXIT_CODES,
    )
    bench.add_options(parser, SCENARIOS)
    rows.add_arguments(parser)
    arguments.add_common(parser)
    parser.set_defaults(run=run)
    return parser


def run(args, console: Console) -> int:
    scenarios = bench.chosen_scenarios(args)
    rows.check(args, scenarios)
    sizes = {"batches": args.batches, "n_calls": args.calls}
    given = {key: value for key, value in sizes.items() if value}
    with tempfile.TemporaryDirectory() as folder:
        if args.peak:
            given["peak"] = FmaPeak(args.threads, Path(folder))
        return bench.run_bench(args, console, scenarios, lambda a, bundle: rows.chosen(a, bundle, scenarios), **given)


if __name__ == "__main__":
    sys.exit(run_command(build_parser()))
