"""Names and places that a sound is given by on the command line."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

COMMAND = [sys.executable, "-m", "diffusiontalker", "animate"]


@dataclass(frozen=True)
class Place:
    """prepare: puts the recording somewhere in a folder, and gives the arguments that name it.
    feed: "", or how standard input is fed: "pipe", "file", "closed", "null".   says: words of the error; "" when read.
    """

    name: str
    prepare: Callable[[Path, bytes], list[str | bytes]]
    feed: str = ""
    says: str = ""


def _named(name: str | bytes) -> Callable[[Path, bytes], list[str | bytes]]:
    def prepare(folder: Path, data: bytes) -> list[str | bytes]:
        with open(os.path.join(os.fsencode(folder), os.fsencode(name)), "wb") as f:
            f.write(data)
        return [name]

    return prepare


def _argument(*names: str) -> Callable[[Path, bytes], list[str | bytes]]:
    return lambda _folder, _data: list(names)


def _folder(folder: Path, _data: bytes) -> list[str | bytes]:
    (folder / "folder.wav").mkdir()
    return ["folder.wav"]


def _link(target: str) -> Callable[[Path, bytes], list[str | bytes]]:
    def prepare(folder: Path, data: bytes) -> list[str | bytes]:
        (folder / "real.wav").write_bytes(data)
        (folder / "link.wav").symlink_to(target)
        return ["link.wav"]

    return prepare


def _fifo(folder: Path, data: bytes) -> list[str | bytes]:
    os.mkfifo(folder / "fifo.wav")
    threading.Thread(target=(folder / "fifo.wav").write_bytes, args=(data,), daemon=True).start()
    return ["fifo.wav"]


def _socket(folder: Path, _data: bytes) -> list[str | bytes]:
    here = os.getcwd()
    os.chdir(folder)  # a socket's path has 108 bytes at most
    try:
        socket.socket(socket.AF_UNIX).bind("socket.wav")
    finally:
        os.chdir(here)
    return ["socket.wav"]


def _beside(folder: Path, data: bytes) -> list[str | bytes]:
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "deep" / "in.wav").write_bytes(data)
    return ["deep/deeper/../in.wav"]


PLACES = [
    Place("a plain name", _named("speech.wav")),
    Place("spaces and letters of other languages", _named("mein Gespräch 日本語.wav")),
    Place("emoji", _named("🎤.wav")),
    Place("quotes and a newline", _named('it\'s "new"\nline.wav')),
    Place("bytes that are no UTF-8 (Latin-1)", _named(b"caf\xe9.wav")),
    Place("a leading dash, behind --", lambda f, d: ["--", *_named("-speech.wav")(f, d)]),
    Place("no ending", _named("speech")),
    Place("the ending .raw", _named("speech.raw")),
    Place("a wrong ending", _named("speech.mp3")),
    Place("255 bytes long", _named("s" * 251 + ".wav")),
    Place("256 bytes long", _argument("s" * 252 + ".wav"), says="too long"),
    Place("a path with .. in it", _beside),
    Place("a symbolic link", _link("real.wav")),
    Place("a symbolic link to nothing", _link("nothing.wav"), says="link to nothing.wav, which does not exist"),
    Place("a symbolic link to itself", _link("link.wav"), says="cannot be opened"),
    Place("standard input, a pipe", _argument("-"), feed="pipe"),
    Place("standard input, a file", _argument("-"), feed="file"),
    Place("standard input, /dev/null", _argument("-"), feed="null", says="is empty"),
    Place("standard input, closed", _argument("-"), feed="closed", says="standard input"),
    Place("/dev/stdin, a pipe", _argument("/dev/stdin"), feed="pipe"),
    Place("/dev/stdin, a file", _argument("/dev/stdin"), feed="file"),
    Place("process substitution", _argument("/dev/fd/0"), feed="pipe"),
    Place("a FIFO", _fifo),
    Place("a folder", _folder, says="is a folder"),
    Place("a file that is not there", _argument("nothing.wav"), says="does not exist"),
    Place("a file in a folder that is not there", _argument("nowhere/a.wav"), says="does not exist"),
    Place("a name without letters", _argument(""), says="is empty"),
    Place("a socket", _socket, says="cannot be opened"),
    Place("/dev/zero", _argument("/dev/zero"), says="is a device"),
    Place("/dev/null", _argument("/dev/null"), says="is a device"),
]


def animated(place: Place, folder: Path, data: bytes, options: list[str]) -> subprocess.CompletedProcess[str]:
    """Runs `animate` in a folder that is empty but for the input; the output is out.npz."""
    arguments = place.prepare(folder, data)
    (folder.parent / "stdin.wav").write_bytes(data)
    command = [*COMMAND, *options, "-o", "out.npz", *arguments]
    kwargs: dict = {"stdin": subprocess.DEVNULL}
    if place.feed == "pipe":
        kwargs = {"input": data}
    elif place.feed == "file":
        kwargs = {"stdin": (folder.parent / "stdin.wav").open("rb")}
    elif place.feed == "closed":
        kwargs = {"preexec_fn": lambda: os.close(0)}
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=300, **kwargs)
    text = (done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
    return subprocess.CompletedProcess(command, done.returncode, *text)
