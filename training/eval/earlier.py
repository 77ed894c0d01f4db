"""Rows of an earlier table beside new ones: old versions, and what takes long, need not be scored again."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

from training.eval.report import Row


def add_earlier_arguments(parser: argparse.ArgumentParser) -> None:
    """--earlier and --keep, for earlier_rows."""
    parser.add_argument("--earlier", type=Path, metavar="JSON", help="scores.json of an earlier run on the same speech")
    parser.add_argument(
        "--keep", nargs="+", default=[], metavar="NAME[=NEW]", help="its rows to add to the table, by another name"
    )


def earlier_rows(args: argparse.Namespace, about: dict, speech: str) -> tuple[list[Row], list[str]]:
    """The rows that --keep names, and notes about them. about: of the new run; speech: its key that lists what was
    scored. Raises ValueError for other speech and for names that the file does not have."""
    if args.earlier is None:
        if args.keep:
            raise ValueError("--keep names rows of an earlier run: give its scores.json with --earlier")
        return [], []
    try:
        content = json.loads(args.earlier.read_text())
        scored, table = content["about"].get(speech), content["rows"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{args.earlier} is not the scores.json of an evaluation") from error
    if scored != about[speech]:
        raise ValueError(f"{args.earlier} has scores of other {speech}: its rows do not belong into this table")
    rows = []
    for text in args.keep:
        name, _, new = text.partition("=")
        found = [row for row in table if row["name"] == name]
        if not found:
            known = ", ".join(dict.fromkeys(row["name"] for row in table))
            raise ValueError(f"{args.earlier} has no row {name!r}: there are {known}")
        rows += [_row(values, new or name) for values in found]
    kept = ", ".join(dict.fromkeys(row.name for row in rows))
    return rows, [f"Of earlier runs on the same speech: {kept}."] if rows else []


def _row(values: dict, name: str) -> Row:
    scores = {k: math.nan if v is None else v for k, v in values.items() if k not in ("name", "n_steps")}
    return Row(name, scores, values["n_steps"])
