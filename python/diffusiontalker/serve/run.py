"""Runs the server until a signal ends it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket as sockets
from collections.abc import Callable, Iterator, Sequence

import uvicorn
from starlette.routing import BaseRoute
from uvicorn.protocols.http.h11_impl import H11Protocol

from diffusiontalker.errors import OutputError
from diffusiontalker.serve.app import application
from diffusiontalker.serve.state import State

_UNTAKEN_S = 60.0
_REQUEST_S = 10.0  # for the first request of a connection, headers and all
_PING_S, _PONG_S = 20.0, 60.0  # a client whose machine is gone is closed after so long


class HttpProtocol(H11Protocol):
    """Closes a connection that has not sent a whole request in time: uvicorn itself waits for ever."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._timer = self.loop.call_later(_REQUEST_S, self._close_if_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        super().connection_lost(exc)

    def _close_if_silent(self) -> None:
        if self.cycle is None and self.transport.get_protocol() is self and not self.transport.is_closing():
            self.transport.abort()


class Server(uvicorn.Server):
    """Leaves the signals to serve()."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listening(host: str, port: int) -> sockets.socket:
    """The bound socket of the server. port 0: one that is free. Raises OutputError: an address that cannot be had."""
    family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
    found = sockets.socket(family, sockets.SOCK_STREAM)
    found.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    if hasattr(sockets, "TCP_USER_TIMEOUT"):  # connections inherit it: one that takes nothing ends, closed or not
        found.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_USER_TIMEOUT, round(_UNTAKEN_S * 1000))
    try:
        found.bind((host, port))
    except (OSError, OverflowError) as e:
        found.close()
        reason = getattr(e, "strerror", None) or e
        raise OutputError(f"{host}:{port} cannot be listened on: {reason}; name another with --host and --port") from e
    return found


def server_of(state: State, more: Sequence[BaseRoute] = ()) -> Server:
    """The server of a state, which does not run yet.   more: routes besides."""
    config = uvicorn.Config(
        application(state, more), log_config=None, access_log=False, server_header=False, http=HttpProtocol,
        ws="websockets-sansio",
        ws_max_size=state.options.limits.max_message_bytes, ws_ping_interval=_PING_S, ws_ping_timeout=_PONG_S,
        ws_per_message_deflate=False, timeout_keep_alive=5, timeout_graceful_shutdown=5, lifespan="off",
        limit_concurrency=4 * state.max_streams + 64, h11_max_incomplete_event_size=16 << 10,
    )  # fmt: skip
    errors = logging.getLogger("uvicorn.error")
    errors.setLevel(logging.ERROR)
    errors.addFilter(_is_fault)
    return Server(config)


def _is_fault(record: logging.LogRecord) -> bool:
    """False for what uvicorn calls an error whenever a client is refused before its handshake: a denial response is an
    answer, so nothing is missing."""
    return "without completing handshake" not in record.getMessage()


def serve(state: State, socket: sockets.socket, say: Callable[[str], None], more: Sequence[BaseRoute] = ()) -> None:
    """Serves on an open socket until SIGTERM or SIGINT: the first one drains, a second one ends at once.
    say: called with lines for people.   more: routes besides."""
    asyncio.run(_serve(server_of(state, more), state, socket, say))


async def _serve(server: Server, state: State, socket: sockets.socket, say: Callable[[str], None]) -> None:
    loop, asked = asyncio.get_running_loop(), asyncio.Event()

    def on_signal() -> None:
        if asked.is_set():
            server.force_exit = True
            server.should_exit = True
        else:
            left_s = state.options.limits.drain_s
            say(f"ending: {len(state.sessions)} sessions have up to {left_s:g} s; once more ends at once")
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, on_signal)
    state.engine.start(loop)
    serving = asyncio.create_task(server.serve(sockets=[socket]))
    asking = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait([serving, asking], return_when=asyncio.FIRST_COMPLETED)
        draining = asyncio.create_task(state.drain())
        await asyncio.wait([serving, draining], return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        asking.cancel()
        await asyncio.to_thread(state.engine.close)
