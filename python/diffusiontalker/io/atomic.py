"""Output files and folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from diffusiontalker.errors import OutputError
from diffusiontalker.io import temporary

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
    errno.EINVAL: "the disk does not take such a name: choose another one",
    errno.EBADF: "it is closed",
    errno.ELOOP: "its links lead in a circle: name the file itself",
    errno.EMFILE: "too many files are open: close some programs, or raise `ulimit -n`",
}
# Of a file system that cannot do what was asked for, as opposed to one that tried and failed.
_CANNOT = {
    getattr(errno, name)
    for name in ("EPERM", "EACCES", "EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EROFS", "ENOTTY", "EMLINK", "EXDEV")
}
# A file that is there and may be written, but not replaced: a mount of its own (containers), or another's in a folder
# where only owners rename.
_KEEPS_ITS_PLACE = {errno.EBUSY, errno.EXDEV, errno.EPERM, errno.EACCES}


def cause_of(error: OSError) -> str:
    """Why a file could not be written, and what to do."""
    return _CAUSES.get(error.errno or 0, error.strerror or str(error))


class ExistsError(OutputError):
    """There is a file of that name already."""


@contextlib.contextmanager
def errors_of(target: Path) -> Iterator[None]:
    """An OSError that is about `target` becomes an OutputError that names it."""
    try:
        yield
    except OSError as e:
        if _is_of_another_place(e, target):
            raise
        raise OutputError(f"{target} cannot be written: {cause_of(e)}") from e


def check_target(path: str | os.PathLike[str], force: bool = False) -> Path:
    """Where a file of this name would really be written: its own place, or that of what it links to. Nothing is made.
    Raises OutputError: folder missing or closed, a folder or a device of that name, a name that is too long, exists
    already without force; a link counts as existing, wherever it leads.
    """
    text = os.fspath(path)
    target = Path(text)
    if text.endswith((os.sep, os.altsep or os.sep)):
        raise OutputError(f"{text} is a folder: name a file in it")
    with errors_of(target):
        is_link = target.is_symlink()
        real = Path(os.path.realpath(target)) if is_link else target
        _check_folder(real.parent)
        try:
            mode: int | None = os.lstat(real).st_mode
        except FileNotFoundError:
            mode = None
        if real.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if mode is not None and real.is_dir():
            raise OutputError(f"{target} is a folder: name a file in it")
        if mode is not None and not real.is_file():
            raise OutputError(f"{target} is not a regular file: name a file, or - for standard output")
        if (mode is not None or is_link) and not force:
            raise _exists_already(target)
    return real


def put_in_place(hidden: Path, target: Path, force: bool) -> None:
    """Moves a finished file to `target`, in one step. Without force it never takes the place of a file, also when
    another process puts one there at the same moment.   Raises OutputError for that, OSError."""
    if force:
        try:
            os.replace(hidden, target)
        except OSError as e:
            if e.errno not in _KEEPS_ITS_PLACE or not target.is_file():
                raise
            shutil.copyfile(hidden, target)
            temporary.remove(hidden)
    elif os.name == "nt":
        try:
            os.rename(hidden, target)
        except FileExistsError:
            raise _exists_already(target) from None
    else:
        _link_in_place(hidden, target)
    temporary.forget(hidden)


def _link_in_place(hidden: Path, target: Path) -> None:
    """A second name, unlike a new one, is refused by the system where a file of that name is."""
    try:
        os.link(hidden, target)
    except FileExistsError:
        raise _exists_already(target) from None
    except OSError as e:
        if e.errno not in _CANNOT:
            raise
        if os.path.lexists(target):
            raise _exists_already(target) from None
        os.replace(hidden, target)
    else:
        temporary.remove(hidden)


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str], force: bool = False) -> Iterator[Path]:
    """Gives the name of an empty hidden file in the same folder; when the block ends without an error it becomes
    `path`, in one step. Any error removes it. For libraries that want a name and not an open file.
    path: a link is followed: what it leads to is written.   force: overwrite `path` when it exists.
    Raises OutputError as check_target(), and for a full disk.
    """
    target = Path(path)
    hidden: Path | None = None
    try:
        with errors_of(target):
            real = check_target(path, force)
            hidden = temporary.new_file(real.parent)
            yield hidden
            sync(hidden)
            put_in_place(hidden, real, force)
            hidden = None
    finally:
        if hidden is not None:
            temporary.remove(hidden)


@contextlib.contextmanager
def atomic_writer(path: str | os.PathLike[str], force: bool = False) -> Iterator[BinaryIO]:
    """As atomic_path(), with the hidden file open for writing in binary."""
    with atomic_path(path, force) as hidden, open(hidden, "wb") as f:
        yield f


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Puts a whole text file, UTF-8, in place of `path`. Raises OutputError."""
    with atomic_writer(path, force=True) as f:
        f.write(text.encode())


def sync(path: Path) -> None:
    """Waits until a file is on the disk, else a power cut after its renaming could leave an empty one. A file system
    that cannot wait is left alone; one that fails to write (full, broken) raises OSError."""
    with open(path, "rb+") as f:
        try:
            os.fsync(f.fileno())
        except OSError as e:
            if e.errno not in _CANNOT:
                raise


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives an empty hidden folder beside `path` to fill; when the block ends without an error it becomes `path`, in
    place of a folder that is there. Any error leaves what was there. A link is followed.
    Raises OutputError: a file of that name, not writable, disk full.
    """
    target = Path(path)
    hidden: Path | None = None
    try:
        with errors_of(target):
            if target.exists() and not target.is_dir():
                raise OutputError(f"{target} is a file: give another name for the folder")
            real = Path(os.path.realpath(target)) if target.is_symlink() else target
            real.parent.mkdir(parents=True, exist_ok=True)
            hidden = temporary.new_folder(real.parent)
            yield hidden
            _exchange(hidden, real)
    finally:
        if hidden is not None:
            temporary.remove(hidden)


def _check_folder(folder: Path) -> None:
    """Whether it takes files is found out by making one, since only that is sure on network disks."""
    if not folder.is_dir():
        state = "is a file: choose another name" if os.path.lexists(folder) else "does not exist: create it first"
        raise OutputError(f"the output folder {folder} {state}")


def _exists_already(target: Path) -> ExistsError:
    return ExistsError(f"{target} exists already: use --force (force=True) to overwrite it, or another name")


def _is_of_another_place(error: OSError, target: Path) -> bool:
    """Whether it names a file that is not beside or in `target`, or in what `target` links to: one that the block could
    not read, for example."""
    name = error.filename
    if not isinstance(name, (str, os.PathLike)):
        return False
    try:
        folders = {target.absolute().parent, Path(os.path.realpath(target)).parent}
        return not any(Path(name).absolute().is_relative_to(folder) for folder in folders)
    except OSError:  # the working folder is gone
        return Path(name).is_absolute()


def _exchange(new: Path, target: Path) -> None:
    """Puts the folder `new` in place of `target`, whose old content is removed."""
    if not target.exists():
        new.rename(target)
        return
    if _swap(new, target):
        temporary.remove(new)
        return
    old = temporary.new_folder(target.parent)
    try:
        target.rename(old / "old")
        try:
            new.rename(target)
        except OSError:
            (old / "old").rename(target)
            raise
    finally:
        temporary.remove(old)


def _swap(one: Path, other: Path) -> bool:
    """Exchanges two folders in one step, so that a kill at any moment leaves both. False where the system cannot."""
    if sys.platform != "linux":
        return False
    import ctypes  # not needed by those who write files

    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE of linux/fs.h
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # a C library without it
        return False
    return rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0
