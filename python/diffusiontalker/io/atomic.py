"""Output files and folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from diffusiontalker.errors import OutputError

PART, PARTIAL_FOLDER = ".part", ".partial"  # endings of what is being written

_CAUSES = {
    errno.ENOSPC: "the disk is full: free some space, or write to another disk",
    errno.EDQUOT: "your disk quota is used up: free some space, or write to another disk",
    errno.EFBIG: "the file is larger than this disk or session allows: write to another disk",
    errno.EACCES: "the folder is not writable: choose another one",
    errno.EPERM: "the folder is not writable: choose another one",
    errno.EROFS: "the disk is read-only: write to another disk",
    errno.ENOENT: "its folder does not exist: create it first",
    errno.ENOTDIR: "its folder is a file: choose another name",
    errno.EISDIR: "there is a folder of that name: choose another name",
    errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
}


def cause_of(error: OSError) -> str:
    """Why a file could not be written, and what to do."""
    return _CAUSES.get(error.errno or 0, error.strerror or str(error))


@contextlib.contextmanager
def _errors_of(target: Path) -> Iterator[None]:
    """An OSError that is about `target` becomes an OutputError that names it."""
    try:
        yield
    except OSError as e:
        if _is_of_another_place(e, target):
            raise
        raise OutputError(f"{target} cannot be written: {cause_of(e)}") from e


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str], force: bool = False) -> Iterator[Path]:
    """Gives the name of an empty hidden file in the same folder; when the block ends without an error it becomes
    `path`, in one step. Any error removes it. For libraries that want a name and not an open file.
    force: overwrite `path` when it exists.
    Raises OutputError: exists already, folder missing or not writable, disk full.
    """
    target = Path(path)
    temporary: str | None = None
    try:
        with _errors_of(target):
            _check_free(target, force)
            handle, temporary = tempfile.mkstemp(prefix=f".{target.name[:60]}.", suffix=PART, dir=target.parent)
            os.close(handle)
            yield Path(temporary)
            with open(temporary, "rb+") as f:
                os.fsync(f.fileno())  # else a power cut after the rename could leave an empty file
            os.chmod(temporary, 0o666 & ~_umask())
            _check_free(target, force)
            os.replace(temporary, target)
            temporary = None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


@contextlib.contextmanager
def atomic_writer(path: str | os.PathLike[str], force: bool = False) -> Iterator[BinaryIO]:
    """As atomic_path(), with the hidden file open for writing in binary."""
    with atomic_path(path, force) as hidden, open(hidden, "wb") as f:
        yield f


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Puts a whole text file, UTF-8, in place of `path`. Raises OutputError."""
    with atomic_writer(path, force=True) as f:
        f.write(text.encode())


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives an empty hidden folder beside `path` to fill; when the block ends without an error it becomes `path`, in
    place of a folder that is there. Any error leaves what was there.
    Raises OutputError: a file of that name, not writable, disk full.
    """
    target = Path(path)
    temporary: Path | None = None
    try:
        with _errors_of(target):
            if target.exists() and not target.is_dir():
                raise OutputError(f"{target} is a file: give another name for the folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = _hidden_folder(target)
            yield temporary
            temporary.chmod(0o777 & ~_umask())
            _exchange(temporary, target)
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _is_of_another_place(error: OSError, target: Path) -> bool:
    """Whether it names a file that is not beside or in `target`: one that the block could not read, for example."""
    name = error.filename
    return isinstance(name, (str, os.PathLike)) and not Path(name).absolute().is_relative_to(target.absolute().parent)


def _hidden_folder(target: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=f".{target.name[:60]}.", suffix=PARTIAL_FOLDER, dir=target.parent))


def _exchange(new: Path, target: Path) -> None:
    """Puts the folder `new` in place of `target`, whose old content is removed."""
    if not target.exists():
        new.rename(target)
        return
    old = _hidden_folder(target)
    try:
        target.rename(old / "old")
        try:
            new.rename(target)
        except OSError:
            (old / "old").rename(target)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _check_free(target: Path, force: bool) -> None:
    if target.is_dir():
        raise OutputError(f"{target} is a folder: give the name of a file")
    if not force and os.path.lexists(target):
        raise OutputError(f"{target} exists already: use --force (force=True) to overwrite it, or another name")


def _umask() -> int:
    """The process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
