"""Pages and public headers are plain: short sentences, networks that compute rather than hear, no history."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median

import pages
import pytest

LONGEST, TYPICAL = 40, 18  # words
# What only somebody with ears and a will does.
PERSONAL = re.compile(
    r"\b(hears?|heard|hearing|listens?|believes?|guess(es)?|tells|told|knows|would rather|to rather|tries to)\b",
    re.IGNORECASE,
)
# What belongs into CHANGELOG.md and training/HISTORY.md. "Since 1.1" of the C ABI stands in the headers.
HISTORY = re.compile(
    r"\b(since|until|up to|before|as of) (version )?\d+\.\d+\.\d|never released|formerly|at last",
    re.IGNORECASE,
)
TOLD = [p for p in pages.PAGES if p.name not in ("CHANGELOG.md", "HISTORY.md")]


def texts(page: Path) -> list[str]:
    """Sentences and cells, cells cut at the ends of their sentences."""
    prose, cells = pages.sentences(page.read_text(encoding="utf-8"))
    return prose + [s for cell in cells for s in re.split(r"(?<=[.!?;])\s+", cell)]


@pytest.mark.parametrize("page", pages.PAGES, ids=pages.name_of)
def test_no_sentence_is_long(page):
    assert texts(page)
    assert [f"{pages.n_words(s)} words: {s}" for s in texts(page) if pages.n_words(s) > LONGEST] == []


@pytest.mark.parametrize("page", pages.PAGES, ids=pages.name_of)
def test_most_sentences_are_short(page):
    prose, _ = pages.sentences(page.read_text(encoding="utf-8"))
    assert not prose or median(map(pages.n_words, prose)) < TYPICAL


@pytest.mark.parametrize("page", pages.PAGES, ids=pages.name_of)
def test_networks_and_programs_are_no_persons(page):
    assert [s for s in texts(page) if PERSONAL.search(s)] == []


@pytest.mark.parametrize("page", TOLD, ids=pages.name_of)
def test_history_stands_in_its_own_pages(page):
    assert [s for s in texts(page) if HISTORY.search(s)] == []


@pytest.mark.parametrize("header", pages.HEADERS, ids=pages.name_of)
def test_comments_of_the_headers_are_plain(header):
    found = pages.header_sentences(header.read_text(encoding="utf-8"))
    assert len(found) > 9 and median(map(pages.n_words, found)) < TYPICAL
    assert [f"{pages.n_words(s)} words: {s}" for s in found if pages.n_words(s) > LONGEST] == []
    assert [s for s in found if PERSONAL.search(s)] == []


# A parameter in running text, and one whose mark begins the next line.
HIDDEN = re.compile(r"^ \*.*[^\s,] [a-z_]+ \[(in|out)\]|^ \* *\[(in|out)\]", re.MULTILINE)


@pytest.mark.parametrize("header", pages.HEADERS, ids=pages.name_of)
def test_a_parameter_of_a_header_is_found_at_a_glance(header):
    """It begins its line, or stands behind two spaces."""
    assert [m[0] for m in HIDDEN.finditer(header.read_text(encoding="utf-8"))] == []


def test_hidden_parameters_are_seen():
    assert HIDDEN.search(" * Since 1.2. frame [in] of it.") and HIDDEN.search(" * [in] 1 to 3.")
    assert not HIDDEN.search("/* f\n * a, b [in] of it.  c [out] of it. */")


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
    assert HISTORY.search("Up to 0.8.0 it was so.") and not HISTORY.search("It goes up to 0.8 of that.")
    header = (
        "/* One of\n * two. Three is it.\n *   f(x);\n * x [in] four of it.  y [in] five. */\nint a; /* Six of it */\n"
    )
    assert pages.header_sentences(header) == [
        "One of two.",
        "Three is it.",
        "x [in] four of it.",
        "y [in] five.",
        "Six of it",
    ]
