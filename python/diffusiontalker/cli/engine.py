"""`diffusiontalker engine`: TensorRT engines of a bundle, built, listed, verified and deleted."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from diffusiontalker.cli import arguments
from diffusiontalker.cli.console import Console
from diffusiontalker.trt_build import DEFAULT_BATCHES, LIBRARIES, MAX_BATCH, PRECISIONS


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "engine",
        help="build and look after TensorRT engines",
        description="Builds the TensorRT engines of a bundle into your cache, and looks after them. tensorrt builds on "
        "the GPU that will run them; tensorrt-rtx builds anywhere, also on a machine without a GPU.",
        examples="""diffusiontalker engine build
        diffusiontalker engine build base --profile live --batches 1,8,64
        diffusiontalker engine list
        diffusiontalker engine verify
        diffusiontalker engine clear --all""",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=arguments.Parser)
    for add in (_add_build, _add_list, _add_verify, _add_clear):
        action = add(actions)
        action.epilog = arguments.EXIT_CODES
        arguments.add_common(action)
    return parser


def run(args, console: Console) -> int:
    from diffusiontalker.cli import engine_build, engine_sets

    run_action: dict[str, Callable[..., int]] = {
        "build": engine_build.run,
        "list": engine_sets.run_list,
        "verify": engine_sets.run_verify,
        "clear": engine_sets.run_clear,
    }
    return run_action[args.action](args, console)


def batch_list(text: str) -> tuple[int, ...]:
    """An argparse type: "1,8,64"."""
    parse = arguments.whole_number(1, MAX_BATCH)
    return tuple(sorted({parse(part) for part in text.split(",")}))


def _add_build(actions) -> arguments.Parser:
    parser = actions.add_parser(
        "build",
        help="build the engines of a bundle",
        description="Builds the engines of a bundle, or finds those that were built before. A set that no longer fits "
        "(another bundle, library or GPU, or a damaged file) is built anew. tensorrt-rtx takes about ten seconds for "
        "each length of window and network, tensorrt some minutes in all the first time.",
        examples="""diffusiontalker engine build
        diffusiontalker engine build base --library tensorrt-rtx --profile live
        diffusiontalker engine build my_bundle --batches 1 --folder engines""",
    )
    parser.add_argument("bundle", nargs="?", default="base", metavar="BUNDLE", help="name or folder (default: base)")
    parser.add_argument(
        "--library", choices=LIBRARIES, help="default: tensorrt where there is a GPU for it, else tensorrt-rtx"
    )
    parser.add_argument(
        "--profile", action="append", default=[], metavar="NAME", help="latency profile; repeat for more (default: all)"
    )
    parser.add_argument(
        "--batches", type=batch_list, default=DEFAULT_BATCHES, metavar="N,N,..",
        help="numbers of streams that run at once (default: 1,8,64); others run as the next larger one",
    )  # fmt: skip
    parser.add_argument(
        "--precision", choices=("auto", *PRECISIONS), default="auto", help="default: auto, which is f16"
    )
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="where to put the set instead of your cache")
    parser.add_argument("--force", action="store_true", help="build even when a set is there that fits")
    tuning = parser.add_argument_group("building")
    tuning.add_argument(
        "--opt-level", type=arguments.whole_number(0, 5), default=3, metavar="N",
        help="0..5, more looks longer for faster kernels (default: 3)",
    )  # fmt: skip
    tuning.add_argument(
        "--version-compatible", action="store_true",
        help="plans that newer versions of TensorRT can run; they hold host code, which must be allowed (tensorrt)",
    )  # fmt: skip
    tuning.add_argument(
        "--same-compute-capability", action="store_true",
        help="plans for all GPUs of this one's compute capability (tensorrt)",
    )  # fmt: skip
    tuning.add_argument(
        "--compute-capability", action="append", default=[], metavar="X.Y",
        help="a kind of GPU to build for, 7.5 for example; repeat for more (tensorrt-rtx; default: Ampere and newer)",
    )  # fmt: skip
    return parser


def _add_list(actions) -> arguments.Parser:
    return actions.add_parser(
        "list",
        help="what is in your cache",
        description="Lists the engine sets of your cache.",
        examples="diffusiontalker engine list --json",
    )


def _add_verify(actions) -> arguments.Parser:
    parser = actions.add_parser(
        "verify",
        help="check engine sets",
        description="Reads engine sets and compares every plan with its size, SHA-256 and builder, and the set with "
        "the bundles, libraries and GPU that are here. Ends with 5 when a set is damaged.",
        examples="""diffusiontalker engine verify
        diffusiontalker engine verify path/to/engines""",
    )
    parser.add_argument("sets", nargs="*", metavar="SET", help="key or folder (default: every set of your cache)")
    return parser


def _add_clear(actions) -> arguments.Parser:
    parser = actions.add_parser(
        "clear",
        help="delete engine sets",
        description="Deletes engine sets of your cache; they can be built again.",
        examples="""diffusiontalker engine clear --stale
        diffusiontalker engine clear --all""",
    )
    parser.add_argument("sets", nargs="*", metavar="SET", help="key of a set, see list")
    which: argparse._MutuallyExclusiveGroup = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="every set, and what TensorRT measured while building")
    which.add_argument("--stale", action="store_true", help="sets that nothing here can use any more")
    return parser
