"""The rows of `bench --scenario hop`: single hops on a GPU, in PyTorch and on the bundle's engines."""

from __future__ import annotations

from pathlib import Path

from diffusiontalker.bench.results import ENGINE_HOPS
from diffusiontalker.cli import arguments
from diffusiontalker.errors import BackendError

DEFAULT_BATCHES = (1, 8, 64)
DEFAULT_CALLS = 100
TORCH = ("torch-eager", "torch-graph")


def batch_list(text: str) -> tuple[int, ...]:
    """An argparse type: "1,8,64"."""
    parse = arguments.whole_number(1, 1024)
    return tuple(sorted({parse(part) for part in text.split(",")}))


def add_arguments(parser) -> None:
    """--batches --calls --hop-device --hop-program --engines"""
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


def chosen(args, scenarios: tuple[str, ...]) -> list[dict]:
    """Descriptions of the rows, without what all rows have. Raises BackendError where there is no GPU."""
    if "hop" not in scenarios:
        return []
    device = args.hop_device or "cuda"
    is_cuda = device.startswith("cuda")
    if is_cuda:
        _require_gpu()
    rows = []
    for precision in dict.fromkeys(args.precision or ["f16" if is_cuda else "f32"]):
        rows += [{"kind": "hop-torch", "backend": way, "precision": precision, "device": device} for way in TORCH]
        if args.hop_program and precision != "bf16":
            program, engines = str(Path(args.hop_program).absolute()), args.engines or ""
            rows.append(
                {
                    "kind": "hop-engine", "backend": ENGINE_HOPS, "precision": precision, "program": program,
                    "engines": engines,
                }
            )  # fmt: skip
    return rows


def _require_gpu() -> None:
    from trt_build.engine.gpu import find_gpu

    gpu, reason = find_gpu()
    if gpu is None:
        raise BackendError(f"--scenario hop is measured on an NVIDIA GPU, and here is none: {reason}")
