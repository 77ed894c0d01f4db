"""Clients that mean no good, or know no better: none takes memory, the process or another session's frames."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import socket
import threading
import time

import numpy as np
import pytest

pytest.importorskip("uvicorn")
from cli_support import tone
from serve_support import Server, frames_of, s16
from websockets.exceptions import ConnectionClosed, InvalidStatus

from diffusiontalker.errors import DiffusionTalkerError
from diffusiontalker.serve import protocol, run, wire
from diffusiontalker.serve.settings import first_settings, updated

RATE = 16000


@pytest.fixture(scope="module")
def server(model):
    with Server(model, max_streams=8, max_errors=20, max_buffered_s=20.0, room_wait_s=0.2) as running:
        yield running


@pytest.fixture(autouse=True)
def _the_server_goes_on(server):
    """After every attack a new client gets its frames, and nothing of the old ones is left."""
    yield
    with server.client() as client:
        client.send(s16(tone(1, RATE)))
        client.send({"type": "flush"})
        assert len(frames_of(client.response())) == 30
    for _ in range(300):
        if not server.state.sessions and not server.state.engine.stats()["n_streams"]:
            break
        time.sleep(0.02)
    assert not server.state.sessions and not server.state.engine.stats()["n_streams"]


GARBAGE = {
    "no json": "{", "text": "hello", "a number": "7", "a list": "[]", "null": "null", "no type": "{}",
    "a type that is no text": '{"type": 7}', "a type that is long": json.dumps({"type": "x" * 100_000}),
    "nested": "[" * 100_000, "an unknown type": '{"type": "flsh"}', "huge number": '{"type": "ping", "n": 1e999}',
    "no base64": '{"type": "audio", "audio": "%%%"}', "audio of another type": '{"type": "audio", "audio": [1, 2]}',
    "no audio": '{"type": "audio"}', "settings that are none": '{"type": "session.update", "session": 5}',
    "an unknown setting": '{"type": "session.update", "session": {"identiti": "ada"}}',
    "a name without end": json.dumps({"type": "style", "identity": "x" * 500_000}),
    "a setting without end": json.dumps({"type": "session.update", "session": {"x" * 500_000: 1}}),
    "a rate of 0": '{"type": "session.update", "session": {"sample_rate": 0}}',
    "a rate of NaN": '{"type": "session.update", "session": {"sample_rate": NaN}}',
    "a strength of NaN": '{"type": "style", "emotion_strength": NaN}',
    "a huge seed": '{"type": "session.update", "session": {"seed": 18446744073709551616}}',
    "a wrong ease": '{"type": "interrupt", "ease_ms": -1}', "a true ease": '{"type": "interrupt", "ease_ms": true}',
    "a wrong frame": '{"type": "interrupt", "shown_frame": 1e9}', "a wrong blend": '{"type": "style", "blend_ms": "x"}',
    "a rate of frames": '{"type": "session.update", "session": {"fps": 1e9}}',
    "outputs": '{"type": "session.update", "session": {"outputs": []}}',
    "half a character": '{"type": "style", "identity": "\\ud800"}',
    "half a character that is sent back": '{"type": "\\ud800", "event_id": "\\ud800"}',
    "lines in a name": json.dumps({"type": "session.update", "session": {"a\nb": 1}}),
    "a mixture": '{"type": "style", "emotion": {"happy": "much"}}',
}  # fmt: skip


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE)
def test_a_message_that_cannot_be_used_gets_one_sentence(server, text):
    if "1e999" in text:
        with server.client() as client:
            client.send(text)
            client.get("pong")
        return
    with server.client() as client:
        client.send(text)
        error = client.get("error")["error"]
        assert error["message"] and len(error["message"]) <= 500 and "\n" not in error["message"]
        assert error["code"] in ("invalid_json", "missing_type", "unknown_type", "invalid_audio", "invalid_value")
        client.send({"type": "ping"})
        client.get("pong")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_sound_that_is_not_finite_is_refused_and_the_rest_is_taken(server, value):
    bad = np.array([0.1, value, 0.1], "<f4").tobytes()
    with server.client("?encoding=f32le") as client:
        client.send(bad)
        assert "sample 1 of the message is not finite" in client.get("error")["error"]["message"]
        client.send(tone(1, RATE).astype("<f4").tobytes())
        client.send({"type": "flush"})
        found = frames_of(client.response())
    assert len(found) == 30 and np.isfinite(found).all()


def test_random_bytes_as_sound_give_frames_in_range(server):
    with server.client() as client:
        client.send(np.random.default_rng(0).bytes(40_001))
        client.send({"type": "flush"})
        found = frames_of(client.response())
    assert len(found) == 38 and np.isfinite(found).all() and np.abs(found).max() < 10


def test_settings_in_the_address_are_checked_before_the_handshake(server):
    for query in ("?sample_rate=0", "?identity=carl", "?encoding=mp3", "?fps=abc", "?nonsense=1"):
        with pytest.raises(InvalidStatus) as refused:
            server.client(query)
        assert refused.value.response.status_code == 400
        assert json.loads(refused.value.response.body)["error"]["message"]


def test_a_message_over_the_limit_ends_the_connection(server):
    with server.client() as client:
        with contextlib.suppress(ConnectionClosed):
            client.send(b"\0" * (2 << 20))
        with pytest.raises(ConnectionClosed) as closed:
            client.receive()
    assert closed.value.rcvd.code == 1009


def test_a_client_that_sends_nothing_but_errors_is_closed(server):
    with server.client() as client:
        for _ in range(30):
            with contextlib.suppress(ConnectionClosed):
                client.send("no json")
        codes = []
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                codes.append(client.get("error")["error"]["code"])
    assert closed.value.rcvd.code == 1008 and len(codes) == 21


@pytest.mark.slow
def test_more_sound_than_the_session_takes_is_refused_with_a_sentence(server):
    """Ten seconds of sound a message, faster than frames of pace `due` leave."""
    with server.client("?pace=due") as client:
        for _ in range(5):
            client.send(s16(np.zeros(10 * RATE, np.float32)))
        message = client.until("error")[-1]
        assert message["error"]["code"] == "buffer_full" and "s of sound wait" in message["error"]["message"]
        (session,) = server.state.sessions
        assert session.inbox.seconds <= 40
        client.send({"type": "interrupt"})
        client.response()
        client.send(s16(tone(1, RATE)))
        client.send({"type": "flush"})
        assert len(frames_of(client.response())) == 30


@pytest.mark.slow
def test_a_client_that_does_not_read_is_closed_and_takes_no_memory(model):
    limits = {"send_timeout_s": 0.5, "messages_per_s": 1e6, "message_burst": 10**6}
    with Server(model, **limits) as server, server.client(max_queue=1) as client:
        thread = threading.Thread(target=lambda: flood(client, {"type": "ping", "id": "x" * 300}), daemon=True)
        thread.start()
        for _ in range(500):
            if not server.state.sessions:
                break
            time.sleep(0.02)
        assert not server.state.sessions
        assert server.metric("closed_total", "slow reader") == 1
        break_off(client)
        thread.join(10)


def flood(client, message) -> None:
    """Sends until the connection is broken off."""
    with contextlib.suppress(ConnectionClosed, OSError):
        while True:
            client.send(message)


def break_off(client) -> None:
    with contextlib.suppress(OSError):
        client.socket.socket.shutdown(socket.SHUT_RDWR)


@pytest.mark.slow
def test_tiny_messages_wait_their_turn_and_are_joined(model):
    """Of one client, of which no more are read than the limit says; another one's frames come meanwhile."""
    voice = s16(tone(2, RATE))
    with Server(model, messages_per_s=500.0, message_burst=100) as server, server.client() as hostile:
        thread = threading.Thread(target=lambda: flood(hostile, b"\0\0"), daemon=True)
        began = time.monotonic()
        thread.start()
        for _ in range(1000):
            if server.metric("throttled_seconds_total"):
                break
            time.sleep(0.02)
        assert server.metric("throttled_seconds_total") > 0
        with server.client() as client:
            client.send(voice)
            client.send({"type": "flush"})
            assert len(frames_of(client.response())) == 60
        assert server.metric("messages_total") < 100 + 600 * (time.monotonic() - began)
        assert all(len(session.inbox._items) < 20 for session in server.state.sessions)
        break_off(hostile)
        thread.join(10)


