"""Long native work that the caller can interrupt, and the notices that it gives meanwhile."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
Log = Callable[..., object]  # called with (level, line)

WARNING = 2  # level of DT_LOG_WARNING
_POLL_S = 0.2  # Windows tells a thread of Ctrl-C only when it wakes up


def log_to_python(level: int, line: str) -> None:
    """Where notices go when nobody gave a log: Python shows warnings, so that nobody waits for a slow backend that
    stands in for another one without a word."""
    logging.getLogger("diffusiontalker").log(logging.WARNING if level >= WARNING else logging.INFO, "%s", line)


def run_apart(call: Callable[[Log], Result], log: Log) -> Result:
    """call(log), in a thread of its own, while this one waits for it.
    log is called in this thread. An exception that it raises, or a signal's handler (Ctrl-C), comes out at once; the
    call then ends in the background, and what it made is released. An exception of the call comes out too.
    """
    events: queue.SimpleQueue = queue.SimpleQueue()

    def work() -> None:
        try:
            events.put(("done", call(lambda *record: events.put(("log", record)))))
        except BaseException as e:
            events.put(("failed", e))

    try:
        threading.Thread(target=work, name="diffusiontalker-load", daemon=True).start()
    except RuntimeError:  # no more threads, or the interpreter ends
        return call(log)
    while True:
        try:
            kind, value = events.get(timeout=_POLL_S)
        except queue.Empty:
            continue
        if kind == "log":
            log(*value)
        elif kind == "failed":
            raise value
        else:
            return value
