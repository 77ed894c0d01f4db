"""The test run itself: what it installs again, how it runs parts beside each other, and that it forgets no test."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import install_stamp
import pytest
import run_parts

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path):
    """The small files and one of each folder that go into the wheel."""
    for name in install_stamp.SOURCES:
        if (ROOT / name).is_dir():
            (tmp_path / name / "deep").mkdir(parents=True)
            (tmp_path / name / "deep" / "file.py").write_text(name)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_stamp_changes_with_every_source_and_with_nothing_else(tree):
    now = install_stamp.state(tree, ["dev"])
    for name in install_stamp.SOURCES:
        path = tree / name if (tree / name).is_file() else tree / name / "deep" / "file.py"
        before = path.read_text()
        path.write_text(before + "\n")
        assert install_stamp.state(tree, ["dev"])["package"] != now["package"], name
        path.write_text(before)
    made = ("python/__pycache__/x.pyc", "python/diffusiontalker/lib/x", "csrc/x.so")
    for left in ("tests/test_x.py", "docs/x.md", *made):
        (tree / left).parent.mkdir(parents=True, exist_ok=True)
        (tree / left).write_text("x")
    assert install_stamp.state(tree, ["dev"]) == now
    (tree / "python" / "deep" / "new.py").write_text("")
    assert install_stamp.state(tree, ["dev"])["package"] != now["package"]


def test_what_is_installed_again_depends_on_what_changed():
    now = {"package": "a", "project": "b", "words": "dev", "installed": "c"}
    assert install_stamp.wanted(now, now) == "nothing"
    assert install_stamp.wanted({**now, "package": "x"}, now) == "package"
    assert install_stamp.wanted({**now, "installed": "x"}, now) == "package"  # somebody has installed another one
    assert install_stamp.wanted({**now, "project": "x"}, now) == "all"  # what it needs may have changed
    assert install_stamp.wanted({**now, "words": "x"}, now) == "all"
    assert install_stamp.wanted({}, now) == install_stamp.wanted(now, {**now, "installed": ""}) == "all"


def test_the_build_requirements_are_those_of_the_package(tmp_path):
    extras = '[project.optional-dependencies]\nopenvino = ["c==1"]\n'
    (tmp_path / install_stamp.PROJECT).write_text(f'[build-system]\nrequires = ["a>=1", "b"]\n{extras}')
    assert install_stamp.build_requirements(tmp_path) == ["a>=1", "b", "c==1"]
    assert any(line.startswith("pybind11") for line in install_stamp.build_requirements(ROOT))


def test_the_requirements_are_those_of_the_package_and_its_extras(tmp_path):
    text = """[project]
name = "p"
dependencies = ["a>=1", "b"]
[project.optional-dependencies]
x = ["p[y, z]", "c"]
y = ["d", "b"]
z = ["p[y]"]
"""
    (tmp_path / install_stamp.PROJECT).write_text(text)
    assert install_stamp.requirements(tmp_path, ["x"]) == ["a>=1", "b", "c", "d"]
    assert install_stamp.requirements(tmp_path, []) == ["a>=1", "b"]
    with pytest.raises(KeyError):
        install_stamp.requirements(tmp_path, ["w"])
    found = install_stamp.requirements(ROOT, ["dev"])
    assert any(line.startswith("mkdocs==") for line in found) and not any("diffusiontalker" in line for line in found)


def test_the_stamp_knows_everything_that_the_build_reads():
    """Names of files and folders of the root in setup.py, the build's CMake files and the package's metadata."""
    read = (ROOT / "pyproject.toml").read_text() + (ROOT / "setup.py").read_text()
    for name in ("README.md", "LICENSE", "THIRD-PARTY-NOTICES.md", "python", "trt_build"):
        assert name in read
    subdirectories = re.findall(r"^add_subdirectory\((\w+)\)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)
    assert {name.split("/")[0] for name in subdirectories} <= set(install_stamp.SOURCES)


def test_parts_run_beside_each_other_and_tell_which_failed(tmp_path):
    """Each of the first two waits for the other: one after the other they would wait for ever."""
    meet = "touch {0}/{1}; until [ -e {0}/{2} ]; do sleep 0.02; done; echo {1} is here"
    lines = (
        f"one\t{meet.format(tmp_path, 'a', 'b')}",
        f"two\t{meet.format(tmp_path, 'b', 'a')}",
        "three\techo wrong; exit 3",
    )
    out, times = io.StringIO(), tmp_path / "times"
    failed = run_parts.run_all(run_parts.read_parts("\n".join(lines)), 2, out, times)
    assert failed == ["three"]
    printed = out.getvalue()
    assert all(said in printed for said in ("a is here", "b is here", "wrong", "three failed with exit code 3"))
    assert {line.split("\t")[1] for line in times.read_text().splitlines()} == {"one", "two", "three"}
    with pytest.raises(ValueError, match="is no part"):
        run_parts.read_parts("no tab")


def test_the_command_fails_where_a_part_does(monkeypatch, capsys):
    for text, code in (("good\ttrue\n", 0), ("good\ttrue\nbad\tfalse\n", 1)):
        monkeypatch.setattr(sys, "argv", ["run_parts.py", "--jobs", "1"])
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        assert run_parts.main() == code
    assert "failed: bad" in capsys.readouterr().err


def test_the_whole_run_has_every_test_file():
    """Patterns of tests/run.sh, as the shell and pytest read them."""
    script = (ROOT / "tests" / "run.sh").read_text()
    chain = re.search(r"^chain=(\S+)", script, re.MULTILINE)
    assert chain is not None
    script = script.replace('"$chain"', chain[1])
    seen: list[Path] = []
    quick: list[Path] = []
    for name, words in re.findall(r'python_tests "([^"]+)" (.+?)(?:; fi| #.*)?$', script, re.MULTILINE):
        found = files_of(words.split())
        if name.startswith("quick ones"):  # of a fast run, in place of several parts
            quick += found
        else:
            seen += found
    every = sorted((ROOT / "tests").rglob("test_*.py"))
    assert sorted(seen) == every  # each of them, and none twice
    assert sorted(quick) == sorted((ROOT / "tests" / "py_training").glob("test_*.py"))


def files_of(words: list[str]) -> list[Path]:
    """Test files of pytest's arguments: paths, patterns of the shell, --ignore and --ignore-glob."""
    found: list[Path] = []
    left_out: list[Path] = []
    patterns: list[str] = []
    k = 0
    while k < len(words):
        if words[k] in ("--ignore", "--ignore-glob"):
            value = words[k + 1].strip("'")
            if words[k] == "--ignore":
                left_out.append(ROOT / value)
            else:
                patterns.append(value)
            k += 2
            continue
        for path in ROOT.glob(words[k]):
            found += sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
        k += 1
    return [p for p in found if p not in left_out and not any(p.match(pattern) for pattern in patterns)]


