"""Output files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import OutputError

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
def atomic_writer(path: str | os.PathLike[str], force: bool = False) -> Iterator[BinaryIO]:
    """Gives a binary file to write to; when the block ends without an error it becomes `path`, in one step.
    Until then it is a hidden file in the same folder, and any error removes it.
    force: overwrite `path` when it exists.
    Raises OutputError: exists already, folder missing or not writable, disk full.
    """
    target = Path(path)
    temporary: str | None = None
    try:
        _check_free(target, force)
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name[:60]}.", suffix=".part", dir=target.parent)
        with os.fdopen(handle, "wb") as f:
            yield f
            f.flush()
            os.fsync(f.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        _check_free(target, force)
        os.replace(temporary, target)
        temporary = None
    except OSError as e:
        raise OutputError(f"{target} cannot be written: {cause_of(e)}") from e
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


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
