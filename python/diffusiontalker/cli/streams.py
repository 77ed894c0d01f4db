"""Standard streams that are closed, full or gone: what is written to them fails in a documented way."""

from __future__ import annotations

import contextlib
import io
import os
import sys

from diffusiontalker.errors import OutputError
from diffusiontalker.io.atomic import cause_of


class _Output(io.FileIO):
    """Standard output, whose failures say so; a reader that went away stays a BrokenPipeError."""

    def write(self, data, /):
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as e:
            raise OutputError(f"standard output cannot be written: {cause_of(e)}") from e


def prepare() -> None:
    """Makes the three streams of the process usable, whatever it was started with.
    A closed one is opened again, else the next file that is opened would take its number, and receive what a library
    prints: input is empty then, output fails when it is written, and what goes to standard error is lost."""
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest number that is free
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)
    # Not where somebody has put a stream of his own in its place, nor over a Windows console, which is no file.
    if sys.stdout is None or (os.name == "posix" and sys.stdout is sys.__stdout__):
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        raw = _Output(1, "wb", closefd=False)
        at_once = bool(getattr(sys.stdout, "write_through", False))
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(raw), encoding, "backslashreplace", line_buffering=raw.isatty(), write_through=at_once
        )
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def flush() -> None:
    """Writes out what waits, and drops what cannot be written, which the interpreter would complain about at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, OutputError):
            silence(stream)


def silence(stream) -> None:
    """What is written to the stream from now on, and what waits in it, goes nowhere."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        stream.flush()
