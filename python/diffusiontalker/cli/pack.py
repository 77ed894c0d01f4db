"""`diffusiontalker pack`: a bundle folder as one file, for programs that ship it inside of their own data."""

from __future__ import annotations

from pathlib import Path

from diffusiontalker.cli import arguments
from diffusiontalker.cli.console import Console
from diffusiontalker.errors import OutputError
from diffusiontalker.io.atomic import atomic_path
from diffusiontalker.spec import bundles


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "pack",
        help="pack a bundle into one file",
        description="Packs a bundle into one file, an uncompressed ZIP that dt_model_open, dt_model_open_memory and "
        "diffusiontalker.load() read as they read the folder.",
        examples="diffusiontalker pack base -o base.dtb",
    )
    parser.add_argument("bundle", nargs="?", default="base", metavar="BUNDLE", help="name or folder (default: base)")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="the file to write")
    arguments.add_common(parser)
    return parser


def run(args, console: Console) -> int:
    folder = bundles.resolve(args.bundle)
    if args.output.exists():
        raise OutputError(f"{args.output} exists: give another name, or delete it first")
    with atomic_path(args.output) as hidden:
        bundles.pack(folder, hidden)
    if args.json:
        console.json(
            {"schema": "diffusiontalker.pack/1", "path": str(args.output), "bytes": args.output.stat().st_size}
        )
    else:
        console.notice(f"{args.output}: {args.output.stat().st_size} bytes")
    return 0
