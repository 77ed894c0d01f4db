"""The rows that only a checkout can measure: the same student in PyTorch and ONNX Runtime, and single hops on a GPU."""

from __future__ import annotations

from pathlib import Path

from benchmarks.baselines.work import window_flops
from diffusiontalker.bench.results import BASELINES, ENGINE_HOPS
from diffusiontalker.cli import arguments
from diffusiontalker.cli.bench import row_of, stream_rows
from diffusiontalker.cli.engine import batch_list
from diffusiontalker.errors import BackendError
from diffusiontalker.trt_build import find_gpu

TORCH = ("torch-eager", "torch-graph")
RUNNERS = {
    "torch": "benchmarks.baselines.torch_eager:TorchRunner",
    "torch-reencode": "benchmarks.baselines.torch_eager:TorchRunner",
    "onnxruntime": "benchmarks.baselines.onnx_runtime:OnnxRuntimeRunner",
    "hop-torch": "benchmarks.baselines.torch_hop:TorchHopRunner",
    "hop-engine": "benchmarks.baselines.engine_hop:EngineHopRunner",
}


def add_arguments(parser) -> None:
    """--baseline --batches --calls --hop-device --hop-program --engines"""
    group = parser.add_argument_group("baselines")
    group.add_argument(
        "--baseline",
        action="append",
        choices=(*BASELINES, "all"),
        help="also time this student so, offline; repeatable. torch: PyTorch eager; torch-reencode: with the encoder "
        "run in every step; onnxruntime: the bundle's graphs",
    )
    group.add_argument(
        "--peak",
        action="store_true",
        help="also time a loop of multiply-adds in every round, and count the arithmetic of the networks",
    )
    group = parser.add_argument_group("hop")
    group.add_argument(
        "--batches", type=batch_list, metavar="N,N,..", help="streams that PyTorch runs at once (default: 1,8,64)"
    )
    group.add_argument(
        "--calls", type=arguments.whole_number(1, 100000), metavar="N", help="timed calls (default: 100)"
    )
    group.add_argument("--hop-device", metavar="NAME", help="PyTorch's name of the device (default: cuda)")
    group.add_argument(
        "--hop-program", metavar="FILE", help="dt_gpu_bench of a checkout: adds the rows that run the bundle's engines"
    )
    group.add_argument("--engines", metavar="FOLDER", help="engines for it (default: the user's cache)")


def check(args, scenarios: tuple[str, ...]) -> None:
    """Raises UsageError for options that the chosen scenarios do not use."""
    options = {
        "--batches": args.batches, "--calls": args.calls, "--hop-device": args.hop_device,
        "--hop-program": args.hop_program, "--engines": args.engines,
    }  # fmt: skip
    for option, given in options.items():
        if given and "hop" not in scenarios:
            raise arguments.UsageError(f"{option} is for hops: add --scenario hop")
    if args.engines and not args.hop_program:
        raise arguments.UsageError("--engines are run by a program: add --hop-program")
    if args.peak and "offline" not in scenarios:
        raise arguments.UsageError("--peak is measured between offline runs: add --scenario offline")
    if args.baseline and "offline" not in scenarios:
        raise arguments.UsageError("--baseline rows are measured offline only: add --scenario offline")


def chosen(args, bundle: Path, scenarios: tuple[str, ...]) -> list[dict]:
    """One description per row: the backends, then the baselines, then those of hops.
    Raises BackendError where a wanted backend or GPU is not here, InputError for an unknown profile."""
    rows = [] if scenarios == ("hop",) else stream_rows(args, bundle)
    wanted = args.baseline or []
    for name in BASELINES:
        if name in wanted or "all" in wanted:
            rows.append(row_of(args, bundle, name, name, "f32", runner=RUNNERS[name]))
    if args.peak and rows:
        flops = window_flops(bundle, rows[0]["profile"])
        rows = [row | {"window_flops": flops} for row in rows]
    return rows + (_hops(args, bundle) if "hop" in scenarios else [])


def _hops(args, bundle: Path) -> list[dict]:
    device = args.hop_device or "cuda"
    is_cuda = device.startswith("cuda")
    if is_cuda:
        _require_gpu()
    rows = []
    auto = "f16" if is_cuda else "f32"
    for precision in dict.fromkeys(auto if p == "auto" else p for p in args.precision or ["auto"]):
        for way in TORCH:
            row = row_of(args, bundle, "hop-torch", way, precision, device=device, runner=RUNNERS["hop-torch"])
            rows.append(row)
        if args.hop_program and precision != "bf16":
            more = {"program": str(Path(args.hop_program).absolute()), "engines": args.engines or ""}
            row = row_of(args, bundle, "hop-engine", ENGINE_HOPS, precision, **more, runner=RUNNERS["hop-engine"])
            rows.append(row)
    return rows


def _require_gpu() -> None:
    gpu, reason = find_gpu()
    if gpu is None:
        raise BackendError(f"--scenario hop is measured on an NVIDIA GPU, and here is none: {reason}")
