"""Hidden files and folders that are still being written: their names, and what a killed process left of them."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import re
import secrets
import shutil
import tempfile
import threading
import time
from pathlib import Path

PARTIAL_FOLDER = ".partial"  # ending of a folder that is being filled
MAX_AGE_S = 7 * 24 * 3600  # after which a leftover of an unknown process counts as one

# Short, whatever the name of the target is: a name of 255 bytes leaves no room for anything longer.
_NAME = re.compile(r"(?:\.dt|diffusiontalker)-([0-9a-f]{8})-(\d+)-\w{8}(?:\.\w+)?")
_live: set[Path] = set()
_swept: set[Path] = set()
_lock = threading.Lock()


@functools.cache
def _here() -> str:
    """Where process numbers are comparable: one start of one system, and one container of it."""
    parts = [platform.node()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text())
    with contextlib.suppress(OSError, AttributeError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def hidden_name(ending: str = "") -> str:
    """A new name that tells which process it belongs to, of at most 30 bytes and the ending."""
    return f".dt-{_here()}-{os.getpid()}-{secrets.token_hex(4)}{ending}"


def spool_prefix() -> str:
    """Begins the names of files and folders in the temporary folder, for `prefix` of module tempfile. What killed
    processes left there is removed first."""
    sweep()
    return f"diffusiontalker-{_here()}-{os.getpid()}-"


def new_file(folder: Path, ending: str = ".part") -> Path:
    """An empty hidden file in `folder`, with the mode that the process's umask gives a new file. Belongs to the caller
    until forget(). Raises OSError."""
    sweep(folder)
    path = folder / hidden_name(ending)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o666))
    _live.add(path)
    return path


def new_folder(folder: Path) -> Path:
    """As new_file(), an empty hidden folder."""
    sweep(folder)
    path = folder / hidden_name(PARTIAL_FOLDER)
    path.mkdir()
    _live.add(path)
    return path


def keep(path: Path) -> Path:
    """Makes a file or folder of the caller's known to remove_unfinished(), until forget()."""
    _live.add(path)
    return path


def forget(path: Path) -> None:
    """It is not there any more, or finished."""
    _live.discard(path)


def remove(path: Path) -> None:
    """Removes a hidden file or folder, if it is there; what cannot be removed is left to sweep()."""
    _delete(path)
    forget(path)


def remove_unfinished() -> None:
    """Removes everything that is being written, for a process that ends at once."""
    for path in list(_live):
        remove(path)


def sweep(folder: str | os.PathLike[str] | None = None) -> None:
    """Removes what killed processes of this user left in `folder` (None: the temporary folder): at once when the
    process is known to be gone, else after a week. Once for each folder and process; never raises OSError."""
    with contextlib.suppress(OSError):
        place = Path(tempfile.gettempdir() if folder is None else folder).absolute()
        with _lock:
            if place in _swept:
                return
            _swept.add(place)
        with os.scandir(place) as entries:
            for entry in entries:
                if (match := _NAME.fullmatch(entry.name)) and _is_left_over(entry, match[1], int(match[2])):
                    _delete(Path(entry.path))


def _is_left_over(entry: os.DirEntry, here: str, pid: int) -> bool:
    with contextlib.suppress(OSError):
        status = entry.stat(follow_symlinks=False)
        if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
            return False
        if here == _here() and os.name == "posix":
            return not _is_alive(pid)
        return time.time() - status.st_mtime > MAX_AGE_S
    return False


def _is_alive(pid: int) -> bool:
    """POSIX only: elsewhere signal 0 is no question."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True


def _delete(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
