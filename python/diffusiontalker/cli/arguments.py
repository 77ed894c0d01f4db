"""Arguments that several commands share, and a parser whose help starts with examples."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from diffusiontalker.api.moods import Emotion, parse_emotion
from diffusiontalker.errors import BackendError, DiffusionTalkerError
from diffusiontalker.native import native

EXIT_CODES = """exit codes:
  0 done          2 wrong usage      3 input cannot be used   4 bundle missing or damaged
  5 backend       6 output           70 internal error        130 interrupted"""


class UsageError(DiffusionTalkerError):
    """Arguments that do not go together."""

    exit_code = 2


class Parser(argparse.ArgumentParser):
    """examples: lines shown before everything else in --help."""

    def __init__(self, *args, examples: str = "", **kwargs):
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_help(self) -> str:
        lines = "".join(f"  {line.strip()}\n" for line in self.examples.strip().splitlines())
        return f"examples:\n{lines}\n{super().format_help()}"

    def error(self, message: str):
        self.exit(2, f"error: {message}; see {self.prog} --help\n")


def backend_choices() -> list[str] | None:
    """Names of the backends, for `choices`. None, so that anything goes, where the native library is missing: the
    command then says so, and `doctor` and --help still work."""
    try:
        return [backend["name"] for backend in native().backends()]
    except BackendError:
        return None


def precision_choices() -> list[str] | None:
    """The precisions of all backends, after "auto", for `choices`; None as in backend_choices()."""
    try:
        found = [precision for backend in native().backends() for precision in backend["precisions"]]
    except BackendError:
        return None
    return list(dict.fromkeys(["auto", *found]))


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """An argparse type: a whole number low..high."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is outside {low}..{high}")
        return value

    return parse


def decimal(low: float, high: float) -> Callable[[str], float]:
    """An argparse type: a number low..high."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{text}' is not a number") from None
        if not low <= value <= high:  # NaN too
            raise argparse.ArgumentTypeError(f"{text} is outside {low:g}..{high:g}")
        return value

    return parse


def emotion(text: str) -> Emotion:
    """An argparse type: a name, or a mixture such as happy:0.5,sad:0.5."""
    try:
        return parse_emotion(text)
    except ValueError as e:
        raise argparse.ArgumentTypeError(str(e)) from None


def add_model(parser: argparse.ArgumentParser) -> None:
    """--bundle --backend --precision --threads --engines --no-build-engines --device"""
    group = parser.add_argument_group("model")
    group.add_argument("--bundle", default="base", metavar="NAME|PATH", help="bundle to use (default: base)")
    names = backend_choices()
    group.add_argument(
        "--backend", default="auto", choices=names and ["auto", *names], help="what runs the networks (default: auto)"
    )
    group.add_argument(
        "--precision", default="auto", choices=precision_choices(), help="default: auto, f16 for tensorrt, else f32"
    )
    group.add_argument("--threads", type=whole_number(1, 256), metavar="N", help="compute threads (default: 2)")
    group.add_argument("--engines", metavar="FOLDER", help="tensorrt: engines to use (default: the user's cache)")
    group.add_argument(
        "--no-build-engines", dest="build_engines", action="store_false",
        help="tensorrt: do not build engines that are missing",
    )  # fmt: skip
    group.add_argument(
        "--device", type=whole_number(0, 1023), default=0, metavar="N", help="tensorrt: number of the GPU (default: 0)"
    )


def add_talking(parser: argparse.ArgumentParser) -> None:
    """--identity --emotion --emotion-strength --head-amount --seed --profile"""
    group = parser.add_argument_group("talking")
    group.add_argument("--identity", metavar="NAME", help="talking identity (default: the bundle's; see info)")
    group.add_argument(
        "--emotion", type=emotion, metavar="NAME",
        help="emotion (default: the bundle's, if it has any; see info), or several: happy:0.5,sad:0.5",
    )  # fmt: skip
    group.add_argument(
        "--emotion-strength", type=decimal(0, 2), default=1.0, metavar="X",
        help="0..2: neutral, the emotion as learned (default: 1), or more of it",
    )  # fmt: skip
    group.add_argument(
        "--head-amount", type=decimal(0, 2), default=1.0, metavar="X",
        help="0..2: how far the head moves, in bundles that move it (default: 1)",
    )  # fmt: skip
    group.add_argument(
        "--seed", type=whole_number(0, 2**64 - 1), default=0, metavar="N", help="0..2**64-1 (default: 0)"
    )
    group.add_argument("--profile", metavar="NAME", help="latency profile (default: the bundle's; see info)")


def add_head(parser: argparse.ArgumentParser) -> None:
    """--head"""
    from diffusiontalker.head import HEAD_SHAPES

    parser.add_argument(
        "--head", choices=HEAD_SHAPES, default=HEAD_SHAPES[0], help="face of the built-in head (default: %(default)s)"
    )


def add_common(parser: argparse.ArgumentParser) -> None:
    """--json --quiet --debug"""
    parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")
    parser.add_argument("--quiet", action="store_true", help="no progress and no notices")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def add_animating(parser: argparse.ArgumentParser) -> None:
    """What every command takes that animates speech into files: head, --force, the options of talking and model."""
    add_head(parser)
    parser.add_argument("--force", action="store_true", help="overwrite outputs that exist")
    add_talking(parser)
    add_model(parser)
    add_common(parser)
