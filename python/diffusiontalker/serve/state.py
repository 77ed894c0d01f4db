"""What all requests of one server share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from diffusiontalker.serve.engine import Engine
from diffusiontalker.serve.metrics import Metrics
from diffusiontalker.serve.options import ServeOptions
from diffusiontalker.serve.session import Session


@dataclass
class State:
    """max_streams: sessions at the same time."""

    engine: Engine
    options: ServeOptions
    max_streams: int
    metrics: Metrics = field(default_factory=Metrics)
    sessions: dict[Session, Callable[[], Any]] = field(default_factory=dict)  # with what ends each
    n_opening: int = 0
    n_files: int = 0
    is_draining: bool = False
    started_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        gauge, stats = self.metrics.gauge, self.engine.stats
        gauge("sessions_open", "Sessions now.", lambda: len(self.sessions))
        gauge("max_sessions", "Sessions that are taken at the same time.", lambda: self.max_streams)
        gauge("draining", "1 while the server ends.", lambda: float(self.is_draining))
        gauge("uptime_seconds", "Seconds since the start.", lambda: time.monotonic() - self.started_at)
        gauge("scheduler_windows", "Windows of all streams since the start.", lambda: stats()["n_windows"])
        gauge("scheduler_batches", "Runs of the networks since the start.", lambda: stats()["n_batches"])
        gauge("scheduler_busy_seconds", "Seconds in the networks.", lambda: stats()["run_ns"] / 1e9)
        gauge("scheduler_deadline_misses", "Windows that were late.", lambda: stats()["n_deadline_misses"])
        gauge("scheduler_max_lateness_seconds", "Of the latest window.", lambda: stats()["max_lateness_ns"] / 1e9)

    @property
    def is_full(self) -> bool:
        return len(self.sessions) + self.n_opening >= self.max_streams

    async def drain(self) -> None:
        """Takes no new sessions, and ends each when it has sent its frames, or all after limits.drain_s."""
        self.is_draining = True
        ends = time.monotonic() + self.options.limits.drain_s
        while self.sessions and time.monotonic() < ends:
            for session, end in list(self.sessions.items()):
                if session.is_idle:
                    await end()
            await asyncio.sleep(0.05)
        for end in list(self.sessions.values()):
            await end()
