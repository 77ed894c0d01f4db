"""What a session does for each message of its client, whatever brings the message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from diffusiontalker.serve import protocol
from diffusiontalker.serve.session import Session
from diffusiontalker.serve.wire import json_text

Send = Callable[["str | bytes"], Awaitable[None]]
_STYLE = ("identity", "emotion", "mood", "emotion_strength", "strength", "style", "dials")


async def answer(session: Session, request: protocol.Request, send: Send) -> bool:
    """Whether the session goes on.   send: takes events for the client.   Raises ProtocolError, InputError."""
    kind = request.kind
    if kind == "audio":
        await session.on_audio(protocol.audio_bytes(request), request.event_id)
    elif kind == "flush":
        session.on_flush()
        if request.type == "input_audio_buffer.commit":
            await send(json_text({"type": "input_audio_buffer.committed", "event_id": "event_committed"}))
    elif kind == "interrupt":
        await session.on_interrupt(*protocol.interrupt_options(request, float(session.settings.fps)))
        if request.type == "input_audio_buffer.clear":
            await send(json_text({"type": "input_audio_buffer.cleared", "event_id": "event_cleared"}))
    elif kind == "update" or kind == "style":
        wanted = request.body.get("session", {}) if kind == "update" else _style_of(request.body)
        await send(session.on_update(wanted, protocol.blend_ms(request)))
    elif kind == "ping":
        fields = {"id": request.body["id"]} if isinstance(request.body.get("id"), (int, str)) else {}
        await send(json_text({"type": "pong", "event_id": "event_pong", **fields}))
    return kind != "close"


def _style_of(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in _STYLE if name in body}
