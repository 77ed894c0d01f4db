"""Takes sound from a source and gives every frame to the senders when its time has come."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from diffusiontalker.api.samples import as_float32
from diffusiontalker.api.stream import Stream
from diffusiontalker.errors import BufferFullError, DiffusionTalkerError
from diffusiontalker.live.clock import SoundClock
from diffusiontalker.live.echo import Echo
from diffusiontalker.live.sources import Source
from diffusiontalker.senders.base import FaceFrame, FaceFrames, Sender

MARGIN_MS = 50.0  # beyond the latency of the profile, for the computing and the machine
_LEVEL_FALLS_DB = 20.0  # of the meter, in a second
SILENT_DBFS = -90.0


class Show:
    """delay_ms: from the sound to its frame; None: the latency of the profile and MARGIN_MS.
    Frames leave at the time of their sound plus the delay, by the clock of the sound."""

    def __init__(
        self, stream: Stream, source: Source, senders: Sequence[Sender], delay_ms: float | None = None,
        echo: Echo | None = None,
    ):  # fmt: skip
        self.stream, self.source, self.senders, self.echo = stream, source, senders, echo
        self.delay_s = (stream.profile.latency_ms + MARGIN_MS if delay_ms is None else delay_ms) / 1000
        self.clock = SoundClock()
        self.n_frames = 0
        self.n_missed = 0  # frames that left more than a frame late
        self.dropped_s = 0.0  # of sound that the stream had no room for
        self.error: str | None = None
        self._frames_of = FaceFrames(stream.model.channels)
        self._period_s = 1 / stream.model.fps
        self._ready: deque[FaceFrame] = deque()
        self._pushed, self._come = threading.Event(), threading.Event()
        self._pushed_s, self._level, self._level_at = 0.0, SILENT_DBFS, 0.0
        self._latency_s = 0.0
        self._ended = False  # no frame comes any more

    @property
    def level_dbfs(self) -> float:
        """Of the sound now, falling slowly, as meters do."""
        return max(SILENT_DBFS, self._level - _LEVEL_FALLS_DB * (time.monotonic() - self._level_at))

    @property
    def latency_ms(self) -> float:
        """Of the frame sent last: from its sound to its leaving."""
        return 1000 * self._latency_s

    def run(self, tick: Callable[[], None] = lambda: None, tick_s: float = 0.1) -> None:
        """Until the source is over and its last frame has left, or nobody takes frames any more.
        tick: called about every tick_s, from this thread."""
        threading.Thread(target=self._compute, name="face", daemon=True).start()
        if self.echo is not None:
            self.echo.start()
        self.source.start(self._take)
        next_tick = time.monotonic()
        try:
            while not (self._ended and not self._ready) and not all(sender.is_gone for sender in self.senders):
                now = time.monotonic()
                if now >= next_tick:
                    tick()
                    next_tick = now + tick_s
                self._send_due(next_tick - now)
        finally:
            self.source.stop()
            self._pushed.set()

    # ---- Sound in: the source's thread ----

    def _take(self, samples: np.ndarray, rate: int) -> None:
        try:
            self.stream.push(samples, rate)
        except BufferFullError:
            self.dropped_s += len(samples) / rate
        except DiffusionTalkerError as e:
            self.error = str(e)
            self.source.over.set()
            return
        mono = as_float32(samples)
        mono = mono if mono.ndim == 1 else mono.mean(axis=1)
        self._measure(mono)
        if self.echo is not None:
            self.echo.add(mono)
        self._pushed_s += len(samples) / rate
        self.clock.advance(self._pushed_s)
        self._pushed.set()

    def _measure(self, mono: np.ndarray) -> None:
        power = float(np.mean(np.square(mono, dtype=np.float64))) if len(mono) else 0.0
        level = 10 * math.log10(power) if power > 0 else SILENT_DBFS
        if level >= self.level_dbfs:
            self._level, self._level_at = level, time.monotonic()

    # ---- Frames: a thread that computes ----

    def _compute(self) -> None:
        try:
            flushed = False
            while True:
                if self._pull():
                    continue
                if flushed:
                    return
                if self.source.over.is_set():
                    self.stream.flush()
                    flushed = True
                    continue
                self._pushed.wait(0.05)
                self._pushed.clear()
        except DiffusionTalkerError as e:
            self.error = str(e)
        finally:
            self._ended = True
            self._come.set()

    def _pull(self) -> int:
        first, weights, poses = self.stream.pull_block_with_pose(self.stream.profile.hop_frames)
        for k, row in enumerate(weights):
            pose = None if poses is None else poses[k]
            time_s = (first + k) * self._period_s + self.dropped_s
            self._ready.append(self._frames_of.of(first + k, time_s, row, pose))
        if len(weights):
            self._come.set()
        return len(weights)

    # ---- Frames out: the thread of run() ----

    def _send_due(self, wait_s: float) -> None:
        """Sends the next frame at its time; or waits, at most wait_s."""
        if not self._ready:
            self._come.wait(max(0.0, wait_s))
            self._come.clear()
            return
        late_s = self.clock() - (self._ready[0].time_s + self.delay_s)
        if late_s < 0:
            time.sleep(min(-late_s, max(0.0, wait_s)))
            return
        frame = self._ready.popleft()
        for sender in self.senders:
            sender.send(frame)
        self.n_frames += 1
        self.n_missed += late_s > self._period_s
        self._latency_s = self.delay_s + late_s