def test_connections_that_send_no_request_are_closed(server, monkeypatch):
    monkeypatch.setattr(run, "_REQUEST_S", 0.3)
    silent, half = (socket.create_connection(("127.0.0.1", server.port)) for _ in range(2))
    with silent, half:
        half.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: x\r\n")
        for one in (silent, half):
            one.settimeout(10)
            with contextlib.suppress(ConnectionResetError):
                assert one.recv(1) == b""


def test_a_client_that_says_nothing_is_closed(model):
    with Server(model, idle_timeout_s=0.3) as server, server.client() as client:
        with pytest.raises(ConnectionClosed) as closed:
            client.receive()
        assert closed.value.rcvd.code == 1008 and "idle" in closed.value.rcvd.reason


def test_clients_that_vanish_free_their_stream(server):
    for _ in range(3):
        with server.client() as client:
            client.send(s16(tone(2, RATE)))
            client.get("response.animation_blendshapes.delta")
            client.socket.socket.shutdown(socket.SHUT_RDWR)  # no closing handshake


@pytest.mark.slow
def test_very_many_tiny_messages_take_no_memory(model):
    # DT_TINY_MESSAGES=1000000 takes a minute.
    n_messages = int(os.environ.get("DT_TINY_MESSAGES", 200_000))
    resource = pytest.importorskip("resource")
    limits = {"messages_per_s": 1e9, "message_burst": 10**9, "max_buffered_s": 3600.0}
    with Server(model, **limits) as server:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        def send_all():
            with server.client() as hostile, contextlib.suppress(ConnectionClosed, OSError):
                for _ in range(n_messages):
                    hostile.send(b"\0\0")

        thread = threading.Thread(target=send_all, daemon=True)
        thread.start()
        n = 0
        while thread.is_alive():
            with server.client() as client:
                client.send(s16(tone(1, RATE)))
                client.send({"type": "flush"})
                assert len(frames_of(client.response())) == 30
            n += 1
            thread.join(1)
        assert n > 1
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 60_000  # kB


