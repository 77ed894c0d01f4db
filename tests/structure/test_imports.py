"""Who may import whom: what needs an arrow upwards belongs into another folder."""

from __future__ import annotations

import re

import import_graph
import pytest

MODULES = import_graph.module_graph()
CPP = import_graph.cpp_graph()
SHARED_OPTIONS = "training.stages.arguments"


def arrows(source: str, *targets: str) -> list[str]:
    """Imports of modules below `source` from those below a target, as "file:line imports module"."""

    def below(name: str, package: str) -> bool:
        return name == package or name.startswith(package + ".")

    return [
        f"{where} imports {name}"
        for module, imported in MODULES.items()
        for name, where in imported.items()
        if below(module, source) and any(below(name, target) for target in targets)
    ]


def test_no_python_module_imports_itself_by_a_detour():
    assert import_graph.circles(MODULES) == []


def test_no_circle_between_python_folders():
    assert import_graph.circles(import_graph.grouped(MODULES, import_graph.room_of)) == []


def test_no_circle_between_cpp_folders():
    assert import_graph.circles(CPP) == []


@pytest.mark.parametrize(
    ("source", "targets"),
    [
        ("training", ("diffusiontalker.trt_build", "diffusiontalker.native", "benchmarks")),
        ("diffusiontalker", ("training", "benchmarks")),
    ],
)
def test_packages_keep_apart(source, targets):
    assert arrows(source, *targets) == []


def test_no_training_stage_imports_another():
    """What two stages need is a loss, a network or a way to make one ready: it belongs to losses, models, fitting."""
    stages = {name for name in MODULES if re.fullmatch(r"training\.stages\.\w+", name)} - {SHARED_OPTIONS}
    assert len(stages) > 8
    assert {name: sorted(stages & set(MODULES[name])) for name in stages if stages & set(MODULES[name])} == {}


def test_no_other_room_of_training_imports_a_stage():
    wrong = [line for line in arrows("training", "training.stages") if not line.startswith("training/stages/")]
    assert wrong == []


def test_the_package_takes_trt_build_by_its_door_only():
    inside = [
        line for line in arrows("diffusiontalker", "diffusiontalker.trt_build") if not line.startswith("trt_build/")
    ]
    assert inside and all(line.endswith(" imports diffusiontalker.trt_build") for line in inside), inside


def test_cpp_folders_include_only_what_cmake_builds_before_them():
    cmake = (import_graph.ROOT / "csrc" / "CMakeLists.txt").read_text()
    floors = ["include", *re.findall(r"^\s*add_subdirectory\((\S+?)[\s)]", cmake, re.MULTILINE)]
    wrong = [
        f"{where}: {source} includes {target}"
        for source, targets in CPP.items()
        for target, where in targets.items()
        if floors.index(target) >= floors.index(source)
    ]
    assert wrong == []


def test_the_graph_sees_what_is_there():
    """A reader that found nothing would pass everything above."""
    assert "diffusiontalker.spec.sampler" in MODULES["training.export.bundle"]
    assert "diffusiontalker.errors" in MODULES["diffusiontalker.native"]
    assert "diffusiontalker.trt_build.graph.half" in MODULES["diffusiontalker.trt_build.engine.build_plan"]
    assert CPP["core"]["common"].startswith("csrc/core/")
    ring = {"a": {"b": "a.py:1"}, "b": {"c": "b.py:2"}, "c": {"a": "c.py:3"}}
    assert import_graph.circles(ring) == ["a -> b (a.py:1), b -> c (b.py:2), c -> a (c.py:3)"]


def test_every_way_to_import_is_seen(tmp_path):
    path = tmp_path / "m.py"
    path.write_text(
        "import one.two\nfrom three import four\nfrom ..up import five\nfrom . import beside\n"
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import hidden\n"
        "def f():\n    import inside\n    importlib.import_module('by.name')\n"
    )
    found = {name for name, _ in import_graph.imported_names(path, "pkg.sub.m")}
    assert found == {
        "one.two", "three.four", "pkg.up.five", "pkg.sub.beside", "typing.TYPE_CHECKING", "inside", "by.name",
    }  # fmt: skip
