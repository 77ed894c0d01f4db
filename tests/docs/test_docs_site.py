"""The documentation site: it builds without a warning, and its links lead somewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys

import pages
import pytest

HAS_MKDOCS = all(importlib.util.find_spec(m) for m in ("mkdocs", "material", "mkdocstrings_handlers"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site. --strict makes every warning an error: dead links, missing anchors, pages outside of the menu."""
    if not HAS_MKDOCS:
        pytest.skip('mkdocs is not installed: pip install ".[docs]"')
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=pages.ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.slow
def test_the_site_builds_strictly(site):
    assert (site / "index.html").is_file() and (site / "search" / "search_index.json").is_file()


@pytest.mark.slow
def test_every_function_of_the_c_abi_has_its_place(site):
    headers = "".join(p.read_text() for p in sorted((pages.ROOT / "csrc" / "include" / "dt").glob("*.h")))
    functions = set(re.findall(r"^DT_API [\w *]+?\b(dt_\w+)\(", headers, re.MULTILINE))
    html = "".join(p.read_text(encoding="utf-8") for p in (site / "reference" / "c").glob("*.html"))
    assert len(functions) > 40
    assert functions - set(re.findall(r'id="(dt_\w+)"', html)) == set()


@pytest.mark.slow
def test_the_python_reference_has_the_public_names(site):
    import diffusiontalker as dt

    html = (site / "reference" / "python.html").read_text(encoding="utf-8")
    for name in set(dt.__all__) - {"__version__"}:
        assert re.search(rf'id="diffusiontalker\.[\w.]*\.?{name}"', html), name
    assert 'id="diffusiontalker.api.stream.Stream.interrupt"' in html


@pytest.mark.slow
def test_the_pictures_are_drawn_from_the_sources(site):
    floors = (site / "images" / "floors.svg").read_text()
    for folder in ("common", "core", "backends/openvino", "runtime", "api", "bindings"):
        assert f">{folder}</text>" in floors
    assert len(re.findall('class="n"', floors)) == len(re.findall('class="d" [^>]*>[^<]', floors)), (
        "a room has no words"
    )


@pytest.mark.parametrize("page", pages.PAGES, ids=pages.name_of)
def test_links_between_files_resolve(page):
    """As a code host shows the pages, without the site."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    made = ("c/", "images/floors.svg", "images/sample.svg")  # by the site, from sources
    dead = []
    for link, anchor in re.findall(r"\]\(([^)\s#]*)(#[^)\s]*)?\)", text):
        if re.match(r"[a-z]+:", link) or link.startswith(made):
            continue
        target = page if not link else page.parent / link
        if not target.exists():
            dead.append(link)
        elif anchor and target.suffix == ".md" and anchor[1:] not in anchors(target.read_text(encoding="utf-8")):
            dead.append(link + anchor)
    assert dead == []


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}
