"""Parses, dispatches, and turns every end into a documented exit code."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from diffusiontalker.cli import arguments, streams
from diffusiontalker.cli.console import Console
from diffusiontalker.cli.failures import sentence
from diffusiontalker.cli.signals import Ended, ending

COMMANDS = (
    "animate", "render", "convert", "compare", "info", "head", "pack", "doctor", "bench", "engine", "serve", "studio",
    "live",
)  # fmt: skip
INTERRUPTED, BROKEN_PIPE = 130, 141


def build_parser() -> arguments.Parser:
    parser = arguments.Parser(
        prog="diffusiontalker",
        description="Speech in, 3D face animation out.",
        examples="""diffusiontalker animate speech.wav
        diffusiontalker animate speech.wav -o speech.glb -o speech.csv
        diffusiontalker render speech.wav -o sheet.png -o clip.mp4
        diffusiontalker doctor""",
        epilog=arguments.EXIT_CODES,
    )
    parser.add_argument(
        "--cmake-dir",
        action="version",
        version=str(Path(__file__).parent.parent / "lib" / "cmake" / "diffusiontalker"),
        help="print the folder of the CMake package, for diffusiontalker_DIR",
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=arguments.Parser)
    for name in COMMANDS:
        module = importlib.import_module(f"diffusiontalker.cli.{name}")
        subparser = module.add_parser(subparsers)
        subparser.epilog = arguments.EXIT_CODES
        subparser.set_defaults(run=module.run)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs one command. argv: arguments without the program's name; None takes sys.argv. Returns the exit code."""
    return run_command(build_parser(), argv)


def run_command(parser: arguments.Parser, argv: list[str] | None = None) -> int:
    """Parses and calls the `run` default of the parser; every end becomes an exit code. argv: as for main()."""
    console, wants_traceback = Console(), False
    try:
        try:
            args = parser.parse_args(argv)
        except SystemExit as e:  # argparse: 0 after --help and --version, 2 after a usage error
            sys.stdout.flush()
            return e.code if isinstance(e.code, int) else 2
        console, wants_traceback = Console(args.quiet, args.verbose), args.debug
        with ending(console.notice):
            code = args.run(args, console)
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        streams.silence(sys.stdout)
        return BROKEN_PIPE
    except Ended as e:
        console.notice(str(e))
        return 128 + e.number
    except KeyboardInterrupt:
        console.notice("interrupted")
        return INTERRUPTED
    except Exception as e:
        text, code = sentence(e)
        console.error(text)
        if wants_traceback:
            console.exception(e)
    streams.flush()
    return code


if __name__ == "__main__":
    sys.exit(main())
