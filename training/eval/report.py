"""Tables and JSON of scores."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import torch

from diffusiontalker.bench.environment import stamp


@dataclass(frozen=True)
class Row:
    """One model's scores. n_steps: sampler steps; None for what has none."""

    name: str
    scores: dict[str, float]
    n_steps: int | None = None

    @property
    def label(self) -> str:
        return self.name if self.n_steps is None else f"{self.name}, {self.n_steps} steps"


@dataclass(frozen=True)
class Column:
    """A column of a table: key of the score, heading, and how to write the number; count: key of how many things a
    share is of, for the heading."""

    key: str
    title: str
    form: str = ".3f"
    percent: bool = False
    count: str = ""

    def heading(self, rows: list[Row]) -> str:
        counts = {row.scores[self.count] for row in rows if self.count in row.scores}
        return self.title + (f" (of {max(counts):.0f})" if counts else "")

    def cell(self, row: Row) -> str:
        value = row.scores.get(self.key, math.nan)
        if math.isnan(value):
            return "-"
        return f"{100 * value:.1f} %" if self.percent else format(value, self.form)


def markdown_table(rows: list[Row], columns: list[Column]) -> str:
    """A table with the columns that at least one row has; numbers right-aligned."""
    shown = [c for c in columns if any(c.cell(row) != "-" for row in rows)]
    lines = [["", *(c.heading(rows) for c in shown)]] + [[row.label, *(c.cell(row) for c in shown)] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(shown) + 1)]
    widths[1:] = [max(w, 4) for w in widths[1:]]
    rule = ["-" * widths[0], *("-" * (w - 1) + ":" for w in widths[1:])]

    def write(line: list[str]) -> str:
        cells = [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        return "| " + " | ".join(cells) + " |"

    return "\n".join(map(write, [lines[0], rule, *lines[1:]])) + "\n"


def write_report(
    out: Path, title: str, notes: list[str], rows: list[Row], columns: list[Column], about: dict, more: str = ""
) -> str:
    """Writes table.md and scores.json into `out`; returns the table. about: what was run, JSON-ready; the machine, its
    threads and the versions of the software are added. NaN becomes null. more: Markdown of further tables, after the
    notes."""
    table = markdown_table(rows, columns)
    out.mkdir(parents=True, exist_ok=True)
    text = f"# {title}\n\n{table}\n" + "".join(f"- {note}\n" for note in notes)
    (out / "table.md").write_text(text + (f"\n{more}" if more else ""))
    content = {
        "about": about,
        "environment": stamp() | {"torch_threads": torch.get_num_threads()},
        "notes": notes,
        "rows": [
            {
                "name": row.name,
                "n_steps": row.n_steps,
                **{k: None if math.isnan(v) else v for k, v in row.scores.items()},
            }
            for row in rows
        ],
    }
    (out / "scores.json").write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")
    return table
