"""Keeps what C libraries print on the error output away from the user of the command line."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


class Quiet:
    """is_on: whether the error output of the whole process may be closed for moments: a command owns it, while a
    program that uses the package may have threads that print."""

    def __init__(self, is_on: bool = False):
        self._is_on = is_on

    @contextlib.contextmanager
    def c_libraries(self) -> Iterator[None]:
        """While the block runs, file descriptor 2 leads nowhere. libmpg123 complains there about damaged frames, and
        libsndfile has no way to ask it not to."""
        kept = None
        if self._is_on:
            with contextlib.suppress(OSError):  # no error output: nothing to keep away
                kept = os.dup(2)
        if kept is None:
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(nowhere)
            os.close(kept)
