"""The clock of the sound, which frames follow."""

from __future__ import annotations

import threading
import time

_LEAK = 0.01  # how fast the clock follows blocks that come later and later: drift, not jitter
_STALL_S = 0.25  # blocks that are so much late: the sound stood still, and the clock with it


class SoundClock:
    """Seconds of sound that have been taken, going on smoothly between blocks. Blocks come in bursts and late, never
    early, so the earliest ones tell the time. Any thread.
    now: seconds of a clock that never goes back."""

    def __init__(self, now=time.monotonic):
        self._now = now
        self._lock = threading.Lock()
        self._offset: float | None = None  # wall time minus sound time
        self._first: tuple[float, float] | None = None
        self._position_s = 0.0

    def advance(self, position_s: float) -> None:
        """So many seconds of sound have come, just now."""
        with self._lock:
            now = self._now()
            offset = now - position_s
            if self._offset is None or self._first is None:
                self._offset, self._first = offset, (now, offset)
            elif offset < self._offset:
                self._offset = offset
            elif (stall := offset - self._offset) > _STALL_S:
                self._first = (self._first[0], self._first[1] + stall)
                self._offset = offset
            else:
                self._offset += _LEAK * (offset - self._offset)
            self._position_s = position_s

    def __call__(self) -> float:
        """Seconds; below 0 before the first block."""
        with self._lock:
            return -1.0 if self._offset is None else self._now() - self._offset

    @property
    def drift_ms(self) -> float:
        """How much later the sound's clock is than the machine's since the first block, in ms; negative: earlier."""
        with self._lock:
            return 0.0 if self._offset is None or self._first is None else 1000 * (self._offset - self._first[1])
