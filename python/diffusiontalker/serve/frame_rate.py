"""Frames of a response at the rate that the client asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np


@dataclass(frozen=True)
class OutFrame:
    """index: counted from the start of the response, at the client's rate.   values: float32 [n_values].
    of: index of the model's frame that it belongs to, at or before it, counted from the start of the response."""

    index: int
    values: np.ndarray
    of: int


class FrameRate:
    """Frames come in at the model's rate, in order, and go out at another: those of the same moment unchanged, others
    on the straight line between two. Rates that are multiples of the model's wait for one frame more.
    model_fps, fps: frames a second."""

    def __init__(self, model_fps: Fraction, fps: Fraction):
        self.step = model_fps / fps  # of the client's frames, in frames of the model
        self._next = 0
        self._last: tuple[int, np.ndarray] | None = None

    def add(self, index: int, values: np.ndarray) -> list[OutFrame]:
        """index: of the model's frame, one more than that of the last call.   values: float32 [n_values]."""
        out = []
        while (position := self._next * self.step) <= index:
            before, share = math.floor(position), float(position % 1)
            if before == index or self._last is None:
                mixed = values
            else:
                mixed = (1 - share) * self._last[1] + share * values if share else self._last[1]
            out.append(OutFrame(self._next, np.asarray(mixed, np.float32), before))
            self._next += 1
        self._last = (index, values)
        return out

    def end(self) -> list[OutFrame]:
        """The frames between the last one that came and the end of its time: they hold it."""
        out: list[OutFrame] = []
        if self._last is None:
            return out
        index, values = self._last
        while self._next * self.step < index + 1:
            out.append(OutFrame(self._next, values, index))
            self._next += 1
        return out

    def restart(self, shown: int) -> None:
        """Goes on behind the client's frame that holds the model's frame `shown`; -1: from the start."""
        self._next = math.floor((shown + 1) / self.step - Fraction(1, 10**9)) + 1 if shown >= 0 else 0
        self._next = max(self._next, 0)
        self._last = None
