"""python -m release.licences WHEEL: the licence of every file in a wheel and of what it depends on, as Markdown.

What it depends on has to be installed beside (.github/requirements/runtime.txt). Exit status: 0; 1 when a file or a
dependency has no licence that is known here, or a notice is missing; 2 when the wheel cannot be read.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import re
import sys
import zipfile
from collections import defaultdict
from email.parser import Parser
from pathlib import Path

from release.parts import COMPILED_IN, Origin, UnknownFileError, bundles_of, missing_notices, origin_of


def licence_of(package: str) -> str:
    """As its metadata says it; "" where they say nothing."""
    about = importlib.metadata.metadata(package)
    classifiers = [c.split(" :: ")[-1] for c in about.get_all("Classifier") or [] if c.startswith("License")]
    text = " ".join(about.get_all("License") or []).strip().splitlines()[:1]
    return " ".join(about.get_all("License-Expression") or classifiers or text)


def dependencies(metadata: str) -> list[str]:
    """Names of what the wheel needs without extras, and of what that needs, as it is installed here."""
    waiting, found = list(Parser().parsestr(metadata).get_all("Requires-Dist") or []), []
    while waiting:
        requirement = waiting.pop()
        if "extra ==" in requirement:
            continue
        name = re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")  # type: ignore[index]
        if name in found:
            continue
        try:
            waiting += importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            if ";" in requirement:  # for another system or Python
                continue
        found.append(name)
    return sorted(found)


def report(wheel: zipfile.ZipFile) -> tuple[str, list[str]]:
    """The text, and sentences on what is missing."""
    bundles, faults = bundles_of(wheel), []
    files: dict[Origin, list[str]] = defaultdict(list)
    for name in sorted(n for n in wheel.namelist() if not n.endswith("/")):
        try:
            files[origin_of(name, bundles)].append(name)
        except UnknownFileError as e:
            faults.append(str(e))
    about = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
    notices = [n for n in wheel.namelist() if n.endswith("THIRD-PARTY-NOTICES.md")]
    text = wheel.read(notices[0]).decode() if notices else ""
    faults += [f"THIRD-PARTY-NOTICES.md of the wheel has no notice for {name}" for name in missing_notices(text)]
    lines = ["# Licences of the wheel", "", "| what | licence | files |", "|---|---|---|"]
    lines += [f"| {o.what} | {o.licence} | {len(n)} |" for o, n in sorted(files.items(), key=lambda i: -len(i[1]))]
    lines += ["", "Code of others that is compiled into it (THIRD-PARTY-NOTICES.md):", ""]
    lines += [f"- {part.name}, {part.licence}, {part.url}" for part in COMPILED_IN]
    lines += ["", "What pip installs beside it, under its own licence:", "", "| package | licence |", "|---|---|"]
    for name in dependencies(wheel.read(about).decode()):
        try:
            licence = licence_of(name)
        except importlib.metadata.PackageNotFoundError:
            licence = ""
            faults.append(f"{name} is not installed: pip install --require-hashes -r .github/requirements/runtime.txt")
        if not licence and not any(name in fault for fault in faults):
            faults.append(f"{name} names no licence")
        lines.append(f"| {name} | {licence or 'unknown'} |")
    lines += ["", "Wheels of soundfile hold libsndfile: LGPL-2.1-or-later."]
    lines += ["The extra `video` installs PyAV, whose wheels hold FFmpeg with x264: GPL-2.0-or-later.", ""]
    return "\n".join(lines), faults


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m release.licences", description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, help="Markdown file (default: standard output)")
    args = parser.parse_args(argv)
    try:
        with zipfile.ZipFile(args.wheel) as wheel:
            text, faults = report(wheel)
    except (OSError, zipfile.BadZipFile, StopIteration, KeyError) as e:
        print(f"error: {args.wheel} is no wheel that can be read: {e}", file=sys.stderr)
        return 2
    if args.out:
        args.out.write_text(text, encoding="utf-8")
    else:
        print(text)
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
