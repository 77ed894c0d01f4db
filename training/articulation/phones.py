"""Articulatory targets of the 39 CMU phones. The numbers are ours: starting points from the visible-speech literature
(Cohen & Massaro 1993 for the form), then adjusted until the lip gap followed tracked lips of real speech."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Dimensions of the articulatory space; each is 0..1 and turned into ARKit weights by gestures.py.
DIMS = ("jaw", "apart", "spread", "pucker", "funnel", "tuck", "shrug", "tongue")
# jaw: opening; apart: lips drawn away from each other; spread: corners out; pucker, funnel: rounding;
# tuck: lower lip under the upper teeth (f, v); shrug: lips pushed forward (sh, ch, r); tongue: tip at the teeth (th).


@dataclass(frozen=True)
class PhoneTarget:
    """target: value per dimension. strength: dominance per dimension, 0 = follows its neighbours entirely."""

    target: np.ndarray
    strength: np.ndarray


def _phone(base: float, values: dict[str, tuple[float, float]]) -> PhoneTarget:
    target = np.zeros(len(DIMS))
    strength = np.full(len(DIMS), base)
    for name, (value, weight) in values.items():
        target[DIMS.index(name)], strength[DIMS.index(name)] = value, weight
    return PhoneTarget(target, strength)


def _vowel(jaw, apart=0.0, spread=0.0, pucker=0.0, funnel=0.0, weight=1.0):
    rounded = pucker + funnel > 0.2
    return _phone(0.35, {
        "jaw": (jaw, weight), "apart": (apart, weight), "spread": (spread, 0.7 * weight),
        "pucker": (pucker, 1.2 if rounded else 0.5), "funnel": (funnel, 1.2 if rounded else 0.5),
    })  # fmt: skip


def _consonant(jaw, jaw_weight, apart=0.1, apart_weight=0.3, **others):
    values = {"jaw": (jaw, jaw_weight), "apart": (apart, apart_weight)}
    values.update(others)
    return _phone(0.12, values)


TARGETS: dict[str, PhoneTarget] = {
    # open vowels
    "AA": _vowel(0.52, 0.35), "AE": _vowel(0.45, 0.45, 0.12), "AH": _vowel(0.34, 0.30, weight=0.7),
    "AO": _vowel(0.38, 0.15, funnel=0.25, pucker=0.45), "AW": _vowel(0.46, 0.35, pucker=0.15),
    "AY": _vowel(0.52, 0.45, 0.08),
    # mid and close front vowels: running speech shows no spread smile
    "EH": _vowel(0.44, 0.50, 0.10), "EY": _vowel(0.42, 0.60, 0.20), "IH": _vowel(0.28, 0.42, 0.06, weight=0.7),
    "IY": _vowel(0.27, 0.60, 0.14), "ER": _vowel(0.26, 0.30, funnel=0.25, pucker=0.30),
    # rounded vowels
    "OW": _vowel(0.34, 0.15, pucker=0.60, funnel=0.25), "OY": _vowel(0.38, 0.20, pucker=0.45, funnel=0.25),
    "UH": _vowel(0.25, 0.20, pucker=0.45, funnel=0.2), "UW": _vowel(0.22, 0.15, pucker=0.75, funnel=0.15),
    # bilabials: the seal itself is imposed by gestures.py; the jaw stays partly open and both lips come together
    "P": _consonant(0.15, 0.8, 0.0, 1.5, pucker=(0.12, 0.5)), "B": _consonant(0.16, 0.8, 0.0, 1.5, pucker=(0.14, 0.5)),
    "M": _consonant(0.16, 0.8, 0.0, 1.5, pucker=(0.12, 0.5)),
    # labiodentals
    "F": _consonant(0.15, 3.0, 0.05, 1.2, tuck=(1.0, 2.5)), "V": _consonant(0.15, 3.0, 0.05, 1.2, tuck=(1.0, 2.5)),
    # dentals and alveolars: teeth close together, lips follow the vowels
    "TH": _consonant(0.14, 1.0, 0.20, 0.7, tongue=(1.0, 3.0)),
    "DH": _consonant(0.15, 0.7, 0.20, 0.5, tongue=(0.9, 2.0)),
    "T": _consonant(0.20, 0.55, 0.50, 0.35, tongue=(0.35, 0.6)),
    "D": _consonant(0.20, 0.5, 0.46, 0.35, tongue=(0.35, 0.6)),
    "N": _consonant(0.20, 0.5, 0.36, 0.3, tongue=(0.45, 0.8)),
    "L": _consonant(0.26, 0.5, 0.40, 0.4, tongue=(0.75, 2.5)),
    "S": _consonant(0.14, 0.9, 0.85, 0.8, spread=(0.2, 0.3)), "Z": _consonant(0.14, 0.9, 0.72, 0.8, spread=(0.2, 0.3)),
    # palato-alveolars: protruded lips
    "SH": _consonant(0.14, 0.9, 0.45, 0.6, funnel=(0.65, 1.3), shrug=(0.4, 1.0)),
    "ZH": _consonant(0.14, 0.9, 0.45, 0.6, funnel=(0.65, 1.3), shrug=(0.4, 1.0)),
    "CH": _consonant(0.14, 0.9, 0.42, 0.6, funnel=(0.60, 1.2), shrug=(0.35, 1.0)),
    "JH": _consonant(0.14, 0.9, 0.42, 0.6, funnel=(0.50, 1.1), shrug=(0.3, 1.0)),
    "R": _consonant(0.16, 0.8, 0.12, 0.8, pucker=(0.55, 1.2), funnel=(0.12, 0.8)),
    "W": _consonant(0.14, 1.0, 0.0, 1.6, pucker=(0.95, 2.0)),
    "Y": _consonant(0.20, 0.5, 0.45, 0.4, spread=(0.20, 0.5)),
    # velars and glottal: made behind the lips
    "K": _consonant(0.30, 0.45, 0.60, 0.4), "G": _consonant(0.26, 0.4, 0.42, 0.3),
    "NG": _consonant(0.26, 0.4, 0.38, 0.3), "HH": _consonant(0.20, 0.1, 0.25, 0.1),
    # silence: rest, weak against a neighbour's anticipation
    "SIL": _phone(0.5, {"jaw": (0.0, 0.8), "apart": (0.0, 0.8)}),
}  # fmt: skip

BILABIAL = frozenset({"P", "B", "M"})
LABIODENTAL = frozenset({"F", "V"})
VOWELS = frozenset({"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"})

Phone = tuple[str, float, float]  # name, start and end in seconds
