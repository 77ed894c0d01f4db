"""The asyncio form of a stream: frames for `async for`, pushes that wait for room."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

from diffusiontalker.errors import BufferFullError, BusyError, StreamClosedError

if TYPE_CHECKING:
    from diffusiontalker.api.stream import Frame, Stream


def stopwatch() -> Callable[[], float]:
    """A clock for Stream.frames(): 0 when it is asked first, then the seconds of wall time since."""
    began: list[float] = []

    def seconds() -> float:
        now = time.monotonic()
        if not began:
            began.append(now)
        return now - began[0]

    return seconds


class Listeners:
    """Coroutines that wait until something has happened to a stream, in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def tell(self) -> None:
        with self._lock:
            events = list(self._events)
        for loop, event in events:
            with contextlib.suppress(RuntimeError):  # that loop is closed
                loop.call_soon_threadsafe(event.set)

    @contextlib.contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        entry = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._events.append(entry)
        try:
            yield entry[1]
        finally:
            with self._lock:
                self._events.remove(entry)


async def push_when_room(stream: Stream, samples, sample_rate: int, dtype: str | None, utterance: int | None) -> bool:
    if utterance is None:
        utterance = stream.utterance  # the one at hand when the call began
    with stream._listeners.listening() as happened:
        while True:
            happened.clear()
            try:
                return stream.push(samples, sample_rate, dtype=dtype, utterance=utterance)
            except BufferFullError:
                if not stream.buffered_s:
                    raise  # longer than the whole buffer
            await happened.wait()


async def frames(stream: Stream, clock: Callable[[], float] | None, idle: bool, sleep_s: float) -> AsyncIterator[Frame]:
    """Stream.frames(). What _fill() computes lies in stream._ahead until it is given: nothing is lost when the loop
    ends at any `await`."""
    loop = asyncio.get_running_loop()
    enough = 1 if clock is None else 2  # the next hop is computed while the last frame of this one waits for its time
    with stream._listeners.listening() as happened:
        while True:
            happened.clear()
            if len(stream._ahead) < enough and stream._native.ready_frames():
                await loop.run_in_executor(None, stream._fill)
                continue
            if stream._ahead:
                if clock is None or await _is_due(stream, clock, happened, sleep_s):
                    for frame in stream._take_ahead(1):
                        yield frame
                continue
            info = stream.info()
            if info["is_flushed"] and info["next_frame"] >= info["next_audio_frame"]:
                return
            lives_on = clock is not None and idle and _keep_alive(stream, info, clock())
            if not lives_on:
                await _wait(happened, sleep_s if info["in_scheduler"] or (clock and idle) else None)


async def _wait(happened: asyncio.Event, seconds: float | None) -> None:
    with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
        await asyncio.wait_for(happened.wait(), seconds)


async def _is_due(stream: Stream, clock: Callable[[], float], happened: asyncio.Event, sleep_s: float) -> bool:
    """Waits until the time of the next frame has come, or something happens: then it may not be the next any more."""
    ahead = list(stream._ahead)
    wait_s = ahead[0].time_s - clock() if ahead else 0.0
    if wait_s <= 0:
        return True
    happened.clear()
    await _wait(happened, min(wait_s, sleep_s))
    return False


def _keep_alive(stream: Stream, info: dict, now_s: float) -> bool:
    """Appends a hop of silence when the next frame is due and its audio has not come. Whether it did."""
    if info["is_flushed"] or info["is_paused"] or info["next_frame"] * stream._period_s > now_s:
        return False
    try:
        stream._idle_frames(stream.profile.hop_frames)
    except (BusyError, BufferFullError, StreamClosedError):  # somebody else pushes or flushes just now
        return False
    return True
