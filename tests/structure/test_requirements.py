"""The locked requirements: hashes for everything, from no index but the usual one, and in step with pyproject.toml."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "requirements"
LOCKS = sorted(FOLDER.glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINUX = {"sys_platform": "linux", "platform_machine": "x86_64", "python_version": "3.11", "extra": ""}
OF_LOCKS = {
    "tests": ["dev", "train", "video", "corpus", "cuda-compile", "docs", "usd", "draco", "serve"],
    "runtime": [],
}


def blocks(lock: Path) -> dict[str, tuple[str, list[str]]]:
    """Name -> (version, hashes)."""
    text = re.sub(r"^\s*#.*$", "", lock.read_text(), flags=re.M).replace("\\\n", " ")
    found = {}
    for line in filter(str.strip, text.splitlines()):
        name, version = re.match(r"([\w.-]+)==([^\s;]+)", line).groups()
        found[name] = (version, re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line))
    return found


def test_there_is_a_lock_for_each_use():
    assert {lock.stem for lock in LOCKS} == {"build", "release", "runtime", "tests", "wheels"}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_package_has_hashes_and_no_index_is_named(lock):
    packages = blocks(lock)
    assert len(packages) > 5
    assert not [name for name, (_, hashes) in packages.items() if not hashes]
    assert not re.search(r"--(extra-)?index-url|--find-links|https?://|file:| @ ", lock.read_text())


@pytest.mark.parametrize("name", OF_LOCKS)
def test_the_lock_has_what_the_project_asks_for(name):
    wanted = list(PROJECT["project"]["dependencies"])
    for extra in OF_LOCKS[name]:
        wanted += PROJECT["project"]["optional-dependencies"][extra]
    check(blocks(FOLDER / f"{name}.txt"), wanted)


def test_the_locks_have_what_their_own_lists_and_the_build_ask_for():
    for source in sorted(FOLDER.glob("*.in")):
        lines = [line.split("#")[0].strip() for line in source.read_text().splitlines()]
        check(blocks(source.with_suffix(".txt")), filter(None, lines))
    for name in ("build", "tests"):
        check(blocks(FOLDER / f"{name}.txt"), PROJECT["build-system"]["requires"])


def check(packages, wanted) -> None:
    for text in wanted:
        requirement = Requirement(text)
        if requirement.name == "diffusiontalker" or (requirement.marker and not requirement.marker.evaluate(LINUX)):
            continue
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert name in packages, f"{text} is not locked: bash .github/requirements/lock.sh"
        version = Version(packages[name][0])
        assert requirement.specifier.contains(version, prereleases=True), f"{text} is locked to {version}"
