"""The pages that strangers read first are plain: short sentences, and networks that compute rather than hear."""

from __future__ import annotations

import re
from statistics import median

import pages
import pytest

LONGEST, TYPICAL = 40, 18  # words
GUIDES = [p for p in pages.DOCS if p.parent.name == "guides"]
NEW = ("index", "architecture", "extending", "models", "speed", "versions")
PLAIN = [
    pages.README,
    pages.ROOT / "CONTRIBUTING.md",
    pages.ROOT / "SECURITY.md",
    *pages.CARDS,
    *GUIDES,
    *(pages.ROOT / "docs" / f"{name}.md" for name in NEW),
    *(pages.ROOT / "training" / f"{name}.md" for name in ("README", "HISTORY", "PAPERS")),
]
# What only somebody with ears and a will does.
PERSONAL = re.compile(
    r"\b(hears?|heard|hearing|(was|were|is) told|would rather|to rather|knows how|tries to)\b", re.IGNORECASE
)


# The formulas of bundle-format.md are longer than any sentence.
SHORT = [p for p in dict.fromkeys([*PLAIN, *pages.DOCS]) if p.name != "bundle-format.md"]


@pytest.mark.parametrize("page", SHORT, ids=pages.name_of)
def test_no_sentence_is_long(page):
    prose, cells = pages.sentences(page.read_text(encoding="utf-8"))
    assert prose
    cut = [s for cell in cells for s in re.split(r"(?<=[.!?;])\s+", cell)]
    too_long = [f"{pages.n_words(s)} words: {s}" for s in prose + cut if pages.n_words(s) > LONGEST]
    assert too_long == []


@pytest.mark.parametrize("page", PLAIN, ids=pages.name_of)
def test_most_sentences_are_short(page):
    prose, _ = pages.sentences(page.read_text(encoding="utf-8"))
    assert median(map(pages.n_words, prose)) < TYPICAL


@pytest.mark.parametrize("page", PLAIN, ids=pages.name_of)
def test_networks_are_no_persons(page):
    prose, cells = pages.sentences(page.read_text(encoding="utf-8"))
    assert [s for s in prose + cells if PERSONAL.search(s)] == []


def test_the_reader_of_sentences_sees_them():
    """One that found nothing would pass everything above."""
    text = (
        "# Title\n\nOne is [here](x.md). Two\nfollows `a b c`: on. \n\n- Three.\n- Four is it.\n\n"
        "| a cell | 5 |\n```\ncode. Code.\n```\n"
    )
    prose, cells = pages.sentences(text)
    assert prose == ["One is here.", "Two follows CODE: on.", "Four is it."]
    assert cells == ["a cell", "5"]
    assert pages.n_words("Two follows CODE: on - it.") == 5
    assert PERSONAL.search("The encoder heard Whisper.") and not PERSONAL.search("The encoder computes features.")
