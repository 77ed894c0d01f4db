"""Arguments that several commands share, and a parser whose help starts with examples."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable
from fractions import Fraction

from diffusiontalker.api.moods import Emotion, parse_emotion
from diffusiontalker.cli.console import plain
from diffusiontalker.errors import BackendError, DiffusionTalkerError
from diffusiontalker.names import known_name, suggestion
from diffusiontalker.native import native
from diffusiontalker.spec import bundles
from diffusiontalker.version import __version__

EXIT_CODES = """exit codes:
  0 done          1 some of several inputs failed
  2 wrong usage   3 input cannot be used   4 bundle missing or damaged
  5 backend       6 output                 70 internal error
  71 memory, or another file               130 interrupted
  128 + N: ended by signal N"""

HEAD_SUFFIXES = (".glb", ".vrm", ".gltf")  # of characters


class UsageError(DiffusionTalkerError):
    """Arguments that do not go together."""

    exit_code = 2


class Parser(argparse.ArgumentParser):
    """examples: lines shown before everything else in --help.   names: lines shown after the options, found when the
    help is asked for."""

    def __init__(self, *args, examples: str = "", names: Callable[[], str] | None = None, **kwargs):
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)
        self.examples, self.names = examples, names
        self.add_argument("-V", "--version", action="version", version=f"diffusiontalker {__version__}")
        self.set_defaults(parser=self)  # of a nest of commands, the innermost

    def format_help(self) -> str:
        lines = "".join(f"  {line.strip()}\n" for line in self.examples.strip().splitlines())
        epilog, names = self.epilog, self.names() if self.names else ""
        try:
            self.epilog = "\n\n".join(part for part in (names, epilog) if part)
            return f"examples:\n{lines}\n{super().format_help()}"
        finally:
            self.epilog = epilog

    def parse_args(self, args=None, namespace=None):  # type: ignore[override]
        """Unknown arguments are told by the command that they were given to."""
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            found.parser.unknown_arguments(unknown)
        return found

    def unknown_arguments(self, unknown: list[str]) -> None:
        first = unknown[0].partition("=")[0]
        if not first.startswith("-"):
            self.error(f"there is one argument too many: {' '.join(unknown)}")
        known = [option for action in self._actions for option in action.option_strings]
        self.error(f"there is no option {first}{suggestion(first, known, 0.75)}")

    def _get_value(self, action, arg_string):
        """Choices are taken in any case of letters."""
        value = super()._get_value(action, arg_string)  # type: ignore[misc]
        if action.choices and isinstance(value, str):
            return known_name(value, action.choices) or value
        return value

    def _check_value(self, action, value) -> None:
        if action.choices is None or value in action.choices:
            return
        near = suggestion(str(value), map(str, action.choices))
        raise argparse.ArgumentError(
            action, f"there is no '{value}'{near or ':'} choose from {', '.join(map(str, action.choices))}"
        )

    def error(self, message: str):
        self.exit(2, f"error: {plain(' '.join(message.split()))}; see {self.prog} --help\n")

    def _print_message(self, message: str, file=None) -> None:
        """Help goes to standard output and may fail there; what standard error does not take is dropped."""
        if file is sys.stdout:
            file.write(message)
        else:
            with contextlib.suppress(OSError):  # argparse does so itself in later versions of Python 3.11
                super()._print_message(message, file)


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


def frame_rate(text: str) -> Fraction:
    """An argparse type: frames a second, as 24, 29.97 or 30000/1001; 23.976, 29.97 ... are n/1001."""
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"'{text}' is no frame rate, such as 24, 29.97 or 30000/1001") from None
    if not Fraction(1, 10) <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is outside 0.1..1000")
    return _BROADCAST.get(str(text).rstrip("0") if "." in text else text, value)


_BROADCAST = {
    "23.976": Fraction(24000, 1001), "23.98": Fraction(24000, 1001), "29.97": Fraction(30000, 1001),
    "47.952": Fraction(48000, 1001), "59.94": Fraction(60000, 1001), "119.88": Fraction(120000, 1001),
}  # fmt: skip


def add_fps(parser: argparse.ArgumentParser) -> None:
    """--fps"""
    parser.add_argument(
        "--fps", type=frame_rate, metavar="RATE",
        help="frames a second of the outputs: 24, 25, 29.97, 30, 60, 120, 30000/1001 ... (default: as they come)",
    )  # fmt: skip


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
        "--seed", type=whole_number(0, 2**64 - 1), metavar="N", help="0..2**64-1 (default: one made from the sound)"
    )
    group.add_argument("--profile", metavar="NAME", help="latency profile (default: the bundle's; see info)")


def add_outputs(parser: argparse.ArgumentParser, help_text: str) -> None:
    """-o OUT, also without the -o behind the input; and for several inputs --out-dir --skip-existing --recursive."""
    parser.add_argument("more", nargs="*", metavar="OUT", help="as -o OUT; or more inputs")
    parser.add_argument("-o", "--output", action="append", metavar="OUT", help=help_text)
    group = parser.add_argument_group(
        "several inputs", "IN may be several files, patterns such as '*.wav', and folders; --json prints lines then."
    )
    group.add_argument(
        "--out-dir", metavar="FOLDER", help="write the outputs there, named after their inputs (default: here)"
    )
    group.add_argument("--skip-existing", action="store_true", help="leave outputs that exist, and make the others")
    group.add_argument("--recursive", action="store_true", help="of a folder, the folders in it too")


def add_head(parser: argparse.ArgumentParser, own: bool = False) -> None:
    """--head, and with `own` --map --fit.   own: whether the user's own character may be named."""
    from diffusiontalker.head import HEAD_SHAPES

    if not own:
        parser.add_argument(
            "--head", choices=HEAD_SHAPES, default=HEAD_SHAPES[0],
            help="face of the built-in head (default: %(default)s)",
        )  # fmt: skip
        return
    parser.add_argument(
        "--head", type=head_argument, default=HEAD_SHAPES[0], metavar="NAME|FILE",
        help=f"face of the built-in head ({', '.join(HEAD_SHAPES)}), or your own character (.glb, .vrm, .gltf)",
    )  # fmt: skip
    parser.add_argument("--map", metavar="FILE", help="your own character: which channel moves which target")
    parser.add_argument(
        "--fit", action="store_true", help="your own character: find what moves each target by its shape, not its name"
    )


