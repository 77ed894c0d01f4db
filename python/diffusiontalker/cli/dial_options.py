"""The dials on the command line: one option each, and a file of them."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from diffusiontalker.api.dials import CHANNEL_RANGES, RANGES, WHOLE, Dials
from diffusiontalker.cli.arguments import decimal, whole_number

_HELP = {
    "strength": "how far the face moves",
    "upper_strength": "how far eyes and brows move",
    "lower_strength": "how far jaw, mouth, cheeks and nose move",
    "jaw_sharpness": "how much fast movements of the jaw stand out",
    "lip_sharpness": "how much fast movements of the mouth stand out",
    "smoothing_ms": "time constant of a low-pass that keeps closures",
    "blink_rate": "share of the blinks that stay; above 1, more of them",
    "gaze_side_deg": "turns the gaze to the face's own left, in degrees",
    "gaze_up_deg": "turns the gaze up, in degrees",
    "gaze_hold": "how much of the eyes' wandering is taken away",
    "offset_ms": "shows the face so much later than the sound",
}
# Those that are options of `talking` as well, since they are older.
_TALKING = ("emotion", "emotion_strength", "head_amount")
OPTIONS = (*_HELP, *CHANNEL_RANGES, "dials", "timeline", "edits")


def add_dials(parser: argparse.ArgumentParser) -> None:
    """One option for each dial, --dials, --timeline and --edits."""
    group = parser.add_argument_group("dials")
    group.add_argument(
        "--dials",
        metavar="FILE",
        help="JSON file of dials, or an earlier output with its dials; options win over it",
    )
    group.add_argument(
        "--timeline", metavar="FILE", help="changes of identity, emotion and dials at times, as text or JSON"
    )
    add_edits(group)
    plain = Dials()
    for name, text in _HELP.items():
        low, high = RANGES[name]
        kind = whole_number(int(low), int(high)) if name in WHOLE else decimal(low, high)
        group.add_argument(
            option(name), type=kind, metavar="X",
            help=f"{low:g}..{high:g}: {text} (default: {getattr(plain, name):g})",
        )  # fmt: skip
    for name, (low, high) in CHANNEL_RANGES.items():
        what = {"channel_gain": "multiplies", "channel_offset": "is added to"}.get(name, "limits")
        group.add_argument(
            option(name), type=channel_value, action="append", metavar="CHANNEL=X",
            help=f"{low:g}..{high:g}: {what} a channel, as jawOpen=0.8; repeatable",
        )  # fmt: skip


def add_edits(parser) -> None:
    """parser: of argparse, or a group of one."""
    parser.add_argument(
        "--edits", metavar="FILE", help="corrections of channels at times, kept on top, as text or JSON"
    )


def option(name: str) -> str:
    return "--" + name.replace("_", "-")


def channel_value(text: str) -> tuple[str, float]:
    """An argparse type: CHANNEL=X."""
    name, equals, number = text.partition("=")
    try:
        value = float(number)
    except ValueError:
        value = float("nan")
    if not (name and equals and value == value):
        raise argparse.ArgumentTypeError(f"'{text}' is not CHANNEL=NUMBER, as in jawOpen=0.8")
    return name.strip(), value


def read_dials(args) -> Dials:
    """The dials of a command line: those of --dials, and over them what has an option. Raises InputError."""
    dials = Dials() if args.dials is None else Dials.read(args.dials)
    given: dict[str, Any] = {name: getattr(args, name) for name in _HELP if getattr(args, name) is not None}
    for name in CHANNEL_RANGES:
        if getattr(args, name):
            given[name] = {**getattr(dials, name), **dict(getattr(args, name))}
    for name in _TALKING:
        if getattr(args, name) != args.parser.get_default(name):
            given[name] = getattr(args, name)
    return replace(dials, **given)
