"""What the commands print and where: data on standard output, everything else on standard error."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import TextIO

_COLOURS = {"green": "32", "yellow": "33", "red": "31", "bold": "1"}
# Control characters but tab and line feed, half characters, and marks that turn the direction of writing: names and
# texts of a file may hold them, and a terminal would obey.
_COMMANDS_OF_TERMINALS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """The text with its control characters spelled out, such as \\x1b."""
    return _COMMANDS_OF_TERMINALS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class Console:
    """quiet: no notices and no progress; errors still appear.   verbose: the library's information as well.
    What cannot be written to standard error (closed, full) is dropped: it is told beside the work, and is not it."""

    def __init__(self, quiet: bool = False, verbose: bool = False):
        self.quiet, self.verbose = quiet, verbose

    def paint(self, text: str, colour: str, stream: TextIO | None = None) -> str:
        """The text in a colour, only on a terminal and never when NO_COLOR is set (no-color.org)."""
        stream = stream or sys.stdout
        text = plain(text)
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
            return text
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"

    def show(self, text: str = "", first: str | None = None) -> None:
        """A line of data, on standard output. first: colour of its first word."""
        word, space, rest = plain(text).partition(" ")
        print((self.paint(word, first) if first else word) + space + rest)

    def notice(self, text: str) -> None:
        """A line for people, on standard error."""
        if not self.quiet:
            _tell(plain(text))

    def error(self, text: str) -> None:
        """One line on standard error, whatever --quiet says."""
        _tell(self.paint("error: ", "red", sys.stderr) + plain(" ".join(text.split())))

    def warning(self, text: str) -> None:
        """The same, for what does not end the command."""
        _tell(self.paint("warning: ", "yellow", sys.stderr) + plain(" ".join(text.split())))

    def trace(self, text: str) -> None:
        """Lines below an error, on standard error."""
        _tell(text.rstrip())

    def exception(self, error: BaseException) -> None:
        """The traceback of --debug, on standard error."""
        self.trace(plain("".join(traceback.format_exception(error))))

    def log(self, *record) -> None:
        """Receives the library's notices (level, line); 2 and more is a warning and always shown, 1 with --verbose."""
        level, line = record if len(record) == 2 else (2, record[-1])
        if level >= 2:
            self.warning(str(line))
        elif self.verbose:
            self.notice(str(line))

    def json(self, document: dict) -> None:
        """The one document of --json."""
        print(_json_text(document, 2))

    def json_line(self, document: dict) -> None:
        """One of several documents of --json, a line each, which a reader gets at once."""
        print(_json_text(document, None), flush=True)

    def table(self, rows: Sequence[Sequence[str]], header: Sequence[str]) -> None:
        """Left-aligned columns on standard output."""
        lines = [[plain(str(cell).replace("\n", " ")) for cell in row] for row in [header, *rows]]
        widths = [max(len(row[i]) for row in lines) for i in range(len(header))]
        for n, row in enumerate(lines):
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            print(self.paint(line, "bold") if n == 0 else line)

    def progress(self, total: float | None, label: str, unit: str = "s") -> Progress:
        """A progress bar on standard error, only on a terminal. total: in `unit`, None when it is not known."""
        return Progress(total, label, unit, shown=not self.quiet and sys.stderr.isatty())


def _json_text(document: dict, indent: int | None) -> str:
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(document, indent=indent, ensure_ascii=not is_utf8)
    return _COMMANDS_OF_TERMINALS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _tell(line: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(line, file=sys.stderr, flush=True)


class Progress:
    """Context manager; call it with what is done so far. shown: whether there is a bar."""

    def __init__(self, total: float | None, label: str, unit: str, shown: bool):
        self._bar, self.shown = None, shown
        if shown:
            from tqdm import tqdm

            known = "{desc} {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} {unit} [{elapsed}<{remaining}]"
            unknown = "{desc} {n:.0f} {unit} [{elapsed}]"
            self._bar = tqdm(
                total=total,
                desc=label,
                unit=unit,
                leave=False,
                file=sys.stderr,
                bar_format=known if total else unknown,
            )

    def __call__(self, done: float) -> None:
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_exc) -> None:
        if self._bar is not None:
            self._bar.close()
