"""One line on a terminal that shows how the face is doing."""

from __future__ import annotations

import shutil
import sys

from diffusiontalker.live.show import SILENT_DBFS, Show

_BAR, _LOWEST_DBFS = 12, -60.0


def line(show: Show) -> str:
    """Level, latency, missed frames, drift of the clocks, and each receiver."""
    level = show.level_dbfs
    n = round(_BAR * min(1.0, max(0.0, 1 - level / _LOWEST_DBFS)))
    shown = "silent" if level <= SILENT_DBFS else f"{level:.0f} dBFS"
    parts = [
        f"[{'#' * n}{'.' * (_BAR - n)}] {shown}", f"{show.latency_ms:.0f} ms", f"{show.n_frames} frames",
        f"{show.n_missed} missed", f"drift {show.clock.drift_ms:+.0f} ms",
    ]  # fmt: skip
    for sender in show.senders:
        lost = f", {sender.n_lost} lost" if sender.n_lost else ""
        state = f", {sender.state}" if sender.state else ""
        parts.append(f"{sender.name}: {sender.n_sent}{lost}{state}")
    return "  ".join(parts)


class Meter:
    """shown: whether there is one; only on a terminal. stream: to write on."""

    def __init__(self, shown: bool):
        self._stream = sys.stderr
        self.shown = shown and self._stream.isatty()
        self._length = 0

    def show(self, text: str) -> None:
        if self.shown:
            text = text[: shutil.get_terminal_size().columns - 1]
            self._stream.write("\r" + text.ljust(self._length))
            self._stream.flush()
            self._length = len(text)

    def clear(self) -> None:
        self.show("")
        if self.shown:
            self._stream.write("\r")
            self._stream.flush()
