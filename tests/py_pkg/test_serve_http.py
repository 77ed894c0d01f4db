"""What is beside the WebSocket: files, health, metrics, who is let in, how many, and the end."""

from __future__ import annotations

import io
import json
import time

import numpy as np
import pytest

pytest.importorskip("uvicorn")
from cli_support import tone
from serve_support import Server, frames_of, s16
from websockets.exceptions import ConnectionClosed, InvalidStatus

import diffusiontalker as dt
from diffusiontalker.serve.access import is_allowed, is_loopback
from diffusiontalker.serve.metrics import COUNTERS

RATE = 16000


@pytest.fixture(scope="module")
def server(model):
    with Server(model, max_streams=2, max_upload_bytes=1 << 20, max_upload_s=5.0) as running:
        yield running


def wav(samples: np.ndarray, rate: int = RATE, **options) -> bytes:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", **options)
    return file.getvalue()


def refusal(answer) -> tuple[int, str, str]:
    status, _, body = answer
    error = json.loads(body)["error"]
    return status, error["code"], error["message"]


def test_a_file_is_animated_as_by_the_package(server, model):
    data = wav(tone(2, RATE))
    status, headers, body = server.http("/animate?identity=ben&seed=3&format=json", data)
    assert (status, headers["content-type"]) == (200, "application/json")
    document = json.loads(body)
    wanted = model.animate(data, identity="ben", seed=3)
    found = np.array(document["weights"], np.float32)
    assert found.shape == wanted.weights.shape and np.abs(found - wanted.weights).max() < 1e-3
    # Without a seed it is made of the sound, as animate() does.
    assert server.http("/animate", data)[2] == server.http("/animate", data)[2]
    assert server.http("/animate?format=glb", data)[2][:4] == b"glTF"


def test_a_file_takes_dials_and_mixtures_and_keeps_them(server, model):
    data = wav(tone(1, RATE))
    status, _, body = server.http("/animate?seed=3&dials=%7B%22strength%22%3A0.5%7D", data)
    document = json.loads(body)
    wanted = model.animate(data, seed=3, dials=dt.Dials(strength=0.5))
    assert status == 200 and document["dials"] == {"strength": 0.5}
    np.testing.assert_allclose(np.array(document["weights"], np.float32), wanted.weights, atol=1e-6)
    for query, says in (("dials=x", "no JSON object"), ("dials=%7B%22strengh%22%3A1%7D", "did you mean 'strength'")):
        status, _, text = refusal(server.http(f"/animate?{query}", data))
        assert status == 400 and says in text


def test_an_upload_that_is_too_large_is_refused_and_not_read(server):
    status, code, text = refusal(server.http("/animate", b"x", headers={"Content-Length": str(200 << 20)}))
    assert (status, code) == (413, "too_large") and "larger than 1 MB" in text
    # Without a length the server stops behind its limit.
    pieces = iter([b"\0" * (1 << 18)] * 800)  # 200 MB
    sent = []

    class Endless:
        def __iter__(self):
            return self

        def __next__(self):
            sent.append(1)
            return next(pieces)

    try:
        answer = server.http("/animate", Endless(), headers={"Transfer-Encoding": "chunked"})
        assert refusal(answer)[0] == 413
    except OSError:
        pass  # the server closed the connection while we were still sending
    assert len(sent) < 200


@pytest.mark.parametrize(("path", "body", "says"), [
    ("/animate", b"no sound", "give a WAV, FLAC, OGG or MP3 file"),
    ("/animate", b"", "empty"),
    ("/animate?format=exe", b"x", "there is no format 'exe'"),
    ("/animate?identity=carl", b"x", 'unknown identity "carl"'),
    ("/animate?seed=x", b"x", "seed is 'x'"),
    ("/animate?frames=1", b"x", "there is no parameter 'frames'"),
])  # fmt: skip
def test_a_file_that_cannot_be_used_gets_one_sentence(server, path, body, says):
    status, code, text = refusal(server.http(path, body))
    assert (status, code) == (400, "invalid_request") and says in text


def test_a_sound_that_is_too_long_is_refused(server):
    status, _, text = refusal(server.http("/animate", wav(np.zeros(8000 * 8), 8000)))
    assert status == 400 and "longer than 5 s" in text


def test_nobody_comes_in_without_the_token(server):
    for token in (None, "wrong", "a-token-of-the-tests-and-more"):
        with pytest.raises(InvalidStatus) as refused:
            server.client(token=token)
        assert refused.value.response.status_code == 401
        assert b"Authorization: Bearer" in refused.value.response.body
        assert server.http("/animate", b"x", token=token)[0] == 401
        assert server.http("/metrics", token=token)[0] == 401
    with server.client("?token=a-token-of-the-tests", token=None):
        pass
    assert server.http("/healthz", token=None)[0] == 200


