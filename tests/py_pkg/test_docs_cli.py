"""The command line as its pages tell it: every command, option and format, and no others."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from diffusiontalker.cli.main import COMMANDS, build_parser
from diffusiontalker.io import FORMATS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ELSEWHERE = {
    "animate": "dials.md",
    "render": "dials.md",
    "bench": "benchmarks.md",
    "engine": "tensorrt.md",
    "serve": "server.md",
    "studio": "studio.md server.md",
    "live": "live.md",
}  # pages with the options of these commands


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = (a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return dict(next(found, {}) or {})


def options(parser: argparse.ArgumentParser) -> set[str]:
    """Long options of a command and of its actions."""
    own = {o for a in parser._actions for o in a.option_strings if o.startswith("--")}
    return own.union(*map(options, subparsers(parser).values())) - {"--help"}


def documented(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", text))


def test_the_table_of_commands_is_whole():
    rows = re.findall(r"^\| `([a-z]+)[ `]", PAGE.split("## Options")[0], re.MULTILINE)
    assert sorted(rows) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_on_its_page(command):
    names = ELSEWHERE.get(command, "cli.md").split()
    text = PAGE + "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in names)
    assert options(subparsers(build_parser())[command]) - documented(text) == set()


def test_the_page_names_no_option_that_is_not_there():
    known = options(build_parser()) | {"--help"}
    assert documented(PAGE) - known == set()


def test_every_format_is_in_the_table():
    text = (ROOT / "docs" / "output-formats.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`\.[a-z0-9.]+`,? ?)+) \|.*\| (yes|no) \| (yes|no) \|$", text, re.MULTILINE)
    listed = {tuple(re.findall(r"`([^`]+)`", endings)): (read, stdout) for endings, read, stdout in rows}
    yes = {True: "yes", False: "no"}
    assert listed == {f.suffixes: (yes[f.read is not None], yes[f.to_stdout]) for f in FORMATS}


def commands(page: Path) -> list[str]:
    """Lines of a page's shell blocks that call us, joined where they go on, without what follows the command."""
    found = []
    for block in re.findall(r"^```(?:bash|sh)?\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.split(r"\s\|\s|&&|;", line):
                call = re.search(r"(?:^|\s)((?:diffusiontalker|python -m diffusiontalker) [^#>]*)", part)
                if call:
                    found.append(re.split(r"\s{3,}", call[1].strip())[0])
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_command_line_of_the_pages_is_accepted(page, capsys):
    for line in commands(page):
        words = shlex.split(line.removeprefix("python -m "))[1:]
        if words[0].startswith("--") or "COMMAND" in words:
            continue
        code: object = 0
        try:
            build_parser().parse_args(words)
        except SystemExit as e:
            code = e.code
        assert code == 0, f"{page.name}: {line}: {capsys.readouterr().err}"


def test_command_lines_are_found():
    """A reader that found nothing would pass the test above."""
    assert "diffusiontalker bench --json" in commands(ROOT / "docs" / "benchmarks.md")
    assert sum(map(len, map(commands, PAGES))) >= 12
