"""What the server is started with: address, access and limits."""

from __future__ import annotations

from dataclasses import dataclass

PORT = 8765
MAX_EASE_MS = 10_000


@dataclass(frozen=True)
class Limits:
    """Bounds of what clients may take. Each has its option of `diffusiontalker serve` or is fixed here."""

    max_streams: int = 0  # sessions at the same time; 0: what the machine was measured to carry
    max_message_bytes: int = 1 << 20  # of one WebSocket message; a larger one closes the connection with 1009
    max_upload_bytes: int = 50 << 20  # of one POST /animate
    max_upload_s: float = 600.0  # of sound in one POST /animate
    max_file_jobs: int = 2  # POST /animate at the same time
    max_buffered_s: float = 120.0  # of sound that waits in one session
    room_wait_s: float = 10.0  # a message waits so long for room in that buffer; then it is refused
    messages_per_s: float = 2000.0  # of one client, on average; more wait unread
    message_burst: int = 4000
    max_errors: int = 100  # messages of one client that cannot be used; one more closes the connection
    send_timeout_s: float = 10.0  # a client that takes nothing for so long is closed
    idle_timeout_s: float = 600.0  # a client that sends nothing for so long is closed
    drain_s: float = 30.0  # what sessions have to end after SIGTERM


@dataclass(frozen=True)
class ServeOptions:
    """Of one server. token: None takes every client."""

    host: str = "127.0.0.1"
    port: int = PORT
    token: str | None = None
    max_wait_ms: float = 0.0  # of Model.scheduler()
    limits: Limits = Limits()
