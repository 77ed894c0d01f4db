"""What the commands print and where: data on standard output, everything else on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import TextIO

_COLOURS = {"green": "32", "yellow": "33", "red": "31", "bold": "1"}


class Console:
    """quiet: no notices and no progress; errors still appear."""

    def __init__(self, quiet: bool = False):
        self.quiet = quiet

    def paint(self, text: str, colour: str, stream: TextIO | None = None) -> str:
        """The text in a colour, only on a terminal and never when NO_COLOR is set (no-color.org)."""
        stream = stream or sys.stdout
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
            return text
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"

    def notice(self, text: str) -> None:
        """A line for people, on standard error."""
        if not self.quiet:
            print(text, file=sys.stderr)

    def error(self, text: str) -> None:
        """One line on standard error, whatever --quiet says."""
        line = " ".join(text.split())
        print(self.paint("error: ", "red", sys.stderr) + line, file=sys.stderr)

    def log(self, *record) -> None:
        """Receives the library's notices (level, line); 2 and more is a warning and always shown."""
        level, line = record if len(record) == 2 else (2, record[-1])
        if level >= 2:
            print(self.paint("warning: ", "yellow", sys.stderr) + str(line), file=sys.stderr)

    def json(self, document: dict) -> None:
        """The one document of --json."""
        json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")

    def table(self, rows: Sequence[Sequence[str]], header: Sequence[str]) -> None:
        """Left-aligned columns on standard output."""
        widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
        for n, row in enumerate([header, *rows]):
            line = "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            print(self.paint(line, "bold") if n == 0 else line)

    def progress(self, total: float | None, label: str, unit: str = "s") -> Progress:
        """A progress bar on standard error, only on a terminal. total: in `unit`, None when it is not known."""
        return Progress(total, label, unit, shown=not self.quiet and sys.stderr.isatty())


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
