"""One build of a set at a time: a second process waits for the first, and takes what that one made."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from diffusiontalker.errors import OutputError
from diffusiontalker.paths import cache_folder

POLL_S = 0.2


def lock_path(target: Path) -> Path:
    """The lock of a set's folder: one file for each, in the user's cache, never beside the user's own files."""
    name = hashlib.sha256(str(target.absolute()).encode()).hexdigest()[:24]
    return cache_folder() / "locks" / f"{name}.lock"


@contextlib.contextmanager
def building(target: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Held while the set in `target` is built. waiting: called once when another process builds it just now.
    The system gives the lock back when a process ends, however it ends. Where there can be no lock (a cache that
    cannot be written, a file system without locks) two may build at once: sets are moved into place whole, so that
    costs time only."""
    try:
        path = lock_path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            lock.acquire(poll_interval=POLL_S)
    except (OSError, NotImplementedError, OutputError):
        yield
        return
    try:
        yield
    finally:
        lock.release()