@pytest.fixture
def stand_ins(tmp_path):
    """Runs tests/run.sh with tools that only note their words: (exit code, what was printed, calls)."""
    tools, calls = tmp_path / "venv" / "bin", tmp_path / "calls"
    tools.mkdir(parents=True)
    note = f'echo "$(basename "$0") $*" >> {calls}; case "$*" in *"${{FAULT:-no fault}}"*) exit 1;; esac\n'
    for name in ("cmake", "ctest", "ruff", "mypy", "clang-format", "npm", "abidw", "abidiff", "clang-tidy"):
        (tools / name).write_text("#!/bin/bash\n" + note)
    (tools / "python").write_text(f'#!/bin/bash\ncase "$1" in tests/*) exec {sys.executable} "$@";; esac\n' + note)
    for tool in tools.iterdir():
        tool.chmod(0o755)

    def run(*words: str, fault: str = "no fault") -> tuple[int, str, list[str]]:
        calls.write_text("")
        environment = os.environ | {
            "VIRTUAL_ENV": str(tmp_path / "venv"), "DT_TEST_BUILD": str(tmp_path / "build"), "FAULT": fault,
        }  # fmt: skip
        (tmp_path / "build").mkdir(exist_ok=True)
        (tmp_path / "build" / "compile_commands.json").write_text("[]")
        (tmp_path / "build" / "CMakeCache.txt").write_text("")
        script = ["bash", str(ROOT / "tests" / "run.sh"), *words]
        done = subprocess.run(script, env=environment, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr, calls.read_text().splitlines()

    return run


@pytest.mark.skipif(sys.platform == "win32", reason="the script is for bash")
@pytest.mark.slow
def test_the_fast_run_installs_once_and_leaves_out_what_is_slow(stand_ins):
    code, printed, calls = stand_ins("--fast")
    assert code == 0 and "All tests passed." in printed and "Seconds of each part" in printed
    assert sum("pip install" in call for call in calls) == 3  # what the C++ tests need, the rest, the package
    code, printed, calls = stand_ins("--fast")
    assert code == 0 and "The environment has it already." in printed
    assert not any("pip install" in call for call in calls)
    python_tests = [call for call in calls if "-m pytest" in call]
    assert len(python_tests) >= 6 and all("-m not slow" in call for call in python_tests)
    assert any(call.startswith("ctest") and "--label-exclude slow" in call for call in calls)
    assert any(call.startswith("mypy") for call in calls) and any(call.startswith("ruff check") for call in calls)
    code, printed, calls = stand_ins("--fast", "-k", "cli")
    assert code == 0 and [call for call in calls if "-m pytest" in call] == ["python -m pytest -rs -k cli -m not slow"]


@pytest.mark.skipif(sys.platform == "win32", reason="the script is for bash")
@pytest.mark.slow
def test_the_whole_run_leaves_nothing_out_and_fails_with_any_part(stand_ins):
    code, printed, _ = stand_ins(fault="pip install")
    assert code == 1 and "The tests failed." in printed
    code, printed, calls = stand_ins()
    assert code == 0 and not any("not slow" in call or "exclude" in call for call in calls)
    for part in ("test_end_to_end.py", "tests/examples", "tests/docs", "--test-dir", "--no-build-isolation --no-deps"):
        assert any(part in call for call in calls), part
    assert any(call.startswith("abid") for call in calls)
    for fault in ("tests/docs", "--test-dir", "check ."):
        code, printed, _ = stand_ins(fault=fault)
        assert code == 1 and "The tests failed." in printed, fault
