"""One rule of threads for streams, in the same words wherever it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RULE = re.compile(
    r"push, idle and flush belong to one thread at a time; a second one at the same moment gets [\w() ]+ and changes "
    r"nothing\. they never compute and never wait\. everything else: any thread at any time\. only pull and frameat "
    r"compute; they take turns, and nothing else waits for them\."
)
PLACES = [
    "csrc/include/dt/dt.h", "csrc/include/dt/dt.hpp", "docs/embedding.md", "docs/guides/python.md",
    "examples/unity/DiffusionTalker.cs", "python/diffusiontalker/api/stream.py",
]  # fmt: skip


def plain(text: str) -> str:
    """Without the marks of comments, of code and of line ends, and without the spelling of names."""
    text = re.sub(r"^\s*(///?|\*)", " ", text, flags=re.M)
    return " ".join(text.replace("_", "").replace("`", "").lower().split())


@pytest.mark.parametrize("place", PLACES)
def test_the_rule_stands_once(place):
    assert len(RULE.findall(plain((ROOT / place).read_text(encoding="utf-8")))) == 1