def test_a_server_without_a_token_is_for_programs_of_this_machine(model):
    with Server(model, token=None) as server:
        for origin in ("https://evil.example", "http://127.0.0.1.evil.example", "null"):
            with pytest.raises(InvalidStatus):
                server.client(token=None, origin=origin)
            assert server.http("/animate", b"x", None, {"Origin": origin})[0] == 401
        assert server.http("/animate", b"x", None, {"Host": "evil.example"})[0] == 401  # a name that leads here
        for origin in (None, "http://localhost:3000", f"http://127.0.0.1:{server.port}"):
            with server.client(token=None, origin=origin):
                pass


@pytest.mark.parametrize(("host", "loopback"), [
    ("127.0.0.1", True), ("::1", True), ("localhost", True), ("127.9.9.9", True),
    ("0.0.0.0", False), ("::", False), ("192.168.0.2", False), ("example.org", False), ("", False),
])  # fmt: skip
def test_only_addresses_of_this_machine_are_loopback(host, loopback):
    assert is_loopback(host) is loopback


def test_tokens_are_compared_whole():
    wanted = "0123456789abcdef"
    assert is_allowed(wanted, {"authorization": f"bearer {wanted}"}, {})
    assert is_allowed(wanted, {"api-key": wanted}, {}) and is_allowed(wanted, {}, {"token": wanted})
    wrong = [{}, {"authorization": f"Basic {wanted}"}, {"authorization": "Bearer "}, {"api-key": wanted[:-1]}]
    assert not any(is_allowed(wanted, headers, {}) for headers in wrong)
    assert not any(is_allowed(wanted, {}, {"token": token}) for token in (wanted + "x", "", "\u00e9"))


def test_a_full_server_refuses_with_a_status_and_keeps_the_others(server):
    voice = tone(1, RATE)
    with server.client() as one, server.client() as two:
        assert json.loads(server.http("/readyz")[2])["status"] == "at_capacity"
        with pytest.raises(InvalidStatus) as refused:
            server.client()
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["retry-after"] == "5"
        assert b"all 2 streams" in refused.value.response.body
        for client in (one, two):
            client.send(s16(voice))
            client.send({"type": "flush"})
        assert [len(frames_of(client.response())) for client in (one, two)] == [30, 30]
    for _ in range(200):
        if server.http("/readyz")[0] == 200:
            break
        time.sleep(0.02)
    with server.client():
        pass


def test_metrics_are_what_prometheus_reads(server):
    parser = pytest.importorskip("prometheus_client.parser")
    with server.client() as client:
        client.send(s16(tone(1, RATE)))
        client.send({"type": "flush"})
        client.response()
        client.send("{")
        client.get("error")
        status, headers, body = server.http("/metrics")
    assert status == 200 and headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in parser.text_string_to_metric_families(body.decode())}
    for name in COUNTERS:
        assert families[f"diffusiontalker_{name}".removesuffix("_total")].type == "counter"
    values = {(s.name, *s.labels.values()): s.value for family in families.values() for s in family.samples}
    assert values["diffusiontalker_sessions_open",] == 1 and values["diffusiontalker_max_sessions",] == 2
    assert values["diffusiontalker_frames_total",] >= 30 and values["diffusiontalker_audio_seconds_total",] >= 1
    assert values["diffusiontalker_refused_messages_total", "invalid_json"] >= 1
    assert values["diffusiontalker_sessions_total", "accepted"] >= 1


def test_draining_lets_utterances_end_and_takes_no_new_ones(model):
    voice = tone(1, RATE)
    with Server(model, drain_s=20.0) as server, server.client() as speaking, server.client() as silent:
        speaking.send(s16(voice))
        speaking.get("response.animation_blendshapes.delta")
        drained = server.call(server.state.drain())
        with pytest.raises(ConnectionClosed) as closed:
            silent.receive()
        assert closed.value.rcvd.code == 1012
        with pytest.raises(InvalidStatus) as refused:
            server.client()
        assert refused.value.response.status_code == 503 and b"draining" in refused.value.response.body
        assert json.loads(server.http("/readyz")[2])["status"] == "draining"
        assert server.http("/animate", b"x")[0] == 503
        assert not drained.done()
        speaking.send({"type": "flush"})
        assert speaking.response()[-1]["reason"] == "completed"
        with pytest.raises(ConnectionClosed):
            speaking.receive()
        drained.result(10)


def test_draining_ends_when_its_time_is_over(model):
    with Server(model, drain_s=0.2) as server, server.client() as client:
        client.send(s16(tone(1, RATE)))
        client.get("response.animation_blendshapes.delta")
        server.call(server.state.drain()).result(10)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                client.receive()
        assert closed.value.rcvd.code == 1012
