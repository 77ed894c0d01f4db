"""Messages of clients, read into what they ask for."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diffusiontalker.errors import InputError
from diffusiontalker.names import suggestion
from diffusiontalker.serve.options import MAX_EASE_MS

# Type of a message -> what it asks for. Besides our own: what clients of Azure Voice Live and OpenAI Realtime send, and
# what their servers send, so that a bridge may pass on every event of an agent as it is.
KINDS = {
    "session.update": "update",
    "style": "style",
    "audio": "audio",
    "input_audio_buffer.append": "audio",
    "response.audio.delta": "audio",
    "response.output_audio.delta": "audio",
    "flush": "flush",
    "input_audio_buffer.commit": "flush",
    "response.audio.done": "flush",
    "response.output_audio.done": "flush",
    "interrupt": "interrupt",
    "input_audio_buffer.clear": "interrupt",
    "response.cancel": "interrupt",
    "conversation.item.truncate": "interrupt",
    "input_audio_buffer.speech_started": "interrupt",
    "ping": "ping",
    "close": "close",
}
PASSED_OVER = ("response.", "conversation.", "session.", "input_audio_buffer.", "rate_limits.", "output_audio_buffer.")
MAX_TYPE_LENGTH = 100


@dataclass(frozen=True)
class Request:
    """kind: one of the values of KINDS, or "" for a message that is passed over.   event_id: of the client, if any."""

    kind: str
    body: dict[str, Any]
    type: str
    event_id: str | None = None


class ProtocolError(Exception):
    """A message that cannot be used. code: stable, for programs; event_id: of the message."""

    def __init__(self, code: str, message: str, event_id: str | None = None):
        super().__init__(message)
        self.code, self.event_id = code, event_id


def read(text: str) -> Request:
    """Raises ProtocolError: no JSON, no object, no type or one that is not known."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise ProtocolError(
            "invalid_json", "the message is no JSON: send one JSON object in each text message"
        ) from None
    if not isinstance(body, dict):
        raise ProtocolError("invalid_json", 'the message is no JSON object, such as {"type": "ping"}')
    return request_of(body)


def request_of(message: Mapping[str, Any]) -> Request:
    """Of a message that is no text any more. Raises ProtocolError: no type or one that is not known."""
    body = dict(message)
    event_id = body.get("event_id")
    event_id = event_id[:MAX_TYPE_LENGTH] if isinstance(event_id, str) else None
    kind = body.get("type")
    if not isinstance(kind, str) or len(kind) > MAX_TYPE_LENGTH:
        raise ProtocolError("missing_type", 'the message has no "type", which says what it asks for', event_id)
    if kind in KINDS:
        return Request(KINDS[kind], body, kind, event_id)
    if kind.startswith(PASSED_OVER) or kind in ("error", "warning"):
        return Request("", body, kind, event_id)
    near = suggestion(kind, KINDS)
    raise ProtocolError(
        "unknown_type", f"there is no message '{kind}'{near or ':'} the types are {', '.join(KINDS)}", event_id
    )


def audio_bytes(request: Request) -> bytes:
    """The sound in an `audio` message, in "audio" or "delta" as base64. Raises ProtocolError."""
    data = request.body.get("audio", request.body.get("delta"))
    if not isinstance(data, str):
        raise ProtocolError(
            "invalid_audio", 'the message has no "audio", which holds samples as base64', request.event_id
        )
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError(
            "invalid_audio", '"audio" is no base64 (RFC 4648, with padding)', request.event_id
        ) from None


def interrupt_options(request: Request, fps: float) -> tuple[int, int | None]:
    """(ease_ms, shown_frame) of an `interrupt`. fps: frames a second of the client. Raises InputError."""
    ease = request.body.get("ease_ms", 200)
    if isinstance(ease, bool) or not isinstance(ease, int) or not 0 <= ease <= MAX_EASE_MS:
        raise InputError(f"ease_ms is {ease!r}, expected a whole number 0..{MAX_EASE_MS}")
    shown, heard_ms = request.body.get("shown_frame"), request.body.get("audio_end_ms")
    if shown is None and type(heard_ms) is int and 0 <= heard_ms < 2**40:  # of conversation.item.truncate
        return ease, int(heard_ms / 1000 * fps)
    if shown is not None and (isinstance(shown, bool) or not isinstance(shown, int) or not -1 <= shown < 2**40):
        raise InputError(f"shown_frame is {shown!r}, expected the frame_index of a frame that was sent, or -1 for none")
    return ease, shown


def blend_ms(request: Request) -> int:
    """Of a `style`. Raises InputError."""
    value = request.body.get("blend_ms", 300)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 60_000:
        raise InputError(f"blend_ms is {value!r}, expected a whole number 0..60000")
    return value
