"""Published splits and the stratified one: complete, disjoint, repeatable."""

from collections import Counter

import pytest

from training.datasets.beat import EMOTIONS, LAST_TAKES, emotion_of_take
from training.datasets.splits import (
    BIWI_SEEN,
    BIWI_UNSEEN,
    VOCASET_SPEAKERS,
    biwi_split,
    stratified_split,
    vocaset_split,
)
from training.datasets.take import TakeRef


def test_vocaset_split_has_the_published_counts():
    speakers = [s for group in VOCASET_SPEAKERS.values() for s in group]
    assert len(speakers) == len(set(speakers)) == 12
    count = Counter(vocaset_split(s, k) for s in speakers for k in range(1, 41))
    assert count == {"train": 8 * 40, "val": 2 * 20, "test": 2 * 20, None: 4 * 20}
    with pytest.raises(KeyError):
        vocaset_split("FaceTalk_000000_00000_TA", 1)


def test_biwi_split_has_the_published_counts():
    assert len({*BIWI_SEEN, *BIWI_UNSEEN}) == 14
    count = Counter(biwi_split(s, k) for s in (*BIWI_SEEN, *BIWI_UNSEEN) for k in range(1, 41))
    assert count == {"train": 6 * 32, "val": 6 * 4, "test": 24, "test_b": 32, None: 8 * 36}


def test_beat_emotions_include_the_last_take_of_their_range():
    # The public script has half-open ranges, by which all of these turn neutral.
    assert [emotion_of_take(t) for t in LAST_TAKES] == list(EMOTIONS)
    assert [emotion_of_take(t + 1) for t in LAST_TAKES[:-1]] == list(EMOTIONS[1:])
    assert emotion_of_take(0) == "neutral"
    for wrong in (-1, 119):
        with pytest.raises(ValueError, match="outside 0..118"):
            emotion_of_take(wrong)


def refs_of(sizes: dict[tuple[str, str], int]) -> list[TakeRef]:
    return [TakeRef(f"{a}_{e}_{i:02d}", a, e, "") for (e, a), n in sizes.items() for i in range(n)]


def split_of(refs, seed=42):
    return stratified_split(refs, lambda r: (r.emotion, r.speaker), seed)


def test_stratified_split_is_complete_and_in_proportion_within_every_group():
    sizes = {("neutral", "1"): 200, ("anger", "1"): 40, ("neutral", "2"): 33, ("fear", "2"): 7, ("sad", "2"): 1}
    refs = refs_of(sizes)
    split = split_of(refs)
    assert split.keys() == {r.name for r in refs}
    count = Counter(split.values())
    assert count["test"] == count["val"] == 28 and sum(count.values()) == 281
    for (emotion, actor), n in sizes.items():
        here = Counter(split[r.name] for r in refs if (r.emotion, r.speaker) == (emotion, actor))
        assert abs(here["test"] - 0.1 * n) <= 1 and abs(here["val"] - 0.1 * n) <= 1
        assert here["train"] >= 1


def test_stratified_split_depends_on_names_and_seed_only():
    refs = refs_of({("neutral", "1"): 50, ("anger", "2"): 30})
    assert split_of(refs) == split_of(refs[::-1])
    assert split_of(refs) != split_of(refs, seed=43)


@pytest.mark.parametrize("n", range(1, 12))
def test_stratified_split_of_few_takes_keeps_some_for_training(n):
    split = split_of(refs_of({("neutral", "1"): n}))
    assert len(split) == n and "train" in split.values()
