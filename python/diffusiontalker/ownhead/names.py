"""Which channel of ours moves a blendshape target, by the target's name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from diffusiontalker.ownhead.vendors import ALIASES, WHOLE_NAMES
from diffusiontalker.ownhead.visemes import VISEMES
from diffusiontalker.spec.channels import ARKIT_CHANNELS, LIP_CHANNELS

# What a target's weight is made of: shares of our channels and of visemes.
Terms = dict[str, float]

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_SIDES = {"l": "left", "r": "right", "left": "left", "right": "right", "lft": "left", "rgt": "right"}
# Words that programs put behind a name.
_ENDINGS = {"div", "bs", "blend", "shape", "blendshape", "morph", "target", "mesh", "geo", "key"}
_ARKIT = {name.lower(): name for name in ARKIT_CHANNELS}
_VISEME = {name.replace("_", "").lower(): name for name in VISEMES}
# With fewer channels of the mouth than these, a mesh that has visemes speaks by them.
ENOUGH_LIP_CHANNELS = 8


@dataclass(frozen=True)
class Match:
    """terms: what the weight is made of.   kind: "ARKit", "alias", "viseme", "map" or "fit".   extra: words of the
    name beside the known ones."""

    terms: Terms
    kind: str
    extra: int = 0


# Mesh index -> target -> what moves it.
Plan = dict[int, dict[int, Match]]


def spelt(name: str) -> list[str]:
    """The words and numbers of a name in lower case, parted at signs, numbers and capitals."""
    return [w.lower() for w in _WORD.findall(name)]


def words(name: str) -> list[str]:
    """A target's name as lower-case words, the side of the face last and written out; numbers and the words that
    programs put behind a name are left away."""
    found = spelt(name)
    while len(found) > 1 and (found[-1].isdigit() or found[-1] in _ENDINGS):
        found.pop()
    sides = [i for i, word in enumerate(found) if word in _SIDES]
    if len(sides) > 1 and "look" in found:
        return _gaze(found, sides)
    if sides and len(found) > 1:
        side = _SIDES[found.pop(sides[-1])]
        found.append(side)
    return found


def _gaze(found: list[str], sides: list[int]) -> list[str]:
    """Names that tell the way of a look by the side of the face, as ARKit's words, which tell it by the nose.
    sides: places of the two sides; the one before or behind "look" is the way, the other one the eye."""
    look = found.index("look")
    way = next((i for i in sides if i == look + 1), sides[-1])
    eye = next(i for i in sides if i != way)
    side = _SIDES[found[eye]]
    return ["eye", "look", "out" if _SIDES[found[way]] == side else "in", side]


def match(name: str) -> Match | None:
    """What a name stands for, None for a name that is not known. The longest known end of a name counts, so that
    prefixes of programs and meshes do not matter."""
    if name in WHOLE_NAMES:
        return _match_of(WHOLE_NAMES[name], 0)
    found = words(name)
    for first in range(len(found)):
        end = "".join(found[first:])
        if end in _ARKIT:
            return Match({_ARKIT[end]: 1.0}, "ARKit", first)
        if end in _VISEME:
            return Match({_VISEME[end]: 1.0}, "viseme", first)
        if end in ALIASES:
            return _match_of(ALIASES[end], first)
    whole = "".join(found)
    return _match_of(WHOLE_NAMES[whole], 0) if whole in WHOLE_NAMES else None


def _match_of(terms: Terms, extra: int) -> Match:
    kind = "viseme" if any(source in VISEMES for source in terms) else "alias"
    return Match(terms, kind, extra)


def match_all(names: Sequence[str | None]) -> dict[int, Match]:
    """Matches of one mesh's targets by their index. A movement has one way to come: ARKit's name, else another name
    for it, else, for a mouth with few channels, visemes.
    """
    found = {i: m for i, name in enumerate(names) if name and (m := match(name)) is not None}
    exact = _shortest(found)
    covered = {source for m in exact.values() for source in m.terms}
    chosen = dict(exact)
    # A target of one channel goes before one of several: the lids one by one, not both at once.
    for n_channels in (1, 2, 3):
        several = {i: m for i, m in found.items() if m.kind == "alias" and len(m.terms) == n_channels}
        new = {i: m for i, m in several.items() if not covered & m.terms.keys()}
        covered |= {source for m in new.values() for source in m.terms}
        chosen |= new
    visemes = {i: m for i, m in found.items() if m.kind == "viseme"}
    if visemes and len(lip_sources(chosen.values())) < ENOUGH_LIP_CHANNELS:
        chosen = {i: m for i, m in chosen.items() if not m.terms.keys() & set(LIP_CHANNELS)}
        chosen |= _shortest_visemes(visemes)
    return dict(sorted(chosen.items()))


def lip_sources(matches: Iterable[Match]) -> set[str]:
    """The channels of jaw and mouth that matches use."""
    return {source for m in matches for source in m.terms if source in LIP_CHANNELS}


def _shortest(found: dict[int, Match]) -> dict[int, Match]:
    """Of the targets with ARKit's names, one for each channel: the one with the fewest words more."""
    best: dict[str, int] = {}
    for i, m in found.items():
        if m.kind == "ARKit":
            channel = next(iter(m.terms))
            if channel not in best or m.extra < found[best[channel]].extra:
                best[channel] = i
    return {i: found[i] for i in best.values()}


def _shortest_visemes(found: dict[int, Match]) -> dict[int, Match]:
    """Of several targets for one viseme, the first."""
    best: dict[str, int] = {}
    for i, m in found.items():
        best.setdefault(next(iter(m.terms)), i)
    return {i: found[i] for i in best.values()}
