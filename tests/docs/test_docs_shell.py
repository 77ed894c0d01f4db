"""Shell blocks of the pages run as a reader types them: page by page, from the top, in a folder with the recording."""

from __future__ import annotations

import glob
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pages
import pytest
import soundfile

from diffusiontalker.cli.main import main

# What needs a GPU, a device, a network, a build or another program, or goes on until it is stopped.
ELSEWHERE = re.compile(
    r"(#|cd|npm|python3? -m|python -m pip|\. \.venv|pip|pyinstaller|cmake|auditwheel|curl|ffmpeg|bash)\b.*"
    r"|(TENSORRT|DT)_\w+=.*|diffusiontalker (live|serve|studio|engine|doctor)\b.*"
    r"|.*--backend tensorrt.*|.*\.venv/bin/activate"
)
SAYS = re.compile(r'echo "([^"]*)" > (\S+)$')
DOCUMENT = re.compile(r"^cat > (\S+) <<'END'\n(.*?)^END$", re.MULTILINE | re.DOTALL)


def runs(line: str) -> bool:
    return not ELSEWHERE.fullmatch(line)


def calls_of(page: Path) -> list[str]:
    lines = "\n".join(pages.blocks(page, "bash")).splitlines()
    return [line for line in lines if line.startswith("diffusiontalker ")]


PAGES = [p for p in (*pages.DOCS, *pages.CARDS) if any(map(runs, calls_of(p)))]


def lines_of(page: Path) -> Iterator[str]:
    """The lines of a page's blocks. Files that a block writes in several lines are written when their turn comes."""
    for block in pages.blocks(page, "bash"):
        for name, text in DOCUMENT.findall(block):
            Path(name).write_text(text)
        rest = re.sub(r"\s*\\\n\s*", " ", DOCUMENT.sub("", block))
        yield from filter(None, map(str.strip, rest.splitlines()))


def run(line: str, capsys) -> None:
    if said := SAYS.match(line):
        Path(said[2]).write_text(said[1] + "\n")
        return
    program, *words = shlex.split(line)
    assert program == "diffusiontalker", f"neither run nor in ELSEWHERE: {line}"
    words = [found for word in words for found in (sorted(glob.glob(word)) or [word])]
    assert main([*words, "--quiet"]) == 0, f"{line}: {capsys.readouterr().err}"


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """With 3.4 s of the recording where the pages expect it, and a folder of recordings."""
    samples, rate = soundfile.read(pages.ROOT / "examples" / "speech.wav", dtype="int16")
    for name in ("examples", "recordings"):
        (tmp_path / name).mkdir()
    soundfile.write(tmp_path / "examples" / "speech.wav", samples[: int(3.4 * rate)], rate)
    shutil.copy(tmp_path / "examples" / "speech.wav", tmp_path / "recordings" / "first.wav")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("page", PAGES, ids=pages.name_of)
def test_shell_blocks_run_from_the_top_of_their_page(page, capsys):
    pytest.importorskip("av")
    for line in lines_of(page):
        if runs(line):
            run(line, capsys)


def test_pages_with_commands_are_found_and_mostly_run():
    names = set(map(pages.name_of, PAGES))
    assert {"docs/dials.md", "docs/timeline.md", "docs/guides/own-character.md", "docs/guides/animator.md"} <= names
    assert sum(runs(call) for page in PAGES for call in calls_of(page)) > 40
