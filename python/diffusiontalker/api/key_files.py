"""Files of keys over a recording: JSON with a list of objects, or text with a line for each key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from diffusiontalker.api.numbers import float_or_nan
from diffusiontalker.errors import InputError
from diffusiontalker.paths import not_there

LONGEST_S = 1e7  # four months
_LARGEST_FILE = 8 << 20
Key = TypeVar("Key")


def each_key(
    keys: Iterable[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], Key], name: str, most: int
) -> list[Key]:
    """What `read` makes of every key. name: of the file.   Raises InputError: one of `read` with the number of the key,
    or more than `most` keys."""
    found = []
    for number, key in enumerate(keys, 1):
        try:
            found.append(read(key))
        except InputError as e:
            raise InputError(f"{name}, key {number}: {e}") from e
    if len(found) > most:
        raise InputError(f"{name} has {len(found)} keys, expected {most} at most")
    return found


def keys_of_file(
    path: Path, member: str, example: str, of_line: Callable[[list[str]], dict[str, Any]]
) -> list[dict[str, Any]]:
    """The objects of a file. JSON (.json) has a list of them, or an object whose `member` is one; `example` of one is
    for the message. Of a text, `of_line` makes one of the words of each line; # begins a remark.
    Raises InputError: unreadable, too large, no such list, or one of `of_line` with the number of the line."""
    text = _text(path)
    return _of_json(text, path, member, example) if path.suffix.lower() == ".json" else _of_lines(text, path, of_line)


def _of_json(text: str, path: Path, member: str, example: str) -> list[dict[str, Any]]:
    try:
        keys = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise InputError(f"{path} is no JSON file: {' '.join(str(e).split())[:200]}") from None
    if isinstance(keys, dict) and isinstance(keys.get(member), list):
        keys = keys[member]
    if not isinstance(keys, list) or not all(isinstance(k, dict) for k in keys):
        raise InputError(f"{path} is no list of keys such as [{example}]")
    return keys


def _of_lines(text: str, path: Path, of_line: Callable[[list[str]], dict[str, Any]]) -> list[dict[str, Any]]:
    keys = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            keys.append(of_line(words))
        except InputError as e:
            raise InputError(f"{path}, line {number}: {e}") from e
    return keys


def seconds(name: str, value: Any, high: float = LONGEST_S) -> float:
    """Seconds from 0 to `high`, also of a text. Raises InputError."""
    number = float_or_nan(value, (bool, bytes))
    if not 0 <= number <= high:
        raise InputError(f"{name} is {value!r}, expected seconds from 0 to {high:g}")
    return number


def _text(path: Path) -> str:
    try:
        with path.open("rb") as f:
            raw = f.read(_LARGEST_FILE + 1)
    except FileNotFoundError:
        raise InputError(not_there(path)) from None
    except OSError as e:
        raise InputError(f"{path} cannot be read: {e.strerror or e}") from e
    if len(raw) > _LARGEST_FILE:
        raise InputError(f"{path} has more than {_LARGEST_FILE >> 20} MB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text in UTF-8") from None
