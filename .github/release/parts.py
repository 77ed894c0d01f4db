"""Where every file of a wheel comes from, and under which licence."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

OURS = "Apache-2.0"
BINARY = re.compile(r"\.(so|dll|pyd|dylib)(\.|$)")


@dataclass(frozen=True)
class Origin:
    """Who made a file, and under which licence (SPDX); compiled-in code of others beside ours."""

    what: str
    licence: str


@dataclass(frozen=True)
class CompiledIn:
    """Code of others in our binaries, whose notice is in THIRD-PARTY-NOTICES.md."""

    name: str
    package: str  # on PyPI, from which builds take the headers
    licence: str
    heading: str  # of the notice
    url: str


COMPILED_IN = (
    CompiledIn(
        "JSON for Modern C++", "nlohmann-json", "MIT", "JSON for Modern C++", "https://github.com/nlohmann/json"
    ),
    CompiledIn("pybind11", "pybind11", "BSD-3-Clause", "pybind11", "https://github.com/pybind/pybind11"),
)


class UnknownFileError(ValueError):
    """A file of the wheel whose licence nobody has named."""


def _code(name: str) -> Origin | None:
    file = PurePosixPath(name)
    if BINARY.search(file.name) and file.name.startswith("_native"):
        return Origin("our code, with JSON for Modern C++ and pybind11 compiled in", f"{OURS} AND MIT AND BSD-3-Clause")
    if BINARY.search(file.name) and "diffusiontalker" in file.name:
        return Origin("our code, with JSON for Modern C++ compiled in", f"{OURS} AND MIT")
    if file.suffix in (".py", ".pyi", ".h", ".hpp", ".cmake", ".pc", ".lib", ".toml") or file.name == "py.typed":
        return Origin("our code", OURS)
    return None


def origin_of(name: str, bundles: dict[str, str]) -> Origin:
    """name: path inside the wheel, with "/".   bundles: their licences by the name of their folder.
    Raises UnknownFileError."""
    parts = PurePosixPath(name).parts
    if parts[0].endswith(".dist-info"):
        return Origin("about the package", OURS)
    if parts[0] != "diffusiontalker":
        raise UnknownFileError(f"{name} lies outside of the package: it is somebody's, and has no licence here")
    if parts[1] == "bundles" and len(parts) > 3 and parts[2] in bundles:
        return Origin(f"the bundle {parts[2]}, trained by us; its README.md names the recordings", bundles[parts[2]])
    if parts[1] == "assets" and parts[2] in ("client", "page", "studio"):
        return Origin("our code of pages", OURS)
    if parts[1] == "assets":
        return Origin("the built-in head, made of MakeHuman's; README.md beside it", "CC0-1.0")
    origin = _code(name)
    if origin is None:
        raise UnknownFileError(f"{name} is of a kind that no licence is named for")
    return origin


def bundles_of(wheel: zipfile.ZipFile) -> dict[str, str]:
    """The licences of the bundles that a wheel carries, by the name of their folder."""
    found = {}
    for name in wheel.namelist():
        match = re.fullmatch(r"diffusiontalker/bundles/([^/]+)/bundle\.json", name)
        if match:
            found[match[1]] = json.loads(wheel.read(name))["license"]
    return found


def missing_notices(notices: str) -> list[str]:
    """Names of compiled-in code whose notice is not in THIRD-PARTY-NOTICES.md."""
    return [part.name for part in COMPILED_IN if not re.search(rf"^## {re.escape(part.heading)}(?!\w)", notices, re.M)]
