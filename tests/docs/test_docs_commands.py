"""Command lines of the pages: the commands exist, and so does every option in them."""

from __future__ import annotations

import re
import runpy
import sys

import pages
import pytest

OURS = re.compile(r"(diffusiontalker|python -m (training|benchmarks|diffusiontalker)\b)(?!.*\b(COMMAND|MODULE)\b)")
FOUND = {c for p in pages.PAGES for c in (*pages.commands(p), *pages.inline_commands(p))}
FOUND |= {c for p in pages.RECIPES for c in pages.commands_of(p.read_text(encoding="utf-8"))}
CALLS = sorted(filter(OURS.match, FOUND))


def split(call: str) -> tuple[str, tuple[str, ...]]:
    """(module, subcommands) of a call: ("training.eval", ("speech",))."""
    words = call.split()
    module, rest = (words[2], words[3:]) if words[0] == "python" else ("diffusiontalker", words[1:])
    n = 2 if rest[:1] in (["engine"], ["head"]) else 1
    names = []
    for word in rest[:n]:
        if not re.fullmatch(r"[a-z]+(-[a-z]+)*", word):
            break
        names.append(word)
    return module, tuple(names)


def help_of(module: str, names: tuple[str, ...], capsys, monkeypatch) -> str:
    monkeypatch.setattr(sys, "argv", [module, *names, "--help"])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as end:
        runpy.run_module(module, run_name="__main__")
    out = capsys.readouterr()
    assert end.value.code in (0, None), f"python -m {module} {' '.join(names)} --help: {out.err}"
    return out.out


def parameter(target: tuple[str, tuple[str, ...]]):
    """PyTorch takes seconds to import, and so does what comes with it."""
    slow = target[0].startswith("training.") or target[0] == "benchmarks.verify"
    return pytest.param(target, marks=[pytest.mark.slow] * slow, id=" ".join((target[0], *target[1])))


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
@pytest.mark.parametrize("target", [parameter(t) for t in sorted({split(c) for c in CALLS})])
def test_every_option_of_the_pages_is_in_the_help(target, capsys, monkeypatch):
    module, names = target
    if module.split(".")[0] == "training":
        pytest.importorskip("torch")
    known = pages.options_of(help_of(module, names, capsys, monkeypatch).replace("[", " ").replace(",", " "))
    for call in (c for c in CALLS if split(c) == target):
        assert pages.options_of(call) - known - {"--help"} == set(), call


def test_calls_are_found():
    """A reader that found nothing would pass the test above."""
    assert len(CALLS) > 60
    assert ("training.eval", ("speech",)) in map(split, CALLS)
    assert any("--layer 3" in c and c.startswith("python -m training.data.prepare") for c in CALLS), "$W is filled in"
    assert ("training.stages.enrolment", ()) in map(split, CALLS), "of a recipe"
    assert any("training.data.prepare --variants 2 --background 0.25 --corpus" in c for c in CALLS), (
        "$prepare is filled in"
    )
    assert any("training.data.unlabelled --like" in c and "--audio LIBRIVOX" in c for c in CALLS), "$U is filled in"
