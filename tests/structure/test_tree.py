"""What the repository holds: no links, and nothing too long to be read at once."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES_OF_A_FILE, MOST_LINES_OF_A_FUNCTION = 400, 60
SOURCES = (".py", ".c", ".h", ".cpp", ".hpp", ".cu", ".sh", ".cs", ".gd", ".js", ".ts")
# clang-format begins a function at most two columns in, ends its head with a brace, and ends it as far in as it began.
NO_TYPE = "if|for|while|switch|else|do|namespace|struct|class|enum|extern|union|return|case"
HEAD = re.compile(rf"( {{0,2}})(?!(?:{NO_TYPE})\b)(?!.*\[[&=\w]*\]\()[\w~:<>].*\(")


def tracked() -> list[tuple[str, Path]]:
    """(mode, path) of every file under version control."""
    listed = subprocess.run(["git", "ls-files", "-s", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("this is no git checkout")
    entries = [entry.partition("\t") for entry in listed.stdout.split("\0") if entry]
    return [(about.split()[0], ROOT / name) for about, _, name in entries]


def sources() -> list[Path]:
    return [path for _, path in tracked() if path.suffix in SOURCES and path.is_file()]


def functions_of_python(text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.end_lineno - node.lineno + 1


def functions_of_c(text: str) -> Iterator[tuple[str, int]]:
    lines = text.splitlines()
    for first, line in enumerate(lines):
        head = None if lines[first - 1].endswith("\\") else HEAD.match(line)  # not what a macro stands for
        end_of_head = next((k for k in range(first, len(lines)) if lines[k].endswith(("{", ";", "}"))), None)
        if head and end_of_head is not None and lines[end_of_head].endswith("{"):
            last = next((k for k in range(end_of_head, len(lines)) if lines[k].startswith(head[1] + "}")), first)
            yield line.strip(), last - first + 1


def test_no_file_is_a_link():
    """A link leads out of the repository, or to a folder of somebody's machine."""
    assert [path for mode, path in tracked() if mode == "120000"] == []


def test_no_file_is_longer_than_400_lines():
    lengths = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert len(lengths) > 500
    assert {path: n for path, n in lengths.items() if n > MOST_LINES_OF_A_FILE} == {}


def test_no_function_is_longer_than_60_lines():
    found, longer = 0, {}
    for path in sources():
        readers = {".py": functions_of_python}
        readers |= dict.fromkeys((".c", ".h", ".cpp", ".hpp", ".cu"), functions_of_c)
        if path.suffix not in readers:
            continue
        for name, length in readers[path.suffix](path.read_text(encoding="utf-8")):
            found += 1
            if length > MOST_LINES_OF_A_FUNCTION:
                longer[f"{path.relative_to(ROOT)}: {name}"] = length
    assert found > 5000 and longer == {}


def test_lengths_are_counted():
    assert list(functions_of_python("def f():\n    a\n    b\n")) == [("f", 3)]
    text = "int f(int a,\n      int b) {\n  if (a) {\n    b;\n  }\n  return a;\n}\n"
    text += "struct S {\n  void g() {\n    a;\n  }\n};\n#define M(x) \\\n  f(x, sizeof(x))\nint h() {}\n"
    assert list(functions_of_c(text)) == [("int f(int a,", 7), ("void g() {", 3)]
