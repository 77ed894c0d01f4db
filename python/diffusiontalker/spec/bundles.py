"""Finding and describing bundles (docs/bundle-format.md) without loading them."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from pathlib import Path

from diffusiontalker.errors import BundleError
from diffusiontalker.names import known_name, suggestion

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
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                if (path / DESCRIPTION).is_file():
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
    if (path / DESCRIPTION).is_file() or path.is_file():
        return path
    if path.is_dir():
        raise BundleError(f"{path} is not a bundle: it has no {DESCRIPTION}")
    if (spelled := known_name(str(name_or_path), known)) is not None:
        return known[spelled]
    names = ", ".join(known) or "none"
    raise BundleError(
        f"there is no bundle '{name_or_path}'{suggestion(str(name_or_path), known) or ':'} known names are {names}; "
        "otherwise give the path of a bundle folder, or "
        f"set {ENVIRONMENT_VARIABLE} to the folder that holds yours"
    )


def inside(bundle: Path, name: str) -> Path | zipfile.Path:
    """Path of a file of a bundle folder or packed bundle. Raises BundleError for a file that is no packed bundle."""
    if bundle.is_dir():
        return bundle / name
    try:
        return zipfile.Path(bundle, name)
    except (OSError, zipfile.BadZipFile) as e:
        raise BundleError(f"{bundle} is not a packed bundle: {e}") from e


def pack(folder: Path, target: Path) -> None:
    """Writes a bundle folder as one file, an uncompressed ZIP of the files that bundle.json lists; the same folder
    gives the same bytes.   Raises BundleError for a folder that is not whole, OSError when target cannot be written.
    """
    description = read_description(folder)
    problems = file_problems(folder, description)
    if problems:
        raise BundleError(f"{folder} is not whole: {problems[0]}; get the bundle again")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
        for name in (DESCRIPTION, *sorted(description["files"])):
            archive.writestr(zipfile.ZipInfo(name), inside(folder, name).read_bytes())  # ZipInfo: always 1980-01-01


def read_description(folder: Path) -> dict:
    """The parsed bundle.json of a bundle folder or packed bundle. Raises BundleError when it cannot be read."""
    path = inside(folder, DESCRIPTION)
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, KeyError) as e:
        raise BundleError(f"{path} cannot be read: {getattr(e, 'strerror', None) or e}") from e
    except ValueError as e:
        raise BundleError(f"{path} is not valid JSON: {e}") from e
    if not isinstance(description, dict) or description.get("format") != "diffusiontalker-bundle":
        raise BundleError(f'{path} does not describe a bundle: "format" is not "diffusiontalker-bundle"')
    return description


def file_problems(folder: Path, description: dict) -> list[str]:
    """Compares the listed files with their size and SHA-256; one sentence per problem, [] when all are whole."""
    problems = []
    for name, expected in description.get("files", {}).items():
        path = inside(folder, name)
        try:
            with path.open("rb") as f:
                size = f.seek(0, os.SEEK_END)
                if size != expected["size_bytes"]:
                    problems.append(f"{name} has {size} bytes, expected {expected['size_bytes']}")
                    continue
                f.seek(0)
                digest = hashlib.sha256()
                while block := f.read(1 << 20):
                    digest.update(block)
            if digest.hexdigest() != expected["sha256"]:
                problems.append(f"{name} is damaged: its SHA-256 is not the listed one")
        except OSError as e:
            problems.append(f"{name} cannot be read: {e.strerror}")
        except (KeyError, TypeError):
            problems.append(f"{name} is listed without its size and SHA-256")
    return problems
