"""Outputs and inputs as people name them: what is meant, and what to do when that cannot be."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from diffusiontalker.cli.arguments import UsageError
from diffusiontalker.errors import InputError, OutputError
from diffusiontalker.io import ANIMATION_SUFFIXES, READABLE
from diffusiontalker.names import suggestion
from diffusiontalker.paths import not_there

SAVED = READABLE  # what `render` draws and `convert` reads
_PICTURES = ("render", (".png", ".mp4", ".html"))
_SIBLINGS = {
    "animate": _PICTURES,
    "convert": _PICTURES,
    "render": ("animate", ANIMATION_SUFFIXES),
    "compare": ("convert", ANIMATION_SUFFIXES),
}
_MAX_NAMES = 1000  # of a folder that are looked through for a name that was meant


def outputs(args, endings: Sequence[str], default: str) -> list[str]:
    """The outputs of a command as they were given, by -o or behind the input; with none of them, the name of the input
    with the ending `default`, in the working folder.
    args: command, input, more, output.   Raises UsageError for an ending that names no format, OutputError for a
    folder, and InputError as check_input() where the input gives the name.
    """
    names = [*args.more, *(args.output or [])]
    if not names and args.input == "-":
        raise UsageError(f"standard input has no name to call the output by: name one, as in -o speech{default}")
    if not names:
        check_input(args.input, args.command)
        names = [(Path(args.input).stem or "speech") + default]
    for name in names:
        if name != "-":
            _check_ending(name, args, endings)
    return names


def _check_ending(name: str, args, endings: Sequence[str]) -> None:
    path = Path(name)
    if path.suffix.lower() in endings:
        return
    if name.endswith(("/", os.sep)) or _is_folder(path):
        example = path / (Path(args.input).stem + endings[0])
        raise OutputError(f"{name} is a folder: name a file in it, such as {example}, or write --out-dir {name}")
    all_endings = " ".join(endings)
    sibling, its_endings = _SIBLINGS[args.command]
    if path.suffix.lower() in its_endings:
        raise UsageError(
            f"{args.command} writes {all_endings}: `diffusiontalker {sibling} {args.input} -o {name}` does that"
        )
    if name in args.more:
        raise UsageError(f"{name} is not there to be read, and no output, which end in {all_endings}: check the name")
    raise UsageError(f"the ending of {name} names no format: use one of {all_endings}")


def check_input(name: str, command: str) -> None:
    """Whether there is a file of that name, told before the model is loaded; "-" is one.
    Raises InputError that says what to do for a name that is a pattern, an address, nearly right, or of a file that
    this program wrote itself.
    """
    path = Path(name)
    if name == "-" or not _is_missing(path):
        if path.suffix.lower() in SAVED and command not in ("render", "convert", "compare"):
            raise InputError(
                f"{name} is an animation, not sound: `diffusiontalker render {name}` draws it, and {command} needs the "
                "recording"
            )
        return
    if re.match(r"[a-z][a-z0-9+.-]*://", name, re.IGNORECASE):
        raise InputError(
            f"{name} is an address, and files only are read: fetch it first, as in `curl -L {name} | diffusiontalker "
            f"{command} - -o speech{'.glb' if command == 'animate' else '.png'}`"
        )
    near = "" if path.is_symlink() else suggestion(path.name, _names_beside(path), 0.85)
    raise InputError(f"{name} does not exist{near}" if near else not_there(name))


def _is_missing(path: Path) -> bool:
    """Raises InputError for a file that may not be looked at."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError) as e:
        raise InputError(f"{path} cannot be opened: {getattr(e, 'strerror', None) or e}") from e
    return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _names_beside(path: Path) -> list[str]:
    try:
        with os.scandir(path.parent) as entries:
            return [entry.name for entry, _ in zip(entries, range(_MAX_NAMES), strict=False)]
    except OSError:
        return []
