"""A server in a thread of the tests, and clients for it that are not ours: the `websockets` package."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import urllib.error
import urllib.request
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from websockets.sync.client import connect

from diffusiontalker.serve.engine import Engine
from diffusiontalker.serve.options import Limits, ServeOptions
from diffusiontalker.serve.run import listening, server_of
from diffusiontalker.serve.state import State

TOKEN = "a-token-of-the-tests"
WAIT_S = 30


class Server:
    """state: of the running server.   more: routes besides.   limits: fields of Limits that differ."""

    def __init__(self, model, token: str | None = TOKEN, max_streams: int = 8, more=(), **limits):
        engine = Engine(model, 1)
        options = ServeOptions(token=token, limits=replace(Limits(), **limits))
        self.state = State(engine, options, max_streams)
        self.socket = listening("127.0.0.1", 0)
        self.port = self.socket.getsockname()[1]
        self._server = server_of(self.state, more)
        self.loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.state.engine.start(self.loop)
        await self._server.serve(sockets=[self.socket])

    def call(self, coroutine):
        """Runs a coroutine in the server's loop."""
        assert self.loop is not None
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def __enter__(self) -> Server:
        self._thread.start()
        for _ in range(1000):
            if self._server.started:
                return self
            threading.Event().wait(0.01)
        raise AssertionError("the server did not start")

    def __exit__(self, *_exc) -> None:
        self._server.force_exit = True
        self._server.should_exit = True
        self._thread.join(WAIT_S)
        self.state.engine.close()
        self.socket.close()

    def client(self, query: str = "", path: str = "/v1/stream", token: str | None = TOKEN, **options) -> Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        options.setdefault("max_size", 1 << 24)
        return Client(
            connect(f"ws://127.0.0.1:{self.port}{path}{query}", additional_headers=headers, compression=None, **options)
        )

    def http(self, path: str, body: bytes | None = None, token: str | None = TOKEN, headers: dict | None = None):
        """(status, headers, body) of a request."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body)
        for name, value in {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}.items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as e:
            return e.code, dict(e.headers), e.read()

    def metric(self, name: str, label: str = "") -> float:
        return self.state.metrics.value(name, label)


class Client:
    """Speaks JSON; binary messages arrive as bytes."""

    def __init__(self, connecting):
        self._connecting = connecting
        self.socket = connecting.__enter__()
        self.session = SimpleNamespace(**self.get("session.created")["session"])

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exc) -> None:
        with contextlib.suppress(Exception):
            self._connecting.__exit__(None, None, None)

    def send(self, message) -> None:
        self.socket.send(json.dumps(message) if isinstance(message, dict) else message)

    def receive(self):
        message = self.socket.recv(timeout=WAIT_S)
        return json.loads(message) if isinstance(message, str) else message

    def get(self, *types: str) -> dict:
        """The next message, which must be of one of these types."""
        message = self.receive()
        assert isinstance(message, dict) and message["type"] in types, message
        return message

    def until(self, kind: str) -> list:
        """All messages up to one of a type, that one included."""
        found = []
        while True:
            found.append(self.receive())
            if isinstance(found[-1], dict) and found[-1]["type"] == kind:
                return found

    def response(self) -> list[dict]:
        """The messages of one response."""
        return self.until("response.animation_blendshapes.done")


def frames_of(messages) -> np.ndarray:
    """Of delta events, float32 [n, n_values]; checks that they are in order and without a gap."""
    rows = []
    for message in messages:
        if isinstance(message, dict) and message["type"] == "response.animation_blendshapes.delta":
            assert message["frame_index"] == len(rows), (message["frame_index"], len(rows))
            rows += message["frames"]
    return np.array(rows, np.float32)


def s16(samples: np.ndarray) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
