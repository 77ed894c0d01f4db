"""The user's folder of engine sets: one folder per identity, made whole beside its place and then moved there."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from diffusiontalker.errors import EngineError, OutputError
from diffusiontalker.io.atomic import cause_of
from trt_build.manifest.sidecar import NAME, EngineSet, read

PARTIAL = ".partial"


def cache_folder() -> Path:
    """The user's cache of this program; nothing is made."""
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "diffusiontalker"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "diffusiontalker"


def engines_folder() -> Path:
    return cache_folder() / "engines"


def timing_folder() -> Path:
    return cache_folder() / "timing"


@contextlib.contextmanager
def new_set(folder: Path) -> Iterator[Path]:
    """Gives an empty folder to fill; when the block ends without an error it becomes `folder`, in place of an engine
    set or empty folder that is there. Any error leaves what was there.
    Raises OutputError: disk full, not writable, or `folder` holds something else than an engine set."""
    temporary: Path | None = None
    try:
        if folder.exists() and not _replaceable(folder):
            raise OutputError(f"{folder} holds files that are no engine set: give another folder")
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name[:60]}.", suffix=PARTIAL, dir=folder.parent))
        yield temporary
        temporary.chmod(0o755)
        _exchange(temporary, folder)
    except OSError as e:
        raise OutputError(f"{folder} cannot be written: {cause_of(e)}") from e
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _replaceable(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    return all(p.is_file() and (p.name == NAME or p.suffix == ".plan") for p in folder.iterdir())


def _exchange(new: Path, folder: Path) -> None:
    """Puts `new` in place of `folder`. What was there lies in `new` afterwards, if anything."""
    if not folder.exists():
        new.rename(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name[:60]}.", suffix=PARTIAL, dir=folder.parent))
    try:
        folder.rename(old / "set")
        try:
            new.rename(folder)
        except OSError:
            (old / "set").rename(folder)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def set_folders(root: Path | None = None) -> list[Path]:
    """Folders of the cache that hold an engine set, whole or not."""
    root = root or engines_folder()
    if not root.is_dir():
        return []
    return sorted(p for p in root.iterdir() if p.is_dir() and (p / NAME).exists())


def leftovers(root: Path | None = None) -> list[Path]:
    """What interrupted builds left, or builds that run just now."""
    root = root or engines_folder()
    return sorted(p for p in root.glob(f".*{PARTIAL}") if p.is_dir()) if root.is_dir() else []


def read_all(root: Path | None = None) -> list[tuple[Path, EngineSet | EngineError]]:
    """Every set of the cache, or the error of a set that cannot be read."""
    found: list[tuple[Path, EngineSet | EngineError]] = []
    for folder in set_folders(root):
        try:
            found.append((folder, read(folder)))
        except EngineError as e:
            found.append((folder, e))
    return found


def remove(folder: Path) -> int:
    """Deletes an engine set, or what a broken build left. Returns the bytes that became free.
    Raises OutputError when it holds anything else, or cannot be deleted."""
    if not folder.name.endswith(PARTIAL) and not _replaceable(folder):
        raise OutputError(f"{folder} holds files that are no engine set: delete it yourself")
    n_bytes = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    try:
        shutil.rmtree(folder)
    except OSError as e:
        raise OutputError(f"{folder} cannot be deleted: {cause_of(e)}") from e
    return n_bytes
