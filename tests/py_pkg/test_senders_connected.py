"""Senders that hold a connection: VTube Studio by the words of its documentation, and lines to a WebSocket server; with
receivers that are not there, go away and come back."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

pytest.importorskip("websockets")
from websockets.sync.server import serve

from diffusiontalker.senders import open_sender, vtube_studio
from diffusiontalker.senders.base import FaceFrame, ThreadedSender
from diffusiontalker.senders.lines import Lines
from diffusiontalker.spec.channels import CHANNEL_INDEX

FPS = Fraction(30)


def frame(index: int = 0) -> FaceFrame:
    return FaceFrame(index, index / 30, np.full(52, 0.5, np.float32), np.array([0.1, 0.2, 0.3], np.float32))


def until(condition, seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.01)


class Receiver:
    """A WebSocket server with a handler; port 0 takes a free one."""

    def __init__(self, handler, port: int = 0):
        self._server = serve(handler, "127.0.0.1", port)
        self.port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_exc) -> None:
        self._server.shutdown()
        self._thread.join(10)


class VTubeStudio:
    """What its documentation says: "API Details", "Authentication", "Feeding in data for ... parameters"."""

    def __init__(self, allows: bool = True):
        self.allows, self.n_asked, self.values, self.tokens = allows, 0, [], set()
        self.socket: Any = None

    def __call__(self, socket) -> None:
        self.socket, authenticated = socket, False
        for text in socket:
            message = json.loads(text)
            assert message["apiName"] == "VTubeStudioPublicAPI" and message["apiVersion"] == "1.0"
            assert 1 <= len(message["requestID"]) <= 64 and message["requestID"].isascii()
            kind, data = message["messageType"], message["data"]
            if kind == "AuthenticationTokenRequest":
                assert 3 <= len(data["pluginName"]) <= 32 and 3 <= len(data["pluginDeveloper"]) <= 32
                self.n_asked += 1
                if self.allows:
                    self.tokens.add(f"token-{self.n_asked}")
                    self.answer(
                        message, "AuthenticationTokenResponse", {"authenticationToken": f"token-{self.n_asked}"}
                    )
                else:
                    self.error(message, 50, "User has denied API access for your plugin.")
            elif kind == "AuthenticationRequest":
                authenticated = data["authenticationToken"] in self.tokens
                self.answer(message, "AuthenticationResponse", {"authenticated": authenticated, "reason": "."})
            elif kind == "InjectParameterDataRequest" and authenticated:
                for value in data["parameterValues"]:
                    assert -1e6 <= value["value"] <= 1e6
                self.values.append({value["id"]: value["value"] for value in data["parameterValues"]})
                self.answer(message, "InjectParameterDataResponse", {})
            else:
                self.error(message, 8, "This session is not authenticated.")

    def answer(self, message, kind: str, data: dict) -> None:
        header = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0", "timestamp": 1}
        body = {"messageType": kind, "requestID": message["requestID"], "data": data}
        self.socket.send(json.dumps(header | body))

    def error(self, message, number: int, text: str) -> None:
        self.answer(message, "APIError", {"errorID": number, "message": text})


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("APPDATA", raising=False)
    monkeypatch.setattr(ThreadedSender, "FIRST_WAIT_S", 0.05)


def test_vtube_studio_is_asked_once_and_the_token_is_kept():
    studio, told = VTubeStudio(), []
    with Receiver(studio) as receiver:
        for _ in range(2):
            sender = open_sender(f"vtube-studio://127.0.0.1:{receiver.port}", FPS, True, told.append)
            n = len(studio.values)
            sender.send(frame())
            until(lambda n=n: len(studio.values) > n)
            sender.close()
    assert studio.n_asked == 1 and len(told) == 1 and "click Allow" in told[0]
    if os.name == "posix":
        assert vtube_studio.token_file().stat().st_mode & 0o777 == 0o600
    assert sender.n_sent == 1 and sender.n_lost == 0
    assert studio.values[0]["MouthOpen"] == 0 and studio.values[0]["FaceAngleX"] == pytest.approx(
        -np.degrees(0.1), abs=1e-4
    )


def test_a_token_that_is_void_is_asked_for_again():
    vtube_studio.token_file().parent.mkdir(parents=True)
    vtube_studio.token_file().write_text("an old one")
    studio = VTubeStudio()
    with (
        Receiver(studio) as receiver,
        contextlib.closing(open_sender(f"vtube-studio://127.0.0.1:{receiver.port}", FPS, True)) as sender,
    ):
        sender.send(frame())
        until(lambda: studio.values)
    assert studio.n_asked == 1 and vtube_studio.token_file().read_text() == "token-1"


def test_a_user_who_says_no_stops_nothing():
    studio = VTubeStudio(allows=False)
    with (
        Receiver(studio) as receiver,
        contextlib.closing(open_sender(f"vtube-studio://127.0.0.1:{receiver.port}", FPS, True)) as sender,
    ):
        for k in range(20):
            sender.send(frame(k))
        until(lambda: "User has denied" in sender.state)
    assert sender.n_sent == 0 and sender.n_lost >= 18


def test_parameters_of_vtube_studio_are_in_their_ranges():
    ranges = {"MouthX": (-1, 1), "EyeLeftX": (-1, 1), "EyeLeftY": (-1, 1), "EyeRightX": (-1, 1), "EyeRightY": (-1, 1)}
    rng = np.random.default_rng(0)
    for _ in range(50):
        for name, value in vtube_studio.parameters(rng.random(52), None).items():
            low, high = ranges.get(name, (0, 1))
            assert low <= value <= high, name
    rest = vtube_studio.parameters(np.zeros(52), None)
    assert (rest["MouthOpen"], rest["MouthSmile"], rest["Brows"], rest["EyeOpenLeft"]) == (0, 0.5, 0.5, 1)
    weights = np.zeros(52)
    weights[[CHANNEL_INDEX["jawOpen"], CHANNEL_INDEX["mouthClose"]]] = 0.4  # a p, b or m over an open jaw
    assert vtube_studio.parameters(weights, None)["MouthOpen"] == 0


def test_lines_reach_a_websocket_server_that_comes_goes_and_comes_back():
    received = []

    def take(socket) -> None:
        for text in socket:
            received.append(json.loads(text))  # noqa: PERF401  (it is looked at meanwhile)

    with Receiver(take) as receiver:
        port = receiver.port
    sender = open_sender(f"ws://127.0.0.1:{port}/face", FPS, True)
    for k in range(20):  # nobody there
        sender.send(frame(k))
    until(lambda: sender.state.startswith("not connected"))
    for _ in range(2):
        received.clear()
        with Receiver(take, port):
            until(lambda: (sender.send(frame(99)), len(received) > 1)[1])
            assert received[0]["schema"] == "diffusiontalker.frames/1" and len(received[1]["weights"]) == 52
        until(lambda: (sender.send(frame(99)), sender.state.startswith("not connected"))[1])
    assert sender.n_sent > 1 and sender.n_lost >= 12
    sender.close()


def test_a_reader_of_the_lines_that_goes_away_stops_nothing():
    reader, writer = os.pipe()
    sender = Lines(os.fdopen(writer, "wb", buffering=0), FPS, False)
    sender.send(frame())
    assert b"schema" in os.read(reader, 100)
    os.close(reader)
    until(lambda: (sender.send(frame()), sender.is_gone)[1])
    for _ in range(400):
        sender.send(frame())
    assert sender.n_lost >= 100
    sender.close()


def test_a_reader_of_the_lines_that_stands_still_stops_nothing():
    """The pipe is full after some frames; the oldest ones are lost, and memory does not grow."""
    reader, writer = os.pipe()
    sender = Lines(os.fdopen(writer, "wb", buffering=0), FPS, False)
    began = time.monotonic()
    for k in range(2000):
        sender.send(frame(k))
    assert time.monotonic() - began < 10
    assert len(sender._frames) <= 300 and sender.n_lost > 1000
    os.close(reader)
    sender.close()
