"""Several inputs of one command: names, patterns and folders as a list of files, and what each is written to."""

from __future__ import annotations

import copy
import glob
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from diffusiontalker.cli import targets
from diffusiontalker.cli.arguments import UsageError
from diffusiontalker.errors import InputError, OutputError
from diffusiontalker.io import atomic
from diffusiontalker.io.formats.live_link import is_take


@dataclass(frozen=True)
class Item:
    """source: an input as it is opened.   outputs: the names of its outputs."""

    source: str
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    """path: of a file, or of the folder of a take.   base: absolute folder that its place is told from."""

    path: Path
    base: Path


@dataclass(frozen=True)
class Kind:
    """What a command reads and writes. reads: endings of the files of a folder that it takes.   writes: endings of
    outputs, the default first.   what: files of a folder, in words.   takes: whether the folder of a Live Link Face
    take is one input."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    what: str
    takes: bool = False


def several(args, kind: Kind) -> list[Item] | None:
    """The inputs of a command with the outputs of each; None for the plain case, one file or standard input.
    Names behind the first one are inputs where their ending is none of an output, and all of them are with --out-dir
    or with -o and an ending alone.
    Raises InputError: a name that is not there, a pattern or a folder without files. UsageError: options that do not go
    together. OutputError: an output that is an input, or exists without --force and --skip-existing.
    """
    endings = [name for name in args.output or [] if _is_ending(name, kind)]
    all_are = bool(args.out_dir is not None or endings)
    behind = [name for name in args.more if not all_are and not _may_be_input(name, kind)]
    names = [args.input, *(name for name in args.more if name not in behind)]
    outputs = [*behind, *(args.output or [])]
    _check_ambiguous(args.input, behind)
    options = bool(endings or args.out_dir is not None or args.skip_existing or args.recursive)
    if not options and len(names) == 1 and not _is_pattern(args.input) and not _is_folder(args.input, kind):
        return None
    _check_options(args, names)
    found = list(_distinct(f for name in names for f in _files(name, args, kind)))
    if outputs != endings and (len(found) > 1 or endings or args.out_dir is not None):
        wrong = next(name for name in outputs if name not in endings)
        raise UsageError(_one_name_for_many(wrong, args, kind, len(found)))
    if outputs and not endings:
        named = copy.copy(args)
        named.input, named.more, named.output = str(found[0].path), [], outputs
        items = [Item(named.input, tuple(targets.outputs(named, kind.writes, kind.writes[0])))]
    else:
        stems = _stems(found)
        folder = Path(args.out_dir or "")
        items = [
            Item(str(f.path), tuple(str(folder / stem) + end for end in dict.fromkeys(endings or kind.writes[:1])))
            for f, stem in zip(found, stems, strict=True)
        ]
    _check_outputs(items, args)
    return items


def _may_be_input(name: str, kind: Kind) -> bool:
    """Of a name behind the first input."""
    if name == "-" or name.lower().endswith(kind.writes):
        return False
    return os.path.lexists(name) or _is_pattern(name) or name.lower().endswith(kind.reads)


def _check_ambiguous(first: str, behind: Sequence[str]) -> None:
    """A name behind the first that may be meant as an input must not be overwritten, as by `convert *.csv --force`."""
    for name in behind:
        if os.path.isfile(name) and Path(name).suffix.lower() == Path(first).suffix.lower():
            raise UsageError(
                f"{name} exists: `-o {name}` if it is the output, --out-dir FOLDER if it is an input like {first}"
            )


def _is_ending(name: str, kind: Kind) -> bool:
    return name.startswith(".") and name.lower() in kind.writes


def _is_pattern(name: str) -> bool:
    return "://" not in name and re.search(r"[*?[]", name) is not None and not os.path.lexists(name)


def _is_folder(name: str, kind: Kind) -> bool:
    return name != "-" and os.path.isdir(name) and not (kind.takes and is_take(Path(name)))


def _check_options(args, names: Sequence[str]) -> None:
    if "-" in names or "-" in (args.output or []):
        raise UsageError("standard input and standard output are for one recording: name files, and --out-dir FOLDER")
    if args.force and args.skip_existing:
        raise UsageError("--force overwrites what exists and --skip-existing leaves it: choose one")


def _one_name_for_many(name: str, args, kind: Kind, n: int) -> str:
    if name.endswith(("/", os.sep)) or os.path.isdir(name):
        return f"{name} is a folder: --out-dir {name} writes into it"
    end = next((e for e in sorted(kind.writes, key=len, reverse=True) if name.lower().endswith(e)), None)
    if end is None:
        return f"the ending of {name} names no format: use one of {' '.join(kind.writes)}"
    why = f"{n} inputs cannot all be written to {name}" if n > 1 else f"{name} is a whole name"
    return f"{why}: `-o {end}` gives each output the name of its input, and --out-dir FOLDER puts them into a folder"


def _files(name: str, args, kind: Kind) -> Iterator[_Found]:
    """The files of one name on the command line."""
    if _is_pattern(name):
        fitting = sorted(glob.glob(name, recursive=True))
        if not fitting:
            raise InputError(f"no file fits {name}: check the folder and the ending")
        found = [f for one in fitting for f in _named(one, args, kind, asked=False)]
        if not found:
            raise InputError(f"{name} fits folders without {kind.what}: --recursive looks into folders in them too")
        yield from found
    else:
        yield from _named(name, args, kind, asked=True)


def _named(name: str, args, kind: Kind, asked: bool) -> Iterator[_Found]:
    """A file, or the files of a folder. asked: whether it was named, so that it must be something."""
    path = Path(name)
    if not _is_folder(name, kind):
        if asked:
            targets.check_input(name, args.command)
        yield _Found(path, path.absolute().parent)
        return
    out = None if args.out_dir is None else Path(args.out_dir).resolve()
    n = 0
    for file in _below(path, args.recursive, kind):
        if out is None or out == path.resolve() or out not in file.resolve().parents:
            n += 1
            yield _Found(file, path.absolute())
    if asked and not n:
        deeper = "" if args.recursive else ", and --recursive looks into the folders in it"
        raise InputError(f"{name} is a folder without {kind.what}: --out-dir {name} writes into it{deeper}")


def _below(folder: Path, recursive: bool, kind: Kind) -> Iterator[Path]:
    """Files of a folder that a command reads, by their endings and in the order of their names; hidden ones stay
    out."""
    try:
        entries = sorted(os.scandir(folder), key=lambda e: (e.is_dir(), e.name))
    except OSError as e:
        raise InputError(f"{folder} cannot be looked into: {e.strerror or e}") from e
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith("."):
            continue
        if not entry.is_dir():
            if entry.name.lower().endswith(kind.reads):
                yield path
        elif recursive and kind.takes and is_take(path):
            yield path
        elif recursive and not entry.is_symlink():
            yield from _below(path, recursive, kind)


def _distinct(found: Iterator[_Found]) -> Iterator[_Found]:
    seen = set()
    for one in found:
        place = os.path.normpath(one.path.absolute())
        if place not in seen:
            seen.add(place)
            yield one


def _stems(found: Sequence[_Found]) -> list[str]:
    """Where each output lies below the folder of outputs, without its ending: as the inputs lie below the folder that
    they have in common. Inputs that differ in their endings only keep these; those that meet then, their folders."""
    try:
        common = Path(os.path.commonpath([f.base for f in found]))
    except ValueError:  # on several disks
        common = Path()
    whole = [Path(*f.path.absolute().parts[1:]) for f in found]
    if common == Path(common.anchor):  # nothing in common: the folders are told only where names meet
        names = [Path(os.path.relpath(f.path.absolute(), f.base)) for f in found]
    else:
        names = [Path(os.path.relpath(f.path.absolute(), common)) for f in found]
    spelled = [
        [str(name if f.path.is_dir() else name.with_suffix("")), str(name), str(path)]
        for f, name, path in zip(found, names, whole, strict=True)
    ]
    level = [0] * len(found)
    while True:
        stems = [of[k] for of, k in zip(spelled, level, strict=True)]
        keys = [stem.casefold() for stem in stems]
        least: dict[str, int] = {}
        for key, k in zip(keys, level, strict=True):
            least[key] = min(k, least.get(key, k))
        meeting = Counter(keys)
        longer = [i for i, key in enumerate(keys) if meeting[key] > 1 and level[i] == least[key] < 2]
        if not longer:
            return stems
        for i in longer:
            level[i] += 1


def _check_outputs(items: Sequence[Item], args) -> None:
    """Before any work: no output is an input or a folder, two inputs have no output in common, and what exists may be
    overwritten or is to stay."""
    sources = {os.path.realpath(item.source) for item in items}
    places = Counter(os.path.realpath(name) for item in items for name in item.outputs)
    existing = []
    for item in items:
        for name in item.outputs:
            if os.path.realpath(name) in sources:
                raise OutputError(f"{name} is an input: write the outputs to another folder, --out-dir FOLDER")
            if places[os.path.realpath(name)] > 1:
                raise OutputError(f"{name} would be the output of two inputs: give one of them another name")
            if not os.path.lexists(os.path.dirname(name) or "."):
                continue
            atomic.check_target(name, force=True)
            if os.path.lexists(name):
                existing.append(name)
    if existing and not (args.force or args.skip_existing):
        n = sum(len(item.outputs) for item in items)
        which = existing[0] if len(items) == 1 else f"{len(existing)} of {n} outputs, {existing[0]} among them,"
        raise OutputError(
            f"{which} exist{'s' if len(items) == 1 else ''} already: --skip-existing leaves what is there, --force "
            "overwrites it"
        )
