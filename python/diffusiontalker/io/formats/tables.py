"""Tables of numbers over time: CSV rows, and rows whose times have gaps."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from diffusiontalker.io.formats.checks import MAX_BYTES, MAX_FPS, MIN_FPS
from diffusiontalker.io.formats.record import Unusable

_RATES = tuple(Fraction(n, d) for n, d in (
    (24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (48, 1), (50, 1), (60000, 1001), (60, 1), (90, 1),
    (100, 1), (120, 1),
))  # fmt: skip


def write_time_table(f: BinaryIO, names: Sequence[str], blocks: Iterable[np.ndarray], anim, value_format: str) -> None:
    """A header `time` and names, then a row per frame of anim: seconds with nine decimals, and its values.
    blocks: [n, len(names)], one behind the other.   value_format: of a value, such as ".6f". Lines end in LF."""
    f.write(",".join(["time", *names]).encode() + b"\n")
    frame = 0
    for block in blocks:
        times = np.arange(frame, frame + len(block)) * anim.fps_den / anim.fps_num
        rows = [
            f"{t:.9f}," + ",".join([format(v, value_format) for v in row])
            for t, row in zip(times.tolist(), block.tolist(), strict=True)
        ]
        f.write("\n".join(rows).encode() + b"\n")
        frame += len(block)


def csv_rows(text: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows, each as long as the header; empty lines are left out."""
    lines = [row for row in csv.reader(text.splitlines()) if any(cell.strip() for cell in row)]
    if len(lines) < 2:
        raise Unusable("has no rows below its header")
    header, rows = [cell.strip() for cell in lines[0]], lines[1:]
    wrong = next((i for i, row in enumerate(rows) if len(row) != len(header)), None)
    if wrong is not None:
        raise Unusable(f"has {len(rows[wrong])} values in row {wrong + 2}, and {len(header)} in its header")
    if len(rows) * len(header) * 4 > MAX_BYTES:
        raise Unusable(f"has more than {MAX_BYTES >> 20} MB of numbers")
    return header, rows


def numbers(cells: list[list[str]], header: list[str]) -> np.ndarray:
    """float64 [n, C] of cells."""
    try:
        return np.array(cells, np.float64).reshape(len(cells), -1)
    except ValueError:
        pass
    for i, row in enumerate(cells):
        for name, cell in zip(header, row, strict=True):
            try:
                float(cell)
            except ValueError:
                raise Unusable(f"has {cell!r} as {name} in row {i + 2}, which is no number") from None
    raise Unusable("has values that are no numbers")


def rate_of_times(times: np.ndarray) -> Fraction:
    """The frame rate of times in seconds; a usual one where it explains them within a tenth of a frame."""
    if len(times) < 2:
        return Fraction(30)
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise Unusable("has times that do not rise from row to row")
    step = float(np.median(np.diff(times)))
    if not 1 / MAX_FPS <= step <= float(1 / MIN_FPS):
        raise Unusable(f"has rows {step:g} s apart, expected {float(MIN_FPS):g}..{MAX_FPS} a second")

    def error(rate: Fraction) -> float:
        places = (times - times[0]) * float(rate)
        return float(np.abs(places - np.round(places)).max() + abs(np.median(np.diff(places)) - 1))

    usual = min(_RATES, key=error)
    return usual if error(usual) < 0.1 else Fraction(1 / step).limit_denominator(1001)


def on_a_grid(places: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, int]:
    """Rows at every whole frame. places: float [n], frame number of each row, rising.   values: [n, C].
    Rows that are less than half a frame off a whole number stand for it; frames between rows are interpolated in a
    straight line.   Returns (float32 [m, C], number of interpolated frames)."""
    whole = np.round(places - places[0]).astype(np.int64)
    whole, first = np.unique(whole, return_index=True)
    values = np.asarray(values, np.float64)[first]
    n = int(whole[-1]) + 1
    if n > 10 * len(whole) + 1000 or n * values.shape[1] * 4 > MAX_BYTES:
        raise Unusable(f"has {len(whole)} rows for {n} frames: most of the time is missing")
    if n == len(whole):
        return values.astype(np.float32), 0
    grid = np.arange(n)
    return np.stack([np.interp(grid, whole, column) for column in values.T], axis=1).astype(np.float32), n - len(whole)
