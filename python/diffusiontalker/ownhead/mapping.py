"""A user's list of which channel moves which target, for names that are not known: .json or .tsv."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from diffusiontalker.errors import InputError
from diffusiontalker.head import load_head
from diffusiontalker.ownhead.names import Match, Terms
from diffusiontalker.ownhead.visemes import VISEMES

MAP_FORMAT, MAP_VERSION = "diffusiontalker-head-map", 1
MAP_SUFFIXES = (".tsv", ".json")
_LARGEST_SHARE = 100
_HEAD_BONE = "head_bone"
# Key of a mapping -> part of the face.
_FACE_BONES = {"jaw_bone": "jaw", "left_eye_bone": "leftEye", "right_eye_bone": "rightEye"}
_NO_HEAD = f"# No node is found that turns the head. A line #{_HEAD_BONE}, a tab and a name says which one does."
_COMMENT = "# Target, tab, what moves it, tab, how much of it (1 if left away). - leaves a target still."


@dataclass(frozen=True)
class Mapping:
    """targets: what each target's weight is made of; no terms leave it still, and targets that are not named here are
    found by their names.   head_bone: name of the node that the head pose turns; None: the one that is found;
    "-": none.   face_bones: the same of parts of the face (face_bones.PARTS)."""

    targets: dict[str, Terms] = field(default_factory=dict)
    head_bone: str | None = None
    face_bones: dict[str, str] = field(default_factory=dict)


def sources() -> tuple[str, ...]:
    """What a target's weight can be made of: the channels of the built-in head, and visemes."""
    return (*load_head().all_channels, *VISEMES)


def load_mapping(path: Path) -> Mapping:
    """Reads a mapping file. Raises InputError: missing, another ending, a line or name that is not understood."""
    if path.suffix.lower() not in MAP_SUFFIXES:
        raise InputError(f"{path} is no mapping: its name ends with {' or '.join(MAP_SUFFIXES)}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as e:
        raise InputError(f"{path} is not UTF-8 text: save it as UTF-8") from e
    except OSError as e:
        raise InputError(f"{path} cannot be read: {e.strerror}") from e
    return parse_mapping(text, str(path), path.suffix.lower() == ".json")


def parse_mapping(text: str, name: str, is_json: bool) -> Mapping:
    """name: of the file, for messages.   Raises InputError as load_mapping()."""
    return _from_json(text, name) if is_json else _from_tsv(text, name)


def _from_tsv(text: str, name: str) -> Mapping:
    targets: dict[str, Terms] = {}
    bones: dict[str, str] = {}
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        cells = [cell.strip() for cell in line.split("\t")]
        if cells[0].startswith("#") and cells[0][1:] in (_HEAD_BONE, *_FACE_BONES) and len(cells) > 1:
            bones[cells[0][1:]] = cells[1]
        elif not cells[0] or line.startswith("# "):
            continue
        elif len(cells) < 2 or len(cells) > 3 or not cells[1]:
            raise InputError(f"{name}, line {number}: write TARGET, tab, SOURCE and maybe a tab and a number")
        else:
            _add(targets, cells[0], cells[1], cells[2] if len(cells) > 2 else 1, f"{name}, line {number}")
    return _with_bones(targets, bones)


def _with_bones(targets: dict[str, Terms], bones: dict[str, str]) -> Mapping:
    face = {part: bones[key] for key, part in _FACE_BONES.items() if key in bones}
    return Mapping(targets, bones.get(_HEAD_BONE), face)


def _from_json(text: str, name: str) -> Mapping:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise InputError(f"{name} is not JSON ({e}): correct it, or draft it again by `head inspect`") from e
    if not isinstance(document, dict) or not isinstance(document.get("targets"), dict):
        raise InputError(f'{name} has no object "targets": draft one by `diffusiontalker head inspect HEAD -o {name}`')
    if document.get("format_version", MAP_VERSION) != MAP_VERSION:
        raise InputError(f"{name} is of format version {document['format_version']}, and {MAP_VERSION} is read")
    targets: dict[str, Terms] = {}
    for target, source in document["targets"].items():
        terms = {source: 1} if isinstance(source, str) else source
        if terms is None:
            targets[target] = {}
            continue
        if not isinstance(terms, dict):
            raise InputError(f"{name}: {target} takes a name, an object of names and numbers, or null")
        for one, share in terms.items():
            _add(targets, target, one, share, f"{name}, {target}")
    bones = {key: document[key] for key in (_HEAD_BONE, *_FACE_BONES) if document.get(key) is not None}
    for key, bone in bones.items():
        if not isinstance(bone, str):
            raise InputError(f"{name}: {key} takes the name of a node")
    return _with_bones(targets, bones)


def _add(targets: dict[str, Terms], target: str, source: str, share, place: str) -> None:
    terms = targets.setdefault(target, {})
    if source == "-":
        return
    known = sources()
    if source not in known:
        near = get_close_matches(source, known, 1, 0.6)
        hint = f"did you mean {near[0]}" if near else f"there are ARKit's 52 names and {', '.join(VISEMES)}"
        raise InputError(f"{place}: there is no {source}: {hint}")
    try:
        value = float(share)
    except (TypeError, ValueError):
        value = math.nan
    if not abs(value) <= _LARGEST_SHARE or isinstance(share, bool):
        raise InputError(f"{place}: {share} is no number from -{_LARGEST_SHARE} to {_LARGEST_SHARE}")
    terms[source] = terms.get(source, 0.0) + value


def check_targets(mapping: Mapping, names: Iterable[str]) -> None:
    """Raises InputError for a target that the head does not have."""
    known = list(dict.fromkeys(names))
    for target in mapping.targets:
        if target not in known:
            near = get_close_matches(target, known, 1, 0.6)
            raise InputError(
                f"the mapping names the target {target}, which the head does not have"
                + (f": did you mean {near[0]}" if near else ": `diffusiontalker head inspect` lists them")
            )


def draft(
    found: dict[str, Match | None], bone: str | None, is_json: bool, face_bones: dict[str, str] | None = None
) -> str:
    """A mapping file of everything that was found, for a user to complete.   found: target -> what moves it.
    bone, face_bones: as of Mapping.
    Raises InputError for names that a table of tabs and lines cannot hold.
    """
    bones = {key: (face_bones or {})[part] for key, part in _FACE_BONES.items() if part in (face_bones or {})}
    if is_json:
        document = {
            "format": MAP_FORMAT,
            "format_version": MAP_VERSION,
            "head_bone": bone,
            **bones,
            "targets": {target: None if m is None else _short(m.terms) for target, m in found.items()},
        }
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    for name in [*found, bone or "", *bones.values()]:
        if any(sign in name for sign in "\t\n\r\v\f") or name != name.strip() or name.startswith("#"):
            raise InputError(f"a .tsv cannot hold the name {name!r}: draft the mapping as .json")
    lines = [_COMMENT, f"# SOURCE: {' '.join(sources())}"]
    if bone is None:
        lines.append(_NO_HEAD)
    else:
        bones = {_HEAD_BONE: bone, **bones}
    lines += [f"#{key}\t{name}" for key, name in bones.items()]
    for target, m in found.items():
        terms = {} if m is None else m.terms
        lines += [f"{target}\t{source}\t{share:g}" for source, share in terms.items()] or [f"{target}\t-"]
    return "\n".join(lines) + "\n"


def _short(terms: Terms) -> str | Terms:
    return next(iter(terms)) if list(terms.values()) == [1.0] else terms
