"""--head with a file: the user's own character instead of the built-in head."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from diffusiontalker.cli import arguments
from diffusiontalker.errors import InputError, OutputError
from diffusiontalker.head import HEAD_SHAPES
from diffusiontalker.io.atomic import atomic_writer
from diffusiontalker.ownhead import HeadReport, PreparedHead, animate_prepared, load_mapping, prepare_head
from diffusiontalker.ownhead.puppet import Puppet, puppet_of
from diffusiontalker.paths import not_there

_MAX_NAMES_TOLD = 12


@dataclass(frozen=True)
class OwnHead:
    """path: of the character.   prepared: the character, read."""

    path: Path
    prepared: PreparedHead


def take(args, into_glb: bool = True) -> OwnHead | None:
    """The character of --head, read; None for a face of the built-in head. args.head is a face afterwards.
    into_glb: whether the character is an output, as a .glb.
    Raises InputError: no such file, no target that is known, a mapping that is not understood. OutputError: an output
    that is the character. UsageError: options without a character, no .glb.
    """
    mapping, fit = args.map, args.fit
    if args.head is None or args.head in HEAD_SHAPES:
        if mapping or fit:
            raise arguments.UsageError(
                f"{'--map' if mapping else '--fit'} is for a character of your own: name it by --head FILE"
            )
        return None
    path, args.head = Path(args.head), HEAD_SHAPES[0]
    if into_glb and not any(Path(name).suffix.lower() in (".glb", ".html") for name in args.output):
        raise arguments.UsageError(f"{path} is animated into a .glb: name one as output")
    for name in args.output:
        with contextlib.suppress(OSError, ValueError):  # what is wrong with an output is said by writing it
            if name != "-" and path.samefile(name):
                raise OutputError(f"{name} is the head: name another output")
    chosen = load_mapping(Path(mapping)) if mapping else None
    with naming(path):
        return OwnHead(path, prepare_head(read(path), chosen, folder=path.parent, fit=fit))


def read(path: Path) -> bytes:
    """The bytes of a character's file. Raises InputError."""
    try:
        return path.read_bytes()
    except FileNotFoundError as e:
        raise InputError(not_there(path, "check the path of the head")) from e
    except (OSError, ValueError) as e:
        raise InputError(f"{path} cannot be read: {getattr(e, 'strerror', None) or e}") from e


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Errors about a character name its file."""
    try:
        yield
    except InputError as e:
        raise InputError(str(e) if str(path) in str(e) else f"{path}: {e}") from e


def write(own: OwnHead, animation, path: Path) -> HeadReport:
    """Writes the character with the animation to a path that may exist. Raises InputError, OutputError."""
    with naming(own.path):
        data, report = animate_prepared(own.prepared, animation)
    with atomic_writer(path, force=True) as f:
        f.write(data)
    return report


def puppet(own: OwnHead, animation) -> Puppet:
    """The character with the animation, to be drawn. Raises InputError."""
    with naming(own.path):
        return puppet_of(own.prepared, animation)


def lines(report: HeadReport) -> list[str]:
    """What moves, for people."""
    told = []
    for mesh in report.meshes:
        kinds = sorted({m.kind for m in mesh.matched.values()})
        by = f" (by {', '.join(kinds)})" if kinds else ""
        told.append(f"{mesh.name}: {len(mesh.matched)} of {len(mesh.matched) + len(mesh.still)} targets move{by}")
    if report.bone:
        told.append(f"the node {report.bone} turns the head")
    for bone, channels in report.face_bones.items():
        told.append(f"the node {bone} turns by {few(channels)}")
    told += report.notes
    if report.unused:
        told.append(f"no target shows {few(report.unused)}")
    return told


def few(names: Sequence[str]) -> str:
    """The first names of a list, and how many more there are."""
    more = len(names) - _MAX_NAMES_TOLD
    return ", ".join(names[:_MAX_NAMES_TOLD]) + (f" and {more} more" if more > 0 else "")


def document(report: HeadReport) -> dict:
    """The report for --json. Keys are stable; new ones may be added."""
    return {
        "animation": report.animation,
        "bone": report.bone,
        "bones": {bone: list(channels) for bone, channels in report.face_bones.items()},
        "unused_channels": list(report.unused),
        "fit_error": report.fit_error,
        "notes": list(report.notes),
        "meshes": [
            {
                "name": mesh.name,
                "matched": {target: {"by": m.kind, "from": m.terms} for target, m in mesh.matched.items()},
                "still": list(mesh.still),
            }
            for mesh in report.meshes
        ],
    }
