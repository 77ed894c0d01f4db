"""The user's folder of engine sets: one folder per identity, made whole beside its place and then moved there."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from diffusiontalker.errors import OutputError
from diffusiontalker.io.atomic import atomic_folder, cause_of
from diffusiontalker.io.temporary import PARTIAL_FOLDER
from diffusiontalker.paths import cache_folder
from diffusiontalker.trt_build.sets.sidecar import NAME

KERNELS = "kernels.cache"  # what TensorRT-RTX compiled, which the runtime keeps there (trt_engines.cpp)


def engines_folder() -> Path:
    return cache_folder() / "engines"


def timing_folder() -> Path:
    return cache_folder() / "timing"


@contextlib.contextmanager
def new_set(folder: Path) -> Iterator[Path]:
    """As io.atomic.atomic_folder(); refuses to replace anything but an engine set or an empty folder.
    Raises OutputError: disk full, not writable, or `folder` holds something else."""
    if folder.exists() and not _replaceable(folder):
        raise OutputError(f"{folder} holds files that are no engine set: give another folder")
    with atomic_folder(folder) as place:
        yield place


def _replaceable(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    return all(p.is_file() and _is_ours(p) for p in folder.iterdir())


def _is_ours(file: Path) -> bool:
    return file.name == NAME or file.suffix == ".plan" or file.name.startswith(KERNELS)


def set_folders(root: Path | None = None) -> list[Path]:
    """Folders of the cache that hold an engine set, whole or not."""
    root = root or engines_folder()
    if not root.is_dir():
        return []
    return sorted(p for p in root.iterdir() if p.is_dir() and (p / NAME).exists())


def leftovers(root: Path | None = None) -> list[Path]:
    """What interrupted builds left, or builds that run just now."""
    root = root or engines_folder()
    return sorted(p for p in root.glob(f".*{PARTIAL_FOLDER}") if p.is_dir()) if root.is_dir() else []


def remove(folder: Path) -> int:
    """Deletes an engine set, or what a broken build left. Returns the bytes that became free.
    Raises OutputError when it holds anything else, or cannot be deleted."""
    if not folder.name.endswith(PARTIAL_FOLDER) and not _replaceable(folder):
        raise OutputError(f"{folder} holds files that are no engine set: delete it yourself")
    n_bytes = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    try:
        shutil.rmtree(folder)
    except OSError as e:
        raise OutputError(f"{folder} cannot be deleted: {cause_of(e)}") from e
    return n_bytes
