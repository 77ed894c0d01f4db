"""What the pages say about the sources holds: paths exist, and version counters have the numbers of the code."""

from __future__ import annotations

import ast
import hashlib
import json
import re

import pages
import pytest

WITH_PATHS = [*(pages.ROOT / "docs" / f"{n}.md" for n in ("architecture", "extending")), pages.ROOT / "CONTRIBUTING.md"]


@pytest.mark.parametrize("page", WITH_PATHS, ids=pages.name_of)
def test_paths_exist(page):
    """`folder/file` in running text, but for names in capitals, which stand for the reader's own."""
    text = page.read_text(encoding="utf-8")
    paths = list(re.findall(r"`((?:csrc|docs|python|tests|training|trt_build|benchmarks)/[\w./-]*)`", text))
    assert len(paths) >= 2
    assert [p for p in paths if not re.search("/[A-Z]+(/|[.]|$)", p) and not (pages.ROOT / p).exists()] == []


def test_files_of_the_drawn_way_of_a_sample_exist():
    """A place without a folder lies in that of the place before it."""
    path = pages.ROOT / "docs" / "generator" / "diagrams.py"
    way = next(
        ast.literal_eval(node.value)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "WAY"
    )
    assert len(way) >= 5
    for _, places in way:
        folder = pages.ROOT
        for place in places.split(", "):
            at = pages.ROOT / place if "/" in place else folder / place
            assert list(at.parent.glob(f"{at.name}*")), f"{place}: no such file"
            folder = at.parent


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


def test_one_version_of_the_package_stands_everywhere():
    version = number("python/diffusiontalker/version.py", r'__version__ = "([\d.]+)"')
    header = "csrc/include/dt/dt.h"
    assert version == number("CMakeLists.txt", r"project\(diffusiontalker VERSION ([\d.]+)")
    assert version == ".".join(number(header, rf"DT_VERSION_{part} (\d+)") for part in ("MAJOR", "MINOR", "PATCH"))
    assert version == number("CITATION.cff", r"(?m)^version: ([\d.]+)$")
    assert version == number("examples/unreal/DiffusionTalker/DiffusionTalker.uplugin", r'"VersionName": "([\d.]+)"')
    assert version == number("CHANGELOG.md", r"(?m)^## ([\d.]+) "), "the newest section of the changelog"


def test_the_changelog_has_one_section_per_version_and_names_the_bundles():
    text = (pages.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    titles = re.findall(r"(?m)^## (.+)$", text)
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ \((unreleased|\d{4}-\d\d-\d\d)\)", title) for title in titles), titles
    newest = text.split("\n## ")[1]
    for card in pages.CARDS:
        bundle = json.loads((card.parent / "bundle.json").read_text(encoding="utf-8"))
        assert f"`{bundle['name']}` {bundle['version']}" in newest, "the changelog tells the bundle's version"
        assert bundle["version"].removesuffix(".0") in card.read_text(encoding="utf-8"), "the card tells it"


@pytest.mark.parametrize("card", pages.CARDS, ids=pages.name_of)
def test_the_bundle_is_sealed_over_its_card(card):
    files = json.loads((card.parent / "bundle.json").read_text(encoding="utf-8"))["files"]
    assert files["README.md"]["sha256"] == hashlib.sha256(card.read_bytes()).hexdigest(), (
        f"run python -m training.export.seal {pages.name_of(card.parent)}"
    )
