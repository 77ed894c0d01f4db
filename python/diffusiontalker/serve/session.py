"""One client's session: its stream, its utterances, and the messages that leave; without a socket."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from diffusiontalker.api.stream import Frame, Stream
from diffusiontalker.errors import BufferFullError, BusyError, DiffusionTalkerError, InputError
from diffusiontalker.serve.engine import Engine
from diffusiontalker.serve.inbox import Flush, Inbox, Sound
from diffusiontalker.serve.incoming import Incoming
from diffusiontalker.serve.metrics import Metrics
from diffusiontalker.serve.options import Limits
from diffusiontalker.serve.protocol import ProtocolError
from diffusiontalker.serve.responses import Response
from diffusiontalker.serve.settings import STREAM_ONLY, Settings, described, updated
from diffusiontalker.serve.tasks import end
from diffusiontalker.serve.wire import json_text, names_of

_STREAM_BUFFER_MS = 4000  # in the native stream; the rest of the sound waits in the inbox
_HISTORY_MS = 10_000
_LATE_FRAMES = 1.0  # of pace "due": from so many on a frame counts as late

Send = Callable[[str | bytes], Awaitable[None]]


class Session:
    """Methods that begin with `on_` take a client's wish; run() sends frames until it is cancelled. One event loop.
    send: sends one message to the client; may raise."""

    def __init__(self, engine: Engine, settings: Settings, limits: Limits, metrics: Metrics, send: Send):
        self.id = secrets.token_hex(8)
        self.engine, self.settings, self.metrics = engine, settings, metrics
        self._send, self._limits = send, limits
        self.inbox = Inbox(limits.max_buffered_s)
        self._incoming = Incoming(settings.encoding, settings.sample_rate)
        self._stream: Stream | None = None
        self._response: Response | None = None  # that sound goes into
        self._tail: tuple[Response, int] | None = None  # an interrupted one, and the stream's frame that it ends before
        self._held: list[Frame] = []  # pulled, and not sent yet
        self._n_responses = 0
        self._flushed = False
        self._moving = False  # an item of the inbox is on its way into the stream
        self._happened = asyncio.Event()  # frames, room or an interrupt
        self._drained = asyncio.Event()  # no response is open, or there is room
        self._overfull = False
        self._closed = False

    # ---- What a client may wish ----

    def created(self) -> str:
        return json_text({"type": "session.created", "event_id": "event_created", "session": self.description()})

    def description(self) -> dict[str, Any]:
        model = self.engine.model
        return {
            "id": self.id,
            **described(self.settings, model),
            "channels": names_of(model.channels, model.has_head_pose, self.settings.layout),
            "identities": list(model.identities),
            "emotions": list(model.emotions),
            "profiles": {name: profile.latency_ms for name, profile in model.profiles.items()},
            "max_buffered_ms": round(self._limits.max_buffered_s * 1000),
            "max_message_bytes": self._limits.max_message_bytes,
        }

    def on_update(self, wanted: Any, blend_ms: int = 300) -> str:
        """Returns the event for the client. Raises InputError."""
        new = updated(self.settings, wanted, self.engine.model)
        if self._stream is not None:
            for name in STREAM_ONLY:
                if getattr(new, name) != getattr(self.settings, name):
                    raise InputError(f"{name} cannot change any more: it is fixed by the first sound of a session")
        if (new.encoding, new.sample_rate) != (self.settings.encoding, self.settings.sample_rate):
            if self._response is not None or not self.inbox.is_empty:
                raise InputError(
                    "encoding and sample_rate cannot change inside of an utterance: flush or interrupt first"
                )
            self._incoming = Incoming(new.encoding, new.sample_rate)
        if self._stream is not None and not new.has_style_of(self.settings):
            self._stream.set_style(new.vector(self.engine.model), blend_ms)
        if self._stream is not None and new.dials != self.settings.dials:
            self._stream.set_dials(new.dials, blend_ms)
        self.settings = new
        return json_text({"type": "session.updated", "event_id": "event_updated", "session": self.description()})

    async def on_audio(self, data: bytes, event_id: str | None = None) -> None:
        """Takes sound; waits for room if there is none. Raises ProtocolError."""
        try:
            samples = self._incoming.samples(data)
        except DiffusionTalkerError as e:
            raise ProtocolError("invalid_audio", str(e), event_id) from e
        if not len(samples):
            return
        if not self.inbox.has_room() and (self._overfull or not await self.inbox.room(self._limits.room_wait_s)):
            self._overfull = True
            seconds = f"{self.inbox.seconds:.0f} s of sound wait in this session, the most it takes"
            raise ProtocolError(
                "buffer_full", f"{seconds}: the message was dropped, send later ones more slowly", event_id
            )
        self._overfull = False
        self.inbox.put(Sound(samples, self._incoming.rate_hz))
        self.metrics.add("audio_seconds_total", len(samples) / self._incoming.rate_hz)

    def on_flush(self) -> None:
        self._incoming = Incoming(self.settings.encoding, self.settings.sample_rate)
        self.inbox.put(Flush())

    async def on_interrupt(self, ease_ms: int, shown_frame: int | None) -> None:
        """Drops all sound and frames that wait; the mouth goes to rest from the frame that the client shows."""
        self.metrics.add("interrupts_total")
        self._incoming = Incoming(self.settings.encoding, self.settings.sample_rate)
        self.inbox.clear()
        response, self._response = self._response, None
        self._flushed = False
        if self._stream is not None and response is not None:
            shown = self._shown_by_now(response) if shown_frame is None else response.shown(shown_frame)
            shown = min(shown, response.last_sent)
            self._held.clear()
            shown, end = self._interrupt(ease_ms, shown)
            response.restart(shown)
            self._tail = (response, end)
        self._happened.set()
        self._drained.set()
        self.engine.wake()

    def _shown_by_now(self, response: Response) -> int:
        """The frame that a client can show at most, when it began to play with the first frame that it got."""
        if response.sent_at is None:
            return response.first - 1
        return response.first + int((asyncio.get_running_loop().time() - response.sent_at) * self.engine.model.fps)

    def _interrupt(self, ease_ms: int, shown: int) -> tuple[int, int]:
        """(the frame that the easing starts from, the one behind its last)"""
        assert self._stream is not None
        pulled = self._stream.info()["next_frame"] - 1
        try:
            return shown, self._stream.interrupt(ease_ms, shown_frame=shown)
        except InputError:  # kept no longer
            return pulled, self._stream.interrupt(ease_ms)

    @property
    def is_idle(self) -> bool:
        """Whether nothing that was sent waits for its frames."""
        return self.inbox.is_empty and not self._moving and self._response is None and self._tail is None

    # ---- Sound in ----

    async def feed(self) -> None:
        """Moves sound from the inbox into the stream, for as long as the session lives."""
        while True:
            self._moving = False
            item = await self.inbox.get()
            self._moving, generation = True, self.inbox.generation
            try:
                if isinstance(item, Sound):
                    await self._push(item, generation)
                elif self._response is not None and not self._flushed:
                    assert self._stream is not None
                    self._stream.flush()
                    self._flushed = True
                    self.engine.wake()
                    self._happened.set()
            except DiffusionTalkerError as e:
                await self._send(error_text("invalid_audio", str(e)))

    async def _push(self, sound: Sound, generation: int) -> None:
        while self._flushed:  # the utterance before it has frames to give
            await self._wait_drained()
            if generation != self.inbox.generation:
                return
        if self._response is None:
            await self._begin(generation)
        while generation == self.inbox.generation:
            assert self._stream is not None
            try:
                self._stream.push(sound.samples, sound.rate_hz)
            except (BufferFullError, BusyError):
                await self._wait_drained()
                continue
            self.engine.wake()
            await asyncio.sleep(0)  # the other sessions' turn
            return

    async def _wait_drained(self) -> None:
        self._drained.clear()
        self.engine.wake()
        await self._drained.wait()

    async def _begin(self, generation: int) -> None:
        """Opens a response, and the stream with the first one."""
        if self._stream is None:
            await asyncio.to_thread(self._open_stream, self.settings)
        assert self._stream is not None
        if generation == self.inbox.generation:
            self._n_responses += 1
            first = self._stream.next_audio_frame
            self._response = Response(self.id, self._n_responses, first, self.settings, self.engine.model)

    def _open_stream(self, settings: Settings) -> None:
        """In a thread, which goes on when the session is closed meanwhile."""
        self._stream = self.engine.model.stream(
            **settings.style, seed=settings.seed, profile=settings.profile, head_amount=settings.head_amount,
            dials=settings.dials, max_buffered_ms=_STREAM_BUFFER_MS, history_ms=_HISTORY_MS,
        )  # fmt: skip
        self.engine.add(self._stream, self._happened.set)
        if self._closed:
            self.close()

    # ---- Frames out ----

    async def run(self) -> None:
        """Sends frames as they are there or due, until it is cancelled."""
        feeding = asyncio.create_task(self.feed())
        feeding.add_done_callback(lambda _: self._happened.set())
        try:
            while True:
                if feeding.done():
                    feeding.result()
                self._happened.clear()
                if not await self._send_some():
                    await self._happened.wait()
        finally:
            await end([feeding])

    def close(self) -> None:
        """Frees the stream; may wait for a batch that holds it. Any thread."""
        self._closed = True
        stream, self._stream = self._stream, None
        if stream is not None:
            self.engine.remove(stream)

    async def _send_some(self) -> bool:
        """Sends what is ready or due. Whether there may be more."""
        if self._stream is None:
            return False
        if not self._held:
            self._held = self._stream.pull()
            if self._held:
                self.engine.wake()
                self._drained.set()
        frames = self._due()
        if frames:
            await self._deliver(frames)
            return True
        if await self._finish():
            return True
        if self._held:
            await self._wait_due(self._held[0])
            return True
        return False

    def _owner(self, frame: Frame) -> Response | None:
        if self._tail is not None and frame.index < self._tail[1]:
            return self._tail[0]
        return self._response

    def _due(self) -> list[Frame]:
        """Takes the held frames of one response that may leave now."""
        if not self._held:
            return []
        owner = self._owner(self._held[0])
        if self._tail is not None and owner is not self._tail[0]:
            return []  # _finish() first
        if owner is None:
            self._held = []  # silence between responses, which nobody asked for
            return []
        n = 0
        for frame in self._held:
            if self._owner(frame) is not owner or (owner.settings.pace == "due" and self._wait_s(owner, frame) > 0):
                break
            n += 1
        taken, self._held = self._held[:n], self._held[n:]
        return taken

    def _wait_s(self, response: Response, frame: Frame) -> float:
        """Seconds until a frame of pace "due" may leave. A response starts when its first frame is there. When frames
        come late, the later ones keep their distance to them."""
        now, period_s = asyncio.get_running_loop().time(), 1 / self.engine.model.fps
        time_s = (frame.index - response.first) * period_s
        if response.began_at is None:
            response.began_at = now - time_s
        wait_s = response.began_at + time_s - now
        if wait_s < -_LATE_FRAMES * period_s:
            self.metrics.add("late_frames_total")
            response.began_at -= wait_s
        return wait_s

    async def _wait_due(self, frame: Frame) -> None:
        owner = self._owner(frame)
        if owner is not None:
            with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
                await asyncio.wait_for(self._happened.wait(), max(0.0, self._wait_s(owner, frame)))

    async def _deliver(self, frames: list[Frame]) -> None:
        owner = self._owner(frames[0])
        assert owner is not None
        self.metrics.add("frames_total", len(frames))
        if owner.sent_at is None:
            owner.sent_at = asyncio.get_running_loop().time()
        for message in owner.events(frames):
            await self._send(message)

    async def _finish(self) -> bool:
        """Sends the end of a response that has given all its frames."""
        if self._stream is None:
            return False
        next_frame = self._held[0].index if self._held else self._stream.info()["next_frame"]
        if self._tail is not None:
            response, end = self._tail
            if next_frame < end:
                return False
            self._tail = None
            for message in response.done("interrupted"):
                await self._send(message)
            return True
        response_now = self._response
        if not self._flushed or response_now is None or next_frame < self._stream.next_audio_frame:
            return False
        self._stream.interrupt(0)  # the stream is open again, and its frames go on counting
        self._response, self._flushed = None, False
        for message in response_now.done("completed"):
            await self._send(message)
        self._drained.set()
        return True


def error_text(code: str, message: str, event_id: str | None = None) -> str:
    """An `error` event, of the shape that OpenAI Realtime and Azure Voice Live give it."""
    kind = "server_error" if code == "internal" else "invalid_request_error"
    error = {
        "type": kind,
        "code": code,
        "message": " ".join(message.split())[:500],
        "param": None,
        "event_id": event_id,
    }
    return json_text({"type": "error", "event_id": "event_error", "error": error})
