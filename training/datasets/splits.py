"""Published splits as tables, and a seeded stratified split for data sets that were split by a program."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable

import numpy as np

from training.datasets.take import TakeRef

# VOCASET, the split of FaceFormer, CodeTalker and their followers: whole subjects, sentences from 1.
VOCASET_SPEAKERS: dict[str, tuple[str, ...]] = {
    "train": (
        "FaceTalk_170728_03272_TA", "FaceTalk_170904_00128_TA", "FaceTalk_170725_00137_TA",
        "FaceTalk_170915_00223_TA", "FaceTalk_170811_03274_TA", "FaceTalk_170913_03279_TA",
        "FaceTalk_170904_03276_TA", "FaceTalk_170912_03278_TA",
    ),
    "val": ("FaceTalk_170811_03275_TA", "FaceTalk_170908_03277_TA"),
    "test": ("FaceTalk_170809_00138_TA", "FaceTalk_170731_00024_TA"),
}  # fmt: skip
VOCASET_SENTENCES = {"train": range(1, 41), "val": range(21, 41), "test": range(21, 41)}

# BIWI: the same six subjects in train, val and test ("Test-A"); eight unseen ones in test_b ("Test-B").
BIWI_SEEN: tuple[str, ...] = ("F2", "F3", "F4", "M3", "M4", "M5")
BIWI_UNSEEN: tuple[str, ...] = ("F1", "F5", "F6", "F7", "F8", "M1", "M2", "M6")
BIWI_SENTENCES = {"train": range(1, 33), "val": range(33, 37), "test": range(37, 41)}


def vocaset_split(subject: str, sentence: int) -> str | None:
    """Split of a sentence, None for those that the published split leaves out (1-20 of the val and test subjects).
    Raises KeyError for an unknown subject."""
    for split, speakers in VOCASET_SPEAKERS.items():
        if subject in speakers:
            return split if sentence in VOCASET_SENTENCES[split] else None
    raise KeyError(subject)


def biwi_split(subject: str, sentence: int) -> str | None:
    """As vocaset_split; of the unseen subjects only sentences 37-40 are used."""
    if subject in BIWI_UNSEEN:
        return "test_b" if sentence in BIWI_SENTENCES["test"] else None
    if subject not in BIWI_SEEN:
        raise KeyError(subject)
    return next((split for split, sentences in BIWI_SENTENCES.items() if sentence in sentences), None)


def _quotas(sizes: dict, total: int, available: dict) -> dict:
    """Shares of `total` in proportion to sizes, by largest remainder; a group keeps at least one member for train."""
    whole = sum(sizes.values())
    exact = {g: n * total / whole for g, n in sizes.items()}
    quota = {g: min(int(x), max(available[g] - 1, 0)) for g, x in exact.items()}
    for group in sorted(exact, key=lambda g: (int(exact[g]) - exact[g], g)):
        if sum(quota.values()) >= total:
            break
        quota[group] += quota[group] < available[group] - 1
    return quota


def stratified_split(
    refs: list[TakeRef], group_of: Callable[[TakeRef], tuple[str, ...]], seed: int = 42, share: float = 0.1
) -> dict[str, str]:
    """Name -> train, val or test: `share` of all takes to test, as many to val, each group in proportion.

    A function of names and seed alone, not of the order of `refs`. A group with a single take stays in train."""
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for ref in refs:
        groups[group_of(ref)].append(ref.name)
    sizes = {g: len(names) for g, names in groups.items()}
    n_each = round(len(refs) * share)
    test = _quotas(sizes, n_each, sizes)
    val = _quotas(sizes, n_each, {g: n - test[g] for g, n in sizes.items()})
    out = {}
    for group, names in groups.items():
        # Seeded by the group, so that a further actor hardly moves the takes of the others.
        rng = np.random.default_rng([seed, zlib.crc32("/".join(group).encode())])
        for position, i in enumerate(rng.permutation(len(names))):
            late = position >= test[group]
            in_val = late and position < test[group] + val[group]
            out[sorted(names)[i]] = "val" if in_val else "train" if late else "test"
    return out
