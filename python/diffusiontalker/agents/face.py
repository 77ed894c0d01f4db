"""Sessions of the server without the server: sound in, the events of docs/server-protocol.md out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from diffusiontalker.api.model import Model
from diffusiontalker.serve import protocol
from diffusiontalker.serve.answers import answer
from diffusiontalker.serve.engine import Engine
from diffusiontalker.serve.metrics import Metrics
from diffusiontalker.serve.options import Limits
from diffusiontalker.serve.session import Session
from diffusiontalker.serve.settings import first_settings, updated
from diffusiontalker.serve.tasks import end

Send = Callable[["str | bytes"], Awaitable[None]]


class FaceService:
    """One model for all calls of a process; the networks run in threads of their own. Made and used in one event loop,
    best by open(): the first face of a profile waits for its compilation otherwise.
    n_workers: threads; as many as load() was told n_workers."""

    def __init__(self, model: Model, n_workers: int = 1):
        self.model, self.metrics = model, Metrics()
        self._engine = Engine(model, n_workers)
        self._engine.start(asyncio.get_running_loop())

    @classmethod
    async def open(cls, model: Model, n_workers: int = 1, profiles: Iterable[str] = ("live",)) -> FaceService:
        """A service that is ready for the first call. profiles: that faces will have."""
        service = cls(model, n_workers)
        await asyncio.to_thread(service._engine.warm_up, [name for name in profiles if name in model.profiles])
        return service

    def face(self, send: Send, **settings: Any) -> AgentFace:
        """A face for one call. send: receives every event, as text or, with format="binary", frames as bytes.
        settings: those of docs/server-protocol.md. Raises InputError."""
        chosen = updated(first_settings(self.model, azure=False), settings, self.model)
        limits = replace(Limits(), max_buffered_s=600.0)
        return AgentFace(Session(self._engine, chosen, limits, self.metrics, send), send)

    async def close(self) -> None:
        """Ends the threads; faces give no frames any more."""
        await asyncio.to_thread(self._engine.close)


class AgentFace:
    """Made by FaceService.face(). One event loop."""

    def __init__(self, session: Session, send: Send):
        self.session, self._send = session, send
        self._running = asyncio.create_task(session.run())

    @property
    def fps(self) -> float:
        return float(self.session.settings.fps)

    async def audio(self, data: bytes, sample_rate: int) -> None:
        """Takes sound of one channel, s16le or the session's encoding, as fast as it comes.
        Raises ProtocolError: sound that cannot be used."""
        if sample_rate != self.session.settings.sample_rate:
            self.session.on_update({"sample_rate": sample_rate})
        await self.session.on_audio(data)

    def flush(self) -> None:
        """The utterance ends: its last frames become ready, and the mouth goes to rest."""
        self.session.on_flush()

    async def event(self, event: str | Mapping[str, Any]) -> bool:
        """Takes an event of an agent as it is: of OpenAI Realtime, Azure Voice Live, or a message of
        docs/server-protocol.md. Speech of the agent moves the face, and the user's speech interrupts it.
        Returns whether the session goes on, which only `close` ends. Raises ProtocolError: it cannot be used.
        InputError: a value that cannot be."""
        request = protocol.read(event) if isinstance(event, str) else protocol.request_of(event)
        return await answer(self.session, request, self._send)

    async def interrupt(self, ease_ms: int = 200, heard_s: float | None = None) -> None:
        """Drops what waits, and eases to rest. heard_s: seconds of the utterance that the listener has heard; None: as
        many as went by since its first frame was sent."""
        shown = None if heard_s is None else max(-1, int(heard_s * self.fps))
        await self.session.on_interrupt(ease_ms, shown)

    async def finish(self, timeout_s: float = 60.0) -> bool:
        """Waits until the frames of all its sound were sent. Whether they were."""
        ends = asyncio.get_running_loop().time() + timeout_s
        while not self.session.is_idle and not self._running.done():
            if asyncio.get_running_loop().time() > ends:
                return False
            await asyncio.sleep(0.01)
        return not self._running.done()

    async def close(self) -> None:
        """No event comes after it."""
        await end([self._running])
        with contextlib.suppress(RuntimeError):
            await asyncio.to_thread(self.session.close)
