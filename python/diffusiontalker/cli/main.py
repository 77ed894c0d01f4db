"""Entry point: parses, dispatches, and turns every end into a documented exit code."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import traceback
from pathlib import Path

from diffusiontalker.cli.arguments import EXIT_CODES, Parser
from diffusiontalker.cli.console import Console
from diffusiontalker.errors import DiffusionTalkerError
from diffusiontalker.version import __version__

COMMANDS = ("animate", "render", "info", "pack", "doctor", "bench", "engine")
INTERNAL, INTERRUPTED, BROKEN_PIPE = 70, 130, 141


class _Terminated(BaseException):
    """SIGTERM arrived; raised so that temporary files are removed on the way out."""


def build_parser() -> Parser:
    parser = Parser(
        prog="diffusiontalker",
        description="Speech in, 3D face animation out.",
        examples="""diffusiontalker animate speech.wav -o speech.glb -o speech.csv
        diffusiontalker render speech.wav -o sheet.png -o clip.mp4
        diffusiontalker doctor""",
        epilog=EXIT_CODES,
    )
    parser.add_argument(
        "--cmake-dir",
        action="version",
        version=str(Path(__file__).parent.parent / "lib" / "cmake" / "diffusiontalker"),
        help="print the folder of the CMake package, for diffusiontalker_DIR",
    )
    parser.add_argument("--version", action="version", version=f"diffusiontalker {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    for name in COMMANDS:
        module = importlib.import_module(f"diffusiontalker.cli.{name}")
        subparser = module.add_parser(subparsers)
        subparser.epilog = EXIT_CODES
        subparser.set_defaults(run=module.run)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs one command. argv: arguments without the program's name; None takes sys.argv. Returns the exit code."""
    try:
        parser = build_parser()
    except KeyboardInterrupt:  # while the commands' modules are being imported
        return INTERRUPTED
    return run_command(parser, argv)


def run_command(parser: Parser, argv: list[str] | None = None) -> int:
    """Parses and calls the `run` default of the parser; every end becomes an exit code. argv: as for main()."""
    try:
        args = parser.parse_args(argv)
    except SystemExit as e:  # argparse: 0 after --help and --version, 2 after a usage error
        return e.code if isinstance(e.code, int) else 2
    console = Console(quiet=args.quiet)
    with contextlib.suppress(ValueError):  # not the main thread: the host owns its signals
        signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        code = args.run(args, console)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _silence_stdout()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        console.notice("interrupted")
        return INTERRUPTED
    except _Terminated:
        return 128 + signal.SIGTERM
    except DiffusionTalkerError as e:
        console.error(str(e))
        code = e.exit_code
    except Exception as e:
        console.error(f"internal error, {type(e).__name__}: {e}; please report it with the output of --debug")
        code = INTERNAL
    if args.debug:
        traceback.print_exc()
    return code


def _raise_terminated(_signal, _frame):
    raise _Terminated


def _silence_stdout() -> None:
    # The interpreter flushes stdout at exit and would complain about the closed pipe.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
