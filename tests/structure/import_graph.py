"""Reads who imports whom from source files, of Python and of C++, without running any of it."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Folder in the repository -> the name that it is imported by.
PACKAGES = {
    "python/diffusiontalker": "diffusiontalker",
    "trt_build": "diffusiontalker.trt_build",
    "training": "training",
    "benchmarks": "benchmarks",
}
Graph = dict[str, dict[str, str]]  # importer -> what it imports -> an example, "file:line"


def python_modules() -> dict[str, Path]:
    """Name of every module of ours -> its file."""
    found = {}
    for folder, package in PACKAGES.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join((package, *(parts[:-1] if parts[-1] == "__init__" else parts)))] = path
    return found


def imported_names(path: Path, module: str) -> Iterator[tuple[str, int]]:
    """(dotted name, line) of every import in a file, inside of functions too; those for type checkers only do not
    count. `from a import b` gives a.b, and so does importlib.import_module("a.b")."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    hidden = {id(n) for test in ast.walk(tree) if _is_for_types(test) for n in ast.walk(test)}
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "import_module":
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value, node.lineno


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"


def module_graph() -> Graph:
    """Imports between our modules."""
    modules = python_modules()
    graph: Graph = {}
    for module, path in modules.items():
        for name, line in imported_names(path, module):
            target = name
            while target and target not in modules:
                target = target.rpartition(".")[0]
            if target and target != module:
                graph.setdefault(module, {}).setdefault(target, f"{path.relative_to(ROOT)}:{line}")
    return graph


def room_of(module: str) -> str:
    """The folder that a module belongs to, as far down as folders hold subjects: diffusiontalker.io,
    diffusiontalker.trt_build.sets, training.data. A module beside such folders is a room of its own."""
    depth = 3 if module.startswith("diffusiontalker.trt_build") else 2
    return ".".join(module.split(".")[:depth])


def grouped(graph: Graph, group) -> Graph:
    """The same arrows between groups; group: module -> name of its group."""
    out: Graph = {}
    for source, targets in graph.items():
        for target, where in targets.items():
            if group(source) != group(target):
                out.setdefault(group(source), {}).setdefault(group(target), where)
    return out


def circles(graph: Graph) -> list[str]:
    """One line per circle that a depth-first walk meets: every arrow with an example."""
    found, state, trail = [], {}, []

    def visit(node: str) -> None:
        state[node] = "open"
        trail.append(node)
        for target in graph.get(node, {}):
            if state.get(target) == "open":
                ring = [*trail[trail.index(target) :], target]
                pairs = itertools.pairwise(ring)
                found.append(", ".join(f"{a} -> {b} ({graph[a][b]})" for a, b in pairs))
            elif target not in state:
                visit(target)
        trail.pop()
        state[node] = "done"

    for node in list(graph):
        if node not in state:
            visit(node)
    return found


def cpp_graph() -> Graph:
    """#include "room/.." between the folders of csrc. A folder of backends/ is a room of its own."""
    csrc = ROOT / "csrc"
    graph: Graph = {}
    for path in sorted(csrc.rglob("*")):
        if path.suffix not in (".h", ".hpp", ".cpp", ".cu", ".cuh", ".c"):
            continue
        source = cpp_room(path.relative_to(csrc).as_posix())
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if (match := re.match(r'\s*#\s*include\s+"([^"]+)"', line)) is None:
                continue
            target = cpp_room(match[1]) if "/" in match[1] else source
            if target != source:
                graph.setdefault(source, {}).setdefault(target, f"{path.relative_to(ROOT)}:{number}")
    return graph


def cpp_room(path: str) -> str:
    """Room of a header as it is included, or of a file below csrc."""
    parts = path.split("/")
    if parts[0] in ("include", "dt"):
        return "include"
    return "/".join(parts[:2]) if parts[0] == "backends" else parts[0]
