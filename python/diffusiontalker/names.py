"""Names that people type: in any case of letters, and what they may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TypeVar

from diffusiontalker.errors import InputError

Name = TypeVar("Name")


def known_name(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that is spelled so, or so but for the case of letters; None when there is not exactly one."""
    names = list(known)
    if name in names:
        return name
    alike = [k for k in names if k.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else None


def suggestion(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """A clause for a name that is near one of `known`, as ", did you mean 'ada'?"; no text for others.
    cutoff: how near, 0..1 (difflib)."""
    names = {k.casefold(): k for k in known}
    near = difflib.get_close_matches(name.casefold(), names, n=1, cutoff=cutoff)
    return f", did you mean '{names[near[0]]}'?" if near else ""


def chosen(kind: str, name: Name, known: Iterable[str], owner: str = "the bundle") -> Name:
    """A name as it is spelled among `known`; what is no text, None for example, is given back as it is.
    kind: "identity", for the message.   owner: what has the names.   Raises InputError that lists them.
    """
    names = list(known)
    if not isinstance(name, str) or not names:
        return name
    found = known_name(name, names)
    if found is None:
        near = suggestion(name, names)
        raise InputError(f'unknown {kind} "{name}"{near or ":"} {owner} has {", ".join(names)}')
    return found  # type: ignore[return-value]
