"""Sentences, splits and the plan of who says what."""

import itertools
import random
from collections import Counter

import pytest

from training.corpus import drills, plan, text

WORDNET_LINES = (
    '00001 03 n 01 thing 0 000 | a meaning; "the old man lived in that small village"; "too few"',
    '00002 03 n 01 thing 0 000 | "to be or not to be here"- Somebody',
    '00003 03 n 01 thing 0 000 | "it cost $5 at the corner shop"; "stop looking at me like that!"',
)
NUMBERS = ("one", "two", "three", "four", "five", "six")


@pytest.fixture
def wordnet_dir(tmp_path):
    fillers = [
        f'0000{i} 03 n 01 x 0 000 | "number {a} and number {b} are walking here"'
        for i, (a, b) in enumerate(itertools.permutations(NUMBERS, 2))
    ]
    (tmp_path / "data.noun").write_text("\n".join((*WORDNET_LINES, *fillers)))
    for name in ("data.verb", "data.adj", "data.adv"):
        (tmp_path / name).write_text("")
    return tmp_path


def test_wordnet_examples_keeps_only_plain_unattributed_sentences(wordnet_dir):
    found = text.wordnet_examples(wordnet_dir)
    assert "The old man lived in that small village." in found
    assert "Stop looking at me like that!" in found
    assert not any("$" in s or "to be" in s or "few" in s for s in found)


def test_wordnet_examples_without_files_names_the_package(tmp_path):
    with pytest.raises(FileNotFoundError, match="wordnet-base"):
        text.wordnet_examples(tmp_path)


def test_split_ignores_case_and_punctuation():
    assert text.split_of("Bob may move, my pump!") == text.split_of("bob may move my pump")


def test_split_shares_are_near_the_buckets():
    rng = random.Random(1)
    splits = [text.split_of(drills.drill(rng) + drills.command(rng)) for _ in range(4000)]
    # Binomial, 4000 draws: 10 % +- 5 sigma and 2 % +- 5 sigma.
    assert abs(splits.count("test") / 4000 - 0.10) <= 0.024
    assert abs(splits.count("val") / 4000 - 0.02) <= 0.011


@pytest.mark.parametrize("maker", [drills.command, drills.drill, drills.dialogue])
def test_grammar_is_deterministic_varied_and_plain(maker):
    rng = random.Random(3)
    first = [maker(rng) for _ in range(300)]
    rng = random.Random(3)
    assert first == [maker(rng) for _ in range(300)]
    assert len(set(first)) >= 200
    for sentence in first:
        assert sentence.isascii() and "{" not in sentence and sentence[-1] in ".!?"


def take(wordnet_dir, n=400, seed=0):
    voices = ("awb", "kal16", "rms", "slt")
    return list(itertools.islice(plan.schedule("flite", voices, seed, wordnet_dir), n))


@pytest.mark.slow
def test_schedule_same_seed_gives_same_plan(wordnet_dir):
    assert take(wordnet_dir) == take(wordnet_dir)
    assert take(wordnet_dir) != take(wordnet_dir, seed=1)


def test_schedule_held_out_voice_says_test_sentences_only(wordnet_dir):
    planned = take(wordnet_dir, 800)
    for utterance in planned:
        assert (utterance.voice == "awb") == (utterance.split == "test")
        assert text.split_of(utterance.text) == utterance.split
        assert 0.8 <= utterance.speed <= 1.25
    assert sum(u.voice == "awb" for u in planned) == plan.HELD_OUT["flite"]["awb"]


@pytest.mark.slow
def test_of_each_voice_shows_every_voice_that_is_not_held_out(wordnet_dir):
    voices = ("awb", "kal16", "rms", "slt")
    planned = plan.schedule("flite", voices, 3, wordnet_dir)
    few = list(plan.of_each_voice(planned, "flite", voices, {"train": 2, "val": 3}))
    expected = {(v, s): n for v in voices[1:] for s, n in (("train", 2), ("val", 3))}
    assert Counter((u.voice, u.split) for u in few) == expected


def test_schedule_prefix_is_balanced_over_voices(wordnet_dir):
    counts = [sum(u.voice == v for u in take(wordnet_dir, 50)) for v in ("kal16", "rms", "slt")]
    assert max(counts) - min(counts) <= 1