def head_argument(text: str) -> str:
    """An argparse type: a face of the built-in head, in any case of letters, or the name of a character's file."""
    from diffusiontalker.head import HEAD_SHAPES

    face = known_name(text, HEAD_SHAPES)
    if face is not None:
        return face
    if text.lower().endswith(HEAD_SUFFIXES):
        return text
    raise argparse.ArgumentTypeError(
        f"there is no '{text}'{suggestion(text, HEAD_SHAPES) or ':'} the faces are {', '.join(HEAD_SHAPES)}, and a "
        f"character of your own ends with {' '.join(HEAD_SUFFIXES)}"
    )


def built_in_names() -> str:
    """What --identity, --emotion and --profile take with the bundle `base`, for --help."""
    try:
        description = bundles.read_description(bundles.resolve("base"))
        identities, profiles = description["identities"], description["profiles"]
        lines = {
            "identities": identities["names"], "emotions": identities.get("emotions", []), "profiles": list(profiles),
        }  # fmt: skip
        shown = [f"  {kind}: {', '.join(names)}" for kind, names in lines.items() if names]
    except (DiffusionTalkerError, OSError, KeyError, TypeError):
        return ""
    return "\n".join(["names in the bundle base (`diffusiontalker info BUNDLE` for others):", *shown])


def add_sound(parser: argparse.ArgumentParser) -> None:
    """--channel --raw --rate --raw-channels"""
    from diffusiontalker.spec.rates import MAX_CHANNELS, MAX_RATE_HZ, MIN_RATE_HZ

    group = parser.add_argument_group("sound")
    group.add_argument(
        "--channel", type=whole_number(1, MAX_CHANNELS), metavar="N",
        help="use this channel only; the first is 1 (default: mix all)",
    )  # fmt: skip
    group.add_argument(
        "--raw", metavar="FORM", help="IN is samples without a header: s16le, s16be, s24le, f32le, u8, mulaw, ..."
    )
    group.add_argument(
        "--rate", type=whole_number(MIN_RATE_HZ, MAX_RATE_HZ), metavar="HZ", help="sample rate of --raw; needed with it"
    )
    group.add_argument(
        "--raw-channels", type=whole_number(1, MAX_CHANNELS), metavar="N", help="channels of --raw (default: 1)"
    )


def add_common(parser: argparse.ArgumentParser) -> None:
    """--json --quiet --verbose --debug"""
    parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress and no notices")
    parser.add_argument("-v", "--verbose", action="store_true", help="what the library tells while it loads, as well")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def add_animating(parser: argparse.ArgumentParser, own_head: bool = False) -> None:
    """What commands take that animate speech into files: head, --force, the options of sound, talking and model.
    own_head: as `own` of add_head()."""
    add_head(parser, own_head)
    parser.add_argument("-f", "--force", action="store_true", help="overwrite outputs that exist")
    add_sound(parser)
    add_talking(parser)
    add_model(parser)
    add_common(parser)
