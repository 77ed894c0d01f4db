"""The WebSocket of a session: handshake, messages in, time limits, the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from diffusiontalker.errors import DiffusionTalkerError
from diffusiontalker.serve import protocol
from diffusiontalker.serve.access import is_allowed
from diffusiontalker.serve.answers import answer
from diffusiontalker.serve.protocol import ProtocolError
from diffusiontalker.serve.rate_limit import TokenBucket
from diffusiontalker.serve.session import Session, error_text
from diffusiontalker.serve.settings import READERS, Settings, first_settings, updated
from diffusiontalker.serve.state import State
from diffusiontalker.serve.tasks import end

AZURE_PATH = "/voice-live/realtime"
# Close codes of RFC 6455, 7.4.1, and of the registry of the IANA.
NORMAL, POLICY, INTERNAL, RESTART = 1000, 1008, 1011, 1012
_RETRY_S = 5
_LOG = logging.getLogger("diffusiontalker")


class Closing(Exception):
    """The server ends a session. reason: for people, and of the metrics."""

    def __init__(self, code: int, reason: str):
        super().__init__(reason)
        self.code, self.reason = code, reason


async def endpoint(socket: WebSocket) -> None:
    state: State = socket.app.state.serve
    refusal = refused(state, socket)
    if refusal is not None:
        await socket.send_denial_response(refusal)
        return
    try:
        settings = settings_of(state, socket)
    except DiffusionTalkerError as e:
        state.metrics.add("sessions_total", label="refused_settings")
        await socket.send_denial_response(error_response(400, "invalid_settings", str(e)))
        return
    state.n_opening += 1
    try:
        await socket.accept(subprotocol=_subprotocol(socket))
        connection = Connection(state, socket, settings)
        state.sessions[connection.session] = connection.end
    finally:
        state.n_opening -= 1
    state.metrics.add("sessions_total", label="accepted")
    await connection.serve()


def refused(state: State, socket: WebSocket) -> Response | None:
    """The answer to a client that gets no session."""
    outcome, answer = "", None
    if not is_allowed(state.options.token, socket.headers, socket.query_params):
        outcome = "refused_token"
        answer = error_response(401, "unauthorized", "the token is missing or wrong: send Authorization: Bearer TOKEN")
    elif state.is_draining:
        outcome, answer = "refused_draining", error_response(503, "draining", "the server ends: use another one")
    elif state.is_full:
        text = f"all {state.max_streams} streams of this server are in use: try again later, or use another one"
        outcome, answer = "refused_capacity", error_response(503, "at_capacity", text)
    if answer is not None:
        state.metrics.add("sessions_total", label=outcome)
    return answer


def error_response(status: int, code: str, message: str) -> JSONResponse:
    headers = {"retry-after": str(_RETRY_S)} if status == 503 else {}
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers=headers)


def settings_of(state: State, socket: WebSocket) -> Settings:
    """What the address asks for: numbers and names of Settings as its query. Raises InputError."""
    model = state.engine.model
    azure = socket.url.path.endswith(AZURE_PATH)
    wanted: dict[str, Any] = {}
    for name, text in socket.query_params.items():
        if name == "token" or (azure and name not in READERS):  # such as api-version, model, x-ms-client-sdk
            continue
        wanted[name] = text.split(",") if name == "outputs" else _number_or_text(text)
    return updated(first_settings(model, azure), wanted, model)


def _number_or_text(text: str) -> Any:
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text) if len(text) < 40 else text
    return text


def _subprotocol(socket: WebSocket) -> str | None:
    """`realtime` is what clients of OpenAI Realtime ask for in a browser."""
    return "realtime" if "realtime" in socket.scope.get("subprotocols", []) else None


class Connection:
    """One accepted WebSocket."""

    def __init__(self, state: State, socket: WebSocket, settings: Settings):
        self.state, self.socket = state, socket
        self.limits = state.options.limits
        self.session = Session(state.engine, settings, self.limits, state.metrics, self.send)
        self._sending = asyncio.Lock()
        self._bucket = TokenBucket(self.limits.messages_per_s, self.limits.message_burst)
        self._n_errors = 0
        self._ending: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Until the client or the server ends it."""
        closing = Closing(INTERNAL, "internal")
        try:
            await self.send(self.session.created())
            closing = await self._serve_until_closed()
        except Closing as e:
            closing = e
        except asyncio.CancelledError:
            closing = Closing(RESTART, "server ended")
            raise
        finally:
            self.state.sessions.pop(self.session, None)
            self.state.metrics.add("closed_total", label=closing.reason.split(":")[0])
            await self._close(closing)
            await asyncio.to_thread(self.session.close)

    async def _serve_until_closed(self) -> Closing:
        tasks: list[asyncio.Future[Any]] = [asyncio.create_task(self._read()), asyncio.create_task(self.session.run())]
        try:
            done, _ = await asyncio.wait([*tasks, self._ending], return_when=asyncio.FIRST_COMPLETED)
            first = next(iter(done))
            error = first.exception()
            if error is None:
                return self._ending.result() if first is self._ending else Closing(NORMAL, "client closed")
            if isinstance(error, Closing):
                return error
            if isinstance(error, (WebSocketDisconnect, OSError)):
                return Closing(NORMAL, "client gone")
            _LOG.error("session %s failed: %s: %s", self.session.id, type(error).__name__, error)
            with contextlib.suppress(Exception):
                await self.send(error_text("internal", f"the session failed: {error}"))
            return Closing(INTERNAL, "internal")
        finally:
            await end(tasks)

    async def end(self) -> None:
        """Ends the session because the server ends."""
        if not self._ending.done():
            self._ending.set_result(Closing(RESTART, "server ends"))

    async def send(self, message: str | bytes) -> None:
        """Raises Closing when the client takes nothing for limits.send_timeout_s."""
        async with self._sending:
            if self.socket.application_state is not WebSocketState.CONNECTED:
                raise Closing(NORMAL, "client gone")
            try:
                sending = (
                    self.socket.send_text(message) if isinstance(message, str) else self.socket.send_bytes(message)
                )
                await asyncio.wait_for(sending, self.limits.send_timeout_s)
            except (TimeoutError, asyncio.TimeoutError):
                raise Closing(POLICY, "slow reader: nothing was taken for some seconds") from None
            except (WebSocketDisconnect, RuntimeError):
                raise Closing(NORMAL, "client gone") from None

    async def _close(self, closing: Closing) -> None:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.socket.close(closing.code, closing.reason), 1)

    # ---- Messages ----

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                message = await asyncio.wait_for(self.socket.receive(), self.limits.idle_timeout_s)
            except (TimeoutError, asyncio.TimeoutError):
                raise Closing(POLICY, "idle: the client sent nothing for too long") from None
            if message["type"] == "websocket.disconnect":
                return
            self.state.metrics.add("messages_total")
            if wait_s := self._bucket.wait_s(loop.time()):
                self.state.metrics.add("throttled_seconds_total", wait_s)
                await asyncio.sleep(wait_s)
            try:
                await self._take(message)
            except ProtocolError as e:
                await self._tell_error(e.code, str(e), e.event_id)

    async def _tell_error(self, code: str, text: str, event_id: str | None) -> None:
        self.state.metrics.add("refused_messages_total", label=code)
        await self.send(error_text(code, text, event_id))
        self._n_errors += code != "buffer_full"
        if self._n_errors > self.limits.max_errors:
            raise Closing(POLICY, "errors: too many messages could not be used")

    async def _take(self, message: Any) -> None:
        data = message.get("bytes")
        if data is not None:
            await self.session.on_audio(data)
            return
        request = protocol.read(message.get("text") or "")
        try:
            if not await answer(self.session, request, self.send):
                raise Closing(NORMAL, "client closed")
        except DiffusionTalkerError as e:
            raise ProtocolError("invalid_value", str(e), request.event_id) from e
