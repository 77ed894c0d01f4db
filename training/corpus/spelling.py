"""Sounds of English words that a pronouncing dictionary lacks, good enough to keep an alignment going."""

from __future__ import annotations

from collections.abc import Callable

# Endings of regular forms: what is cut off, what is put back to find the base, and the sounds that follow the base.
_ENDINGS = (
    ("'s", "", "Z"), ("s", "", "Z"), ("es", "", "IH Z"), ("ed", "", "D"), ("ed", "e", "D"), ("ing", "", "IH NG"),
    ("ing", "e", "IH NG"), ("ings", "", "IH NG Z"), ("ings", "e", "IH NG Z"), ("ly", "", "L IY"), ("er", "", "ER"),
    ("er", "e", "ER"), ("ness", "", "N AH S"),
)  # fmt: skip
# Longest spelling first. Vowels are only place holders.
_LETTERS = {
    "tch": "CH", "igh": "AY", "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "gh": "G", "ck": "K", "ng": "NG",
    "qu": "K W", "wh": "W", "kn": "N", "wr": "R", "mb": "M", "ee": "IY", "ea": "IY", "oo": "UW", "ou": "AW", "ow": "OW",
    "ai": "EY", "ay": "EY", "oa": "OW", "er": "ER", "ir": "ER", "ur": "ER",
    "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K",
    "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V",
    "w": "W", "x": "K S", "y": "IY", "z": "Z",
}  # fmt: skip


def inflected(word: str, lookup: Callable[[str], str | None]) -> str | None:
    """Sounds of a regular form whose base the dictionary has, as "K AE T Z"; None for others."""
    for ending, put_back, sounds in _ENDINGS:
        base = lookup(word[: -len(ending)] + put_back) if word.endswith(ending) else None
        if base:
            return f"{base} {sounds}"
    return None


def spelled(word: str) -> str:
    """Sounds letter by letter: the consonants are mostly right, the vowels hardly."""
    sounds, i = [], 0
    letters = word.replace("'", "")
    if len(letters) > 2 and letters.endswith("e"):
        letters = letters[:-1]
    while i < len(letters):
        length = next(n for n in (3, 2, 1) if letters[i : i + n] in _LETTERS)
        # A doubled consonant is one sound.
        if not (length == 1 and i and letters[i] == letters[i - 1]):
            sounds.append(_LETTERS[letters[i : i + length]])
        i += length
    return " ".join(sounds)
