"""Whether an environment has this tree installed: python tests/install_stamp.py ask|write FILE WORDS

`ask` prints `nothing`, `package` or `all`: what has to be installed. `write` notes in FILE what is installed now.
`build-requirements` prints what builds the package with its backends for processors, a line each; `requirements
EXTRA..` what it and its extras need. WORDS: what else the environment was made for, such as the extras. Only what comes
with Python is used."""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What the wheel is made of. Of these, PROJECT also names what else is installed.
PROJECT = "pyproject.toml"
SOURCES = (
    "CMakeLists.txt", "LICENSE", "README.md", "THIRD-PARTY-NOTICES.md", PROJECT, "setup.py",
    "csrc", "python", "trt_build",
)  # fmt: skip
MADE = ("__pycache__", "*.egg-info", "*.so", "*.dylib", "*.dll", "diffusiontalker/lib", "diffusiontalker/include")


def source_files(root: Path) -> Iterator[Path]:
    """Every file below `root` that goes into the wheel, in one order on all machines; not what a build has left."""
    for name in SOURCES:
        top = root / name
        for path in sorted(p for p in (top.rglob("*") if top.is_dir() else [top]) if p.is_file()):
            where = path.relative_to(root)
            if not any(part.match(pattern) for part in (where, *where.parents) for pattern in MADE):
                yield path


def digest(paths: Iterator[Path] | list[Path], root: Path) -> str:
    """SHA-256 over names and contents."""
    total = hashlib.sha256()
    for path in paths:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return total.hexdigest()


def installed() -> str:
    """What tells one installation of the package from the next; "" where there is none."""
    try:
        files = importlib.metadata.files("diffusiontalker") or []
    except importlib.metadata.PackageNotFoundError:
        return ""
    records = [Path(str(f.locate())) for f in files if f.name == "RECORD"]
    return "".join(f"{path.resolve()} {os.stat(path).st_mtime_ns}" for path in records if path.is_file())


def state(root: Path, words: list[str]) -> dict[str, str]:
    """Of the tree and the environment as they are."""
    return {
        "package": digest(source_files(root), root),
        "project": digest([root / PROJECT], root),
        "words": " ".join(words),
        "installed": installed(),
    }


def wanted(before: dict[str, str], now: dict[str, str]) -> str:
    """before: the stamp, {} where there is none.   Returns what has to be installed."""
    if not now["installed"] or any(before.get(key) != now[key] for key in ("project", "words")):
        return "all"
    return "nothing" if before == now else "package"


def project(root: Path) -> dict:
    """Content of pyproject.toml."""
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        from pip._vendor import tomli as tomllib
    return tomllib.loads((root / PROJECT).read_text())


def build_requirements(root: Path) -> list[str]:
    """Requirements of pyproject.toml's [build-system], and OpenVINO, whose backend the tests want."""
    content = project(root)
    return [*content["build-system"]["requires"], *content["project"]["optional-dependencies"]["openvino"]]


def requirements(root: Path, extras: list[str]) -> list[str]:
    """Of the package with these extras; an extra may name others of the package. Raises KeyError: no such extra."""
    content = project(root)["project"]
    found, waiting = list(content["dependencies"]), list(extras)
    own = re.compile(rf"{re.escape(content['name'])}\[([^]]*)\]$")
    for extra in waiting:
        for text in content["optional-dependencies"][extra]:
            others = own.match(text)
            if others:
                waiting += [name.strip() for name in others[1].split(",") if name.strip() not in waiting]
            else:
                found.append(text)
    return list(dict.fromkeys(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("ask", "write", "build-requirements", "requirements"))
    parser.add_argument("words", nargs="*", metavar="FILE WORDS")
    args = parser.parse_args()
    if args.action == "build-requirements":
        print("\n".join(build_requirements(ROOT)))
        return
    if args.action == "requirements":
        print("\n".join(requirements(ROOT, args.words)))
        return
    if not args.words:
        parser.error("FILE is missing")
    file, now = Path(args.words[0]), state(ROOT, args.words[1:])
    if args.action == "write":
        file.write_text(json.dumps(now, indent=1) + "\n")
        return
    try:
        before = json.loads(file.read_text())
    except (OSError, ValueError):
        before = {}
    print(wanted(before, now))


if __name__ == "__main__":
    main()
