"""Packs the extension for Blender as the .zip that its preferences install."""

from __future__ import annotations

import zipfile
from pathlib import Path

from diffusiontalker.io.atomic import atomic_writer
from diffusiontalker.version import __version__

FOLDER = Path(__file__).parent / "extension"
MANIFEST = "blender_manifest.toml"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def build_extension(path: str | Path, *, force: bool = False) -> None:
    """Writes the extension. The same version gives the same bytes.
    force: replace a file that exists.   Raises OutputError: the file exists, or cannot be written.
    """
    with atomic_writer(Path(path), force) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files().items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, text)


def files() -> dict[str, str]:
    """Name -> text of everything that the .zip holds."""
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.py"))}
    manifest = (FOLDER / MANIFEST).read_text(encoding="utf-8")
    return {MANIFEST: manifest.replace("@VERSION@", blender_version(__version__)), **found}


def blender_version(version: str) -> str:
    """The version as three numbers, which the manifest takes: of 1.2.0.dev3 it is 1.2.0-dev3."""
    numbers: list[str] = []
    rest = version.replace("+", ".").split(".")
    while rest and rest[0].isdigit() and len(numbers) < 3:
        numbers.append(rest.pop(0))
    numbers += ["0"] * (3 - len(numbers))
    return ".".join(numbers) + (f"-{'.'.join(rest)}" if rest else "")
