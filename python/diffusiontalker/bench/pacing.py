"""Clocks of the paced scenarios: audio that arrives as it is spoken, and a host that shows one frame per tick."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence

import numpy as np

from diffusiontalker.errors import BufferFullError
from diffusiontalker.spec.rates import SAMPLE_RATE_HZ

CHUNK_S = 0.01
CHUNK_SAMPLES = SAMPLE_RATE_HZ // 100
LEAD_S = 0.05  # between making the threads and the first sample
POLL_S = 0.001  # how often a frame that is not there is looked for


def sleep_until(due: float) -> None:
    """due: of time.perf_counter()."""
    left = due - time.perf_counter()
    if left > 0:
        time.sleep(left)


class Microphone(threading.Thread):
    """Pushes the clip, over and over, in chunks of 10 ms, each at the moment its last sample has been spoken.
    streams: native streams, one lane each.   starts: chunks after `began` at which a lane begins.
    A chunk that finds the buffer full is lost, as a microphone cannot wait.
    """

    def __init__(self, streams: Sequence, starts: Sequence[int], audio: np.ndarray, began: float, seconds: float):
        super().__init__(daemon=True)
        self.late_s: list[float] = []  # how late this thread woke: what the machine adds, not what is measured
        self.push_s: list[float] = []
        self.n_lost = 0  # chunks
        self._lanes = list(zip(streams, starts, strict=True))
        whole = audio if len(audio) >= CHUNK_SAMPLES else np.pad(audio, (0, CHUNK_SAMPLES - len(audio)))
        n_chunks = len(whole) // CHUNK_SAMPLES
        self._chunks = np.ascontiguousarray(whole[: n_chunks * CHUNK_SAMPLES], np.float32).reshape(n_chunks, -1)
        self._began, self._n_ticks = began, math.ceil(seconds / CHUNK_S)
        self._halt = threading.Event()
        self._error: Exception | None = None

    def run(self) -> None:
        try:
            for tick in range(self._n_ticks):
                due = self._began + (tick + 1) * CHUNK_S
                sleep_until(due)
                if self._halt.is_set():
                    return
                self.late_s.append(time.perf_counter() - due)
                for stream, start in self._lanes:
                    if tick >= start:
                        self._push(stream, self._chunks[(tick - start) % len(self._chunks)])
        except Exception as e:  # told by finish(), in the thread that waits for the result
            self._error = e

    def _push(self, stream, chunk: np.ndarray) -> None:
        began = time.perf_counter()
        try:
            stream.push(chunk, SAMPLE_RATE_HZ)
        except BufferFullError:
            self.n_lost += 1
        self.push_s.append(time.perf_counter() - began)

    def finish(self) -> None:
        """Stops, waits and raises what went wrong in the thread."""
        self._halt.set()
        self.join()
        if self._error is not None:
            raise self._error


class Playback:
    """What a host sees of one stream. Frame k is due at its own time + stated latency, rounded up to a chunk, + one
    frame as a reserve for compute; the first frame is also asked for before, as soon as it may be there.
    began: when the first sample of this stream was spoken.   extra_s: what the host allows on top of it.
    """

    def __init__(self, stream, began: float, latency_s: float, period_s: float, hop_frames: int, extra_s: float = 0.0):
        self.frames: list[np.ndarray] = []
        self.lateness_s: list[float] = []  # of every frame but the first, against its due time; negative never
        self.first_frame_s: float | None = None  # since `began`
        self.pull_s: list[float] = []  # calls that were made because a frame was due
        self.hop_s: list[float] = []  # calls that ran a window, outside a scheduler
        self._stream, self._began, self._period_s, self._hop_frames = stream, began, period_s, hop_frames
        self._earliest = began + latency_s
        self._wait_s = math.ceil(latency_s / CHUNK_S - 1e-9) * CHUNK_S + period_s + extra_s
        self.n_frames = 0

    def due(self, frame: int) -> float:
        return self._began + self._wait_s + frame * self._period_s

    def n_due(self, now: float) -> int:
        """Frames whose time has come."""
        return max(0, math.floor((now - self.due(0)) / self._period_s + 1e-9) + 1)

    def turn(self, now: float) -> None:
        """Pulls what is due, or the first frame when it may be there."""
        n = max(self.n_due(now) - self.n_frames, 1 if not self.n_frames and now >= self._earliest else 0)
        if n <= 0:
            return
        began = time.perf_counter()
        first, weights = self._stream.pull(n)
        ended = time.perf_counter()
        self.pull_s.append(ended - began)
        if not len(weights):
            return
        if self.first_frame_s is None:
            self.first_frame_s = ended - self._began
        n_hops = sum(k % self._hop_frames == 0 for k in range(first, first + len(weights)))
        if n_hops:
            self.hop_s += [(ended - began) / n_hops] * n_hops
        self.lateness_s += [max(0.0, ended - self.due(k)) for k in range(first, first + len(weights)) if k]
        self.n_frames += len(weights)
        self.frames.append(weights)

    def next_turn(self, now: float) -> float:
        """When turn() should be called again."""
        due = self.due(self.n_frames) if self.n_frames else self._earliest
        return due if due > now else now + POLL_S

    def n_late(self, until: float) -> int:
        """Frames that came later than the time to show the next one, or not at all."""
        never = max(0, self.n_due(until - self._period_s) - self.n_frames)
        return never + sum(s > self._period_s for s in self.lateness_s)


def play(playbacks: Sequence[Playback], until: float) -> None:
    """Runs the hosts in this thread until that time of time.perf_counter()."""
    while (now := time.perf_counter()) < until:
        for playback in playbacks:
            playback.turn(time.perf_counter())
        sleep_until(min(until, *(p.next_turn(now) for p in playbacks)))
