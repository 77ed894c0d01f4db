"""What the pages say about the sources holds: paths exist, and version counters have the numbers of the code."""

from __future__ import annotations

import re

import pages
import pytest

WITH_PATHS = [*(pages.ROOT / "docs" / f"{n}.md" for n in ("architecture", "extending")), pages.ROOT / "CONTRIBUTING.md"]


@pytest.mark.parametrize("page", WITH_PATHS, ids=pages.name_of)
def test_paths_exist(page):
    """`folder/file` in running text, but for names in capitals, which stand for the reader's own."""
    text = page.read_text(encoding="utf-8")
    paths = [p for p in re.findall(r"`((?:csrc|docs|python|tests|training|trt_build|benchmarks)/[\w./-]*)`", text)]
    assert len(paths) >= 2
    assert [p for p in paths if not re.search("/[A-Z]+(/|[.]|$)", p) and not (pages.ROOT / p).exists()] == []


def number(path: str, pattern: str) -> str:
    return re.search(pattern, (pages.ROOT / path).read_text(encoding="utf-8"))[1]


def test_version_counters_are_those_of_the_code():
    table = (pages.ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    now = dict(re.findall(r"^\| ([\w ]+?) \| ([\d.]+) \|", table, re.MULTILINE))
    header = "csrc/include/dt/base.h"
    abi = (number(header, rf"DT_ABI_{part} (\d+)") for part in ("MAJOR", "MINOR"))
    assert now == {
        "package": number("python/diffusiontalker/version.py", r'__version__ = "([\d.]+)"'),
        "bundle format": number("training/export/bundle.py", r"FORMAT_VERSION = (\d+)"),
        "C ABI": ".".join(abi),
        "backend interface": number("csrc/core/backend.h", r"define DT_BACKEND_INTERFACE (\d+)"),
        "engine set format": number("trt_build/sets/sidecar.py", r"FORMAT = (\d+)"),
        "bench schema": number("python/diffusiontalker/bench/compare.py", r"SCHEMA_VERSION = (\d+)"),
    }
