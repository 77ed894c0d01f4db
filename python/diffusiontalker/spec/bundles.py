"""Finding and describing bundles (docs/bundle-format.md) without loading them."""

from __future__ import annotations

import contextlib
import json
import os
import zipfile
from pathlib import Path

from diffusiontalker.errors import BundleError, InputError
from diffusiontalker.names import known_name, suggestion
from diffusiontalker.native import native

# Folders with bundles in them, separated like PATH.
ENVIRONMENT_VARIABLE = "DIFFUSIONTALKER_BUNDLES"
DESCRIPTION = "bundle.json"


def bundle_folders() -> list[Path]:
    """Where bundle names are looked up, in order: the package, then $DIFFUSIONTALKER_BUNDLES."""
    listed = os.environ.get(ENVIRONMENT_VARIABLE, "")
    return [Path(__file__).parent.parent / "bundles", *(Path(p) for p in listed.split(os.pathsep) if p)]


def available_bundles() -> dict[str, Path]:
    """Name -> folder of every bundle that can be loaded by name; the first folder that has a name wins."""
    found: dict[str, Path] = {}
    for folder in bundle_folders():
        with contextlib.suppress(OSError):  # a folder that may not be read holds none for us
            for path in sorted(folder.iterdir()):
                if _is_there(path / DESCRIPTION):
                    found.setdefault(path.name, path)
    return found


def resolve(name_or_path: str | os.PathLike[str]) -> Path:
    """Path of a bundle given by name or path, a folder or a packed bundle; a known name wins over a path of that
    name.   Raises BundleError that lists the known names.
    """
    known = available_bundles()
    if isinstance(name_or_path, str) and name_or_path in known:
        return known[name_or_path]
    path = Path(name_or_path)
    if _is_there(path / DESCRIPTION) or _is_there(path):
        return path
    if _is_there(path, folder=True):
        raise BundleError(f"{path} is not a bundle: it has no {DESCRIPTION}")
    if (spelled := known_name(str(name_or_path), known)) is not None:
        return known[spelled]
    names = ", ".join(known) or "none"
    raise BundleError(
        f"there is no bundle '{name_or_path}'{suggestion(str(name_or_path), known) or ':'} known names are {names}; "
        "otherwise give the path of a bundle folder, or "
        f"set {ENVIRONMENT_VARIABLE} to the folder that holds yours"
    )


def read_file(bundle: str | os.PathLike[str] | bytes, name: str) -> bytes:
    """A file of a bundle: bundle.json, or one that it lists, whose size and SHA-256 are right. The C++ library reads
    it, by the rules of load(): nothing outside of the bundle, no devices, and no more than bundle.json lists.
    bundle: a folder, a packed bundle, or the bytes of a packed bundle.   Raises BundleError.
    """
    try:
        return native().bundle_read(bundle, name)
    except InputError as e:  # a path that holds a 0, a file that cannot be read
        raise BundleError(str(e)) from e


def check(bundle: str | os.PathLike[str]) -> None:
    """Checks everything that load() checks before a backend sees the networks. bundle: a folder or a packed bundle.
    Raises BundleError that names the first fault."""
    try:
        native().bundle_check(bundle)
    except InputError as e:
        raise BundleError(str(e)) from e


def pack(folder: Path, target: Path) -> None:
    """Writes a bundle as one file, an uncompressed ZIP of the files that bundle.json lists; the same bundle gives the
    same bytes.   Raises BundleError for a bundle that is not whole, OSError when target cannot be written.
    """
    description = checked_description(folder)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
        for name in (DESCRIPTION, *sorted(description["files"])):
            archive.writestr(zipfile.ZipInfo(name), read_file(folder, name))  # ZipInfo: always 1980-01-01


def checked_description(bundle: Path) -> dict:
    """The parsed bundle.json of a bundle that is whole. Raises BundleError that says what is not."""
    description = read_description(bundle)
    if problems := file_problems(bundle, description):
        raise BundleError(f"{bundle} is not whole: {problems[0]}")
    return description


def read_description(bundle: Path) -> dict:
    """The parsed bundle.json of a bundle folder or packed bundle, which is right by itself.
    Raises BundleError when it is not, or cannot be read."""
    text = read_file(bundle, DESCRIPTION)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as e:  # numbers of more than 4300 digits, which C++ reads
        raise BundleError(f"{bundle} has a bundle.json that cannot be read: {e}") from e


def file_problems(bundle: Path, description: dict) -> list[str]:
    """What is wrong with the files of a bundle: their sizes and SHA-256, one sentence for each file, or else the first
    fault of what is in them. [] when the bundle is whole."""
    problems = [problem for name in description["files"] if (problem := _file_problem(bundle, name))]
    if problems:
        return problems
    try:
        check(bundle)
    except BundleError as e:
        return [str(e)]
    return []


def _file_problem(bundle: Path, name: str) -> str:
    try:
        read_file(bundle, name)
    except BundleError as e:
        return str(e)
    return ""


def _is_there(path: Path, folder: bool = False) -> bool:
    """Whether a path is a file, or a folder; one that the system refuses to look at is not."""
    try:
        return path.is_dir() if folder else path.is_file()
    except (OSError, ValueError):
        return False
