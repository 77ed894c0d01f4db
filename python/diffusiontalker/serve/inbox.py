"""What a session was sent and has not used yet: sound and the ends of utterances, in order."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sound:
    """samples: float32 [n].   rate_hz: of them."""

    samples: np.ndarray
    rate_hz: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate_hz


class Flush:
    """The end of an utterance."""

    seconds = 0.0


Item = Sound | Flush
_PIECE_S = 0.5  # of sound that is pushed in one go: other sessions wait meanwhile
_MAX_ITEMS = 20_000


class Inbox:
    """Of one event loop. `generation` changes when everything is dropped."""

    def __init__(self, max_s: float):
        self.max_s = max_s
        self.seconds = 0.0  # of sound that waits
        self.generation = 0
        self._items: deque[Item] = deque()
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()

    def has_room(self) -> bool:
        return self.seconds < self.max_s and len(self._items) < _MAX_ITEMS

    def put(self, item: Item) -> None:
        if isinstance(item, Sound):
            n = max(1, int(item.rate_hz * _PIECE_S))
            for start in range(0, len(item.samples), n):
                self._append(Sound(item.samples[start : start + n], item.rate_hz))
        else:
            self._append(item)

    def _append(self, item: Item) -> None:
        last = self._items[-1] if self._items else None
        if isinstance(item, Sound) and isinstance(last, Sound) and self._joins(last, item):
            self._items[-1] = Sound(np.concatenate([last.samples, item.samples]), item.rate_hz)
        else:
            self._items.append(item)
        self.seconds += item.seconds
        self._filled.set()

    @staticmethod
    def _joins(last: Sound, item: Sound) -> bool:
        """Tiny messages are joined, so that a million of them take no more memory than their samples."""
        return last.rate_hz == item.rate_hz and last.seconds + item.seconds <= 0.02

    async def get(self) -> Item:
        """The oldest one; waits for it."""
        while not self._items:
            self._filled.clear()
            await self._filled.wait()
        item = self._items.popleft()
        self.seconds = max(0.0, self.seconds - item.seconds) if self._items else 0.0
        self._emptied.set()
        return item

    def clear(self) -> None:
        self._items.clear()
        self.seconds = 0.0
        self.generation += 1
        self._emptied.set()

    @property
    def is_empty(self) -> bool:
        return not self._items

    async def room(self, seconds: float) -> bool:
        """Waits at most so long until there is room. Whether there is."""
        ends = asyncio.get_running_loop().time() + seconds
        while not self.has_room():
            left = ends - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            self._emptied.clear()
            try:
                await asyncio.wait_for(self._emptied.wait(), left)
            except (TimeoutError, asyncio.TimeoutError):
                return False
        return True