@pytest.mark.slow
def test_messages_of_the_largest_size_do_not_stop_other_sessions(server):
    text = json.dumps({"type": "audio", "audio": base64.b64encode(bytes(780_000)).decode()})
    with server.client() as hostile:
        thread = threading.Thread(target=lambda: flood(hostile, text), daemon=True)
        thread.start()
        for _ in range(5):
            with server.client() as client:
                client.send(s16(tone(1, RATE)))
                client.send({"type": "flush"})
                assert len(frames_of(client.response())) == 30
        break_off(hostile)
        thread.join(15)


def test_messages_that_are_nearly_right_raise_nothing_else(model):
    """Thousands of changed messages through all that reads them: a sentence or an answer, never another error."""
    rng = random.Random(1)
    seeds = [
        {"type": "session.update", "session": {"identity": "ada", "emotion": {"happy": 0.5}, "fps": 60, "seed": 1,
                                               "animation": {"outputs": ["viseme_id"]}, "encoding": "pcm16"}},
        {"type": "interrupt", "ease_ms": 200, "shown_frame": 3, "event_id": "e"},
        {"type": "style", "emotion_strength": 1.5, "blend_ms": 10}, {"type": "audio", "audio": "AAAA"},
        {"type": "conversation.item.truncate", "audio_end_ms": 1500}, {"type": "ping", "id": [1, {"a": None}]},
    ]  # fmt: skip
    odd = [None, True, -1, 1e400, 2**70, "", "x" * 200, [], {}, [[]], {"a": {}}, "NaN", 0.5, "\ud800"]
    settings, n_used, said = first_settings(model, azure=False), 0, []
    for _ in range(1500):
        message = json.loads(json.dumps(rng.choice(seeds)))
        target = message["session"] if "session" in message and rng.random() < 0.7 else message
        target[rng.choice([*target, "fps", "layout", "pace", "outputs"])] = rng.choice(odd)
        text = json.dumps(message)
        if rng.random() < 0.2:
            at = rng.randrange(len(text))
            text = text[:at] + chr(rng.randrange(32, 127)) + text[at + 1 :]
        try:
            request = protocol.read(text)
            protocol.interrupt_options(request, 30.0)
            protocol.blend_ms(request)
            updated(settings, request.body.get("session", {}), model)
            protocol.audio_bytes(request)
            n_used += 1
        except (protocol.ProtocolError, DiffusionTalkerError) as e:
            said.append(str(e))
    assert n_used > 20 and all(said)


def test_binary_messages_that_are_none_are_told_so():
    good = wire.binary_frames(1, 0, 0.0, np.zeros((2, 52), np.float32))
    assert wire.read_binary(good)[3].shape == (2, 52)
    for bad in (b"", good[:23], good[:-1], good + b"\0", b"\2" + good[1:], good[:1] + b"\7" + good[2:]):
        with pytest.raises(ValueError, match="the message"):
            wire.read_binary(bad)
