"""Counters and gauges as text that Prometheus reads (text format 0.0.4)."""

from __future__ import annotations

import threading
from collections.abc import Callable

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "diffusiontalker_"
# Name -> (help, label or "").
COUNTERS = {
    "sessions_total": ("Sessions that were asked for, by what became of them.", "outcome"),
    "closed_total": ("Sessions that ended, by why.", "reason"),
    "messages_total": ("Messages of clients.", ""),
    "refused_messages_total": ("Messages of clients that could not be used, by code.", "code"),
    "throttled_seconds_total": ("Seconds that messages waited because their client sent too many.", ""),
    "audio_seconds_total": ("Seconds of sound taken in.", ""),
    "frames_total": ("Animation frames sent.", ""),
    "late_frames_total": ("Frames of pace `due` that left over one frame after their time.", ""),
    "interrupts_total": ("Interrupts.", ""),
    "files_total": ("POST /animate, by status.", "status"),
}


class Metrics:
    """Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[tuple[str, str], float] = {(n, ""): 0.0 for n, (_, label) in COUNTERS.items() if not label}
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {}

    def add(self, name: str, amount: float = 1.0, label: str = "") -> None:
        """Counts. name: one of COUNTERS.   label: value of its label, of a small set."""
        assert name in COUNTERS, name
        with self._lock:
            self._values[name, label] = self._values.get((name, label), 0.0) + amount

    def value(self, name: str, label: str = "") -> float:
        with self._lock:
            return self._values.get((name, label), 0.0)

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A value that is read when it is asked for. text: its help."""
        self._gauges[name] = (text, read)

    def text(self) -> str:
        with self._lock:
            values = dict(self._values)
        lines = []
        for name, (text, label) in COUNTERS.items():
            lines += [f"# HELP {PREFIX}{name} {text}", f"# TYPE {PREFIX}{name} counter"]
            for (of, value), amount in sorted(values.items()):
                if of == name:
                    lines.append(
                        f'{PREFIX}{name}{{{label}="{value}"}} {amount:g}' if label else f"{PREFIX}{name} {amount:g}"
                    )
        for name, (text, read) in self._gauges.items():
            lines += [f"# HELP {PREFIX}{name} {text}", f"# TYPE {PREFIX}{name} gauge", f"{PREFIX}{name} {read():g}"]
        return "\n".join(lines) + "\n"
