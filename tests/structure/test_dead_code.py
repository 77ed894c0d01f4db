"""What nobody names is deleted: functions, classes and constants of Python modules."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Others call these by their names: MkDocs, Griffe, Blender, PyInstaller.
CALLED_BY_OTHERS = {"on_files", "on_page_markdown", "PlainDocstrings", "unregister", "hiddenimports"}
TEXTS = (".md", ".toml", ".sh", ".pyi", ".yml", ".cs", ".c", ".cpp", ".h")


def tracked(*endings: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name.endswith(endings)]
    if not paths:
        pytest.skip("no git here: the files of the project are not known")
    return [path for path in paths if path.is_file()]


def defined(text: str) -> Iterator[str]:
    """Names at the top of a module, but for functions with a decorator: those are handed to it."""
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if not node.decorator_list or isinstance(node, ast.ClassDef):
                yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def unnamed(modules: dict[str, str], others: list[str]) -> list[str]:
    """Names that stand where they are defined and nowhere else. modules: place -> text of Python."""
    words = Counter(word for text in [*modules.values(), *others] for word in re.findall(r"\w+", text))
    found = [(place, name) for place, text in modules.items() for name in defined(text)]
    return [
        f"{place}: {name}"
        for place, name in found
        if words[name] == 1 and name not in CALLED_BY_OTHERS and not re.match(r"test_|Test|__", name)
    ]


def test_every_name_is_named_twice():
    modules = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in tracked(".py")}
    others = [path.read_text(encoding="utf-8", errors="replace") for path in tracked(*TEXTS)]
    assert len(modules) > 300
    assert unnamed(modules, others) == []


def test_a_name_that_nobody_calls_is_seen():
    text = "import x\nA = 1\nB: int = A\n\n@x.fixture\ndef given(): ...\n\ndef gone(): ...\n\nclass Gone: ...\n"
    assert unnamed({"a.py": text}, ["B"]) == ["a.py: gone", "a.py: Gone"]
