"""Opens what was named as sound: a path, standard input, bytes, or an open file. The result can be read many times."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from diffusiontalker.errors import InputError
from diffusiontalker.paths import not_there

STDIN = "standard input"


class Source:
    """An opened input. file: seekable.   start: where its bytes begin.   name: for messages.
    path: of a regular file, else None.
    """

    def __init__(self, file: BinaryIO, name: str, path: Path | None = None, is_ours: bool = True):
        self.file, self.name, self.path = file, name, path
        self._is_ours = is_ours
        self.start = file.tell()
        self.end = file.seek(0, os.SEEK_END)

    def close(self) -> None:
        if self._is_ours:
            self.file.close()


def open_source(what: Any) -> Source:
    """what: a path, "-" for standard input, the bytes of a sound file, or a file that is open in binary mode, which is
    read from where it stands and stays open.

    A regular file is read in place. What can be read only once (a pipe, a FIFO, a socket, a response of a server) is
    copied to a temporary file without a name. Opening a FIFO waits for its writer, as `cat` does; Ctrl-C ends the wait.
    Raises InputError: missing, a folder, a device, not readable, empty, a file in text mode.
    """
    if isinstance(what, (bytes, bytearray, memoryview)):
        return _not_empty(Source(io.BytesIO(what), "the sound in memory"))
    if hasattr(what, "read") and not isinstance(what, os.PathLike):
        return _not_empty(_open_file(what))
    if what == "-":
        return _not_empty(_standard_input())
    return _not_empty(_open_path(what))


def printable(name: object) -> str:
    """A name for messages: bytes of other encodings than the file system's become a question mark in a box."""
    return os.fsdecode(name).encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # type: ignore[arg-type]


def _not_empty(source: Source) -> Source:
    if source.end <= source.start:
        source.close()
        raise InputError(f"{source.name} is empty (0 bytes): there is no sound in it")
    return source


def _standard_input() -> Source:
    if sys.stdin is None or getattr(sys.stdin, "closed", False):
        raise InputError("standard input is closed: pipe a sound file into the program, or name one")
    file = sys.stdin.buffer
    try:
        mode = os.fstat(file.fileno()).st_mode
        if file.isatty():
            raise InputError("standard input is a terminal: pipe a sound file into the command, or name one")
        is_null = os.path.samestat(os.fstat(file.fileno()), os.stat(os.devnull))
    except (OSError, ValueError, AttributeError):  # a stand-in of a host program
        return _open_file(file, STDIN)
    if is_null:
        raise InputError(f"{STDIN} is empty (0 bytes): there is no sound in it")
    _check_kind(mode, STDIN)
    return _open_file(file, STDIN) if stat.S_ISREG(mode) else Source(_spooled(file, STDIN), STDIN)


def _open_file(file: Any, name: str | None = None) -> Source:
    if name is None:
        own = getattr(file, "name", None)
        name = printable(own) if isinstance(own, (str, bytes)) else "the open file"
    if isinstance(file, io.TextIOBase):
        raise InputError(f"{name} is open in text mode: open it in binary mode, open(name, 'rb')")
    try:
        if file.seekable():
            return Source(file, name, is_ours=False)
    except (AttributeError, OSError):
        pass  # no seekable(), or a stream that only says that it can seek
    except ValueError as e:
        raise InputError(f"{name} cannot be read: {e}") from e
    return Source(_spooled(file, name), name)


def _open_path(what: Any) -> Source:
    name = printable(what)
    if not name:
        raise InputError("the name of the input is empty: name a sound file, or - for standard input")
    try:
        file = open(what, "rb", buffering=1 << 16)
    except FileNotFoundError:
        raise InputError(printable(not_there(what))) from None
    except IsADirectoryError:
        raise InputError(f"{name} is a folder: give a sound file in it") from None
    except OSError as e:
        raise InputError(f"{name} cannot be opened: {e.strerror or e}") from e
    except ValueError as e:  # a zero byte, or letters that no file name can have
        raise InputError(f"{name!r} is no file name: {e}") from e
    try:
        mode = os.fstat(file.fileno()).st_mode
        if file.isatty():
            raise InputError(f"{name} is a terminal: name a sound file")
        _check_kind(mode, name)
        if stat.S_ISREG(mode):
            return Source(file, name, Path(os.fsdecode(what)))
        spool = _spooled(file, name)
    except BaseException:
        file.close()
        raise
    file.close()
    return Source(spool, name)


def _check_kind(mode: int, name: str) -> None:
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        raise InputError(f"{name} is a device: record from it with another program, and pipe the sound in")


def _spooled(file: Any, name: str) -> BinaryIO:
    try:
        spool = tempfile.TemporaryFile(prefix="diffusiontalker-")
    except OSError as e:
        raise InputError(f"{name} cannot be copied to a temporary folder: {e.strerror or e}") from e
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(spool.close)
        try:
            shutil.copyfileobj(file, spool)
            spool.flush()
            spool.seek(0)
        except (OSError, ValueError) as e:
            reason = getattr(e, "strerror", None) or e
            raise InputError(f"{name} cannot be copied to {tempfile.gettempdir()}: {reason}") from e
        except TypeError:
            raise InputError(f"{name} gives no bytes: open it in binary mode") from None
        on_failure.pop_all()
    return spool
