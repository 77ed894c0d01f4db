"""One model for all sessions: threads that step its scheduler, and how many streams the machine carries."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from diffusiontalker.api.model import Model
from diffusiontalker.api.stream import Stream
from diffusiontalker.errors import DiffusionTalkerError

_SHARE = 0.7  # of the measured speed that sessions may take: the rest is for bursts, files and this process
_MEASURE_S = 1.0
MAX_STREAMS = 256
_LOG = logging.getLogger("diffusiontalker")


class Engine:
    """Steps the scheduler while there is something to do. add(), remove() and wake() may be called by any thread, and
    never wait for a network, but for the first stream of a profile."""

    def __init__(self, model: Model, n_workers: int, max_wait_ms: float = 0.0):
        self.model = model
        self.scheduler = model.scheduler(max_wait_ms=max_wait_ms)
        self._n_workers = n_workers
        self._wait_s = 0.001 if max_wait_ms else None  # between looks at windows that wait for others
        self._changed = threading.Condition()
        self._n_changes = 0
        self._closing = False
        self._threads: list[threading.Thread] = []
        self._listeners: dict[Stream, Callable[[], None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._telling = False

    # ---- Streams ----

    def add(self, stream: Stream, on_frames: Callable[[], None]) -> None:
        """Joins a stream. on_frames: called in the event loop when it may have frames."""
        self.scheduler.add(stream)
        self._listeners[stream] = on_frames
        self.wake()

    def remove(self, stream: Stream) -> None:
        if self._listeners.pop(stream, None) is not None:
            with contextlib.suppress(DiffusionTalkerError):
                self.scheduler.remove(stream)

    def wake(self) -> None:
        """Something was pushed or pulled: there may be a window to run."""
        with self._changed:
            self._n_changes += 1
            self._changed.notify_all()

    # ---- Threads ----

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        for number in range(self._n_workers):
            thread = threading.Thread(target=self._work, name=f"engine-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Ends the threads, each behind the batch that it runs."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(10)
        for stream in list(self._listeners):
            self.remove(stream)

    def _work(self) -> None:
        seen = -1
        while True:
            with self._changed:
                while self._n_changes == seen and not self._closing:
                    if not self._changed.wait(self._wait_s) and self._wait_s:
                        break
                if self._closing:
                    return
                seen = self._n_changes
            try:
                # A batch at a time, so that frames leave as soon as they are there.
                while self.scheduler.step(0)["n_windows"]:
                    self._tell()
                    if self._closing:
                        return
            except DiffusionTalkerError as e:
                _LOG.error("a step of the scheduler failed: %s", e)
                time.sleep(0.1)

    def _tell(self) -> None:
        loop = self._loop
        if self._telling or loop is None:
            return
        self._telling = True
        with contextlib.suppress(RuntimeError):  # that loop is closed
            loop.call_soon_threadsafe(self._in_loop)

    def _in_loop(self) -> None:
        self._telling = False
        for stream, on_frames in list(self._listeners.items()):
            if stream.ready_frames:
                on_frames()

    # ---- What it carries ----

    def warm_up(self, profiles: Iterable[str] | None = None) -> None:
        """Compiles the batch sizes of profiles, of all by default, so that no session waits for that: seconds each."""
        for profile in self.model.profiles if profiles is None else profiles:
            stream = self.model.stream(profile=profile, max_buffered_ms=1000, history_ms=0)
            self.scheduler.add(stream)
            self.scheduler.remove(stream)

    def measured_streams(self, profile: str | None) -> int:
        """Streams of a profile that this machine carries in real time with room to spare: _SHARE of the windows that
        all workers run in _MEASURE_S, in batches. Call it before start()."""
        streams = [
            self.model.stream(profile=profile, max_buffered_ms=10_000, history_ms=0) for _ in range(4 * self._n_workers)
        ]
        noise = (0.1 * np.random.default_rng(0).standard_normal(16_000)).astype(np.float32)
        for stream in streams:
            self.scheduler.add(stream)
        hop_s = streams[0].profile.hop_frames / self.model.fps
        ends = time.perf_counter() + _MEASURE_S

        def run(mine: list[Stream]) -> int:
            n = 0
            while time.perf_counter() < ends:
                for stream in mine:
                    if stream.buffered_s < 5:
                        stream.push(noise, 16_000)
                    stream.pull_block()
                n += self.scheduler.step(0)["n_windows"]
            return n

        began = time.perf_counter()
        with ThreadPoolExecutor(self._n_workers) as pool:
            n_windows = sum(pool.map(run, [streams[i :: self._n_workers] for i in range(self._n_workers)]))
        per_s = n_windows / (time.perf_counter() - began)
        for stream in streams:
            self.scheduler.remove(stream)
        return max(1, min(MAX_STREAMS, int(_SHARE * per_s * hop_s)))

    def stats(self) -> dict[str, Any]:
        return self.scheduler.stats()
