"""Signals while a command runs: it ends within a second, without leftovers, also out of the middle of a native call."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator

from diffusiontalker.cli.handlers import SIGNALS, answer, ending_line
from diffusiontalker.io import temporary

GRACE_S = 0.6  # for a command to end by itself


class Ended(KeyboardInterrupt):
    """A signal arrived; raised so that everything is tidied up on the way out. number: of the signal."""

    def __init__(self, number: int):
        super().__init__(ending_line(number))
        self.number = number


@contextlib.contextmanager
def ending(say: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, the first signal raises Ended in it, and later ones do nothing. A block that is not over
    GRACE_S after it (Python raises nothing while a library computes) is ended where it is: hidden files are removed,
    say() gets the closing line, and the process leaves with 128 + the signal's number.
    Outside of the main thread the host's handlers stay."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    answer(_raise_once())
    over = threading.Event()
    try:
        with _watched(over, say):
            yield
    finally:
        over.set()
        for number, handler in before.items():
            if handler is not None:  # None: set by something else than Python
                signal.signal(number, handler)


def _raise_once():
    seen: list[int] = []

    def handle(number: int, _frame) -> None:
        if not seen:
            seen.append(number)
            raise Ended(number)

    return handle


@contextlib.contextmanager
def _watched(over: threading.Event, say: Callable[[str], None]) -> Iterator[None]:
    """A thread that learns of signals at once, from the system, and not when Python gets round to it."""
    if os.name != "posix":
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    previous = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader, over, say), daemon=True, name="signals").start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(previous)
        os.close(writer)


def _watch(reader: int, over: threading.Event, say: Callable[[str], None]) -> None:
    try:
        while numbers := os.read(reader, 64):
            ours = [number for number in numbers if number in SIGNALS]
            if ours and not over.wait(GRACE_S):
                temporary.remove_unfinished()
                say(ending_line(ours[0]))
                os._exit(128 + ours[0])
    finally:
        os.close(reader)
