"""SIGTERM and SIGINT as a request to stop after the step under way, so that a preempted job loses nothing."""

from __future__ import annotations

import signal
import threading
from typing import Any


class StopRequest:
    """Context in which the signals are only noted in `number` (0: none). A second Ctrl-C interrupts at once.
    Outside the main thread, and for a signal that the process was started to ignore, nothing is changed."""

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[int, Any] = {}

    def _note(self, number: int, _frame: object) -> None:
        self.number = number
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()


def name_of(number: int) -> str:
    return signal.Signals(number).name
