"""The signals that end a command. Imports little, so that they are answered from the start of the process on."""

from __future__ import annotations

import contextlib
import os
import signal

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def answer(handler) -> None:
    """Sets the handler of all of them, but for those that the starter told us to ignore (nohup, a shell's background
    job)."""
    for number in SIGNALS:
        with contextlib.suppress(ValueError):  # not the main thread: the host owns its signals
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, handler)


def leave_at_once(number: int, _frame) -> None:
    """A handler for a process that has begun nothing yet, or has done everything."""
    with contextlib.suppress(OSError):
        os.write(2, f"{ending_line(number)}\n".encode())
    os._exit(128 + number)


def ending_line(number: int) -> str:
    return "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
