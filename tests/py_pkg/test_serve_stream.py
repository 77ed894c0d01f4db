"""Sessions of the server: sound in any cut and form, frames in order, utterances, interrupts, styles, pace."""

from __future__ import annotations

import asyncio
import base64
import json
import time

import numpy as np
import pytest

pytest.importorskip("uvicorn")
from cli_support import tone
from serve_support import Server, frames_of, s16

import diffusiontalker as dt
from diffusiontalker.serve import tasks
from diffusiontalker.serve.wire import read_binary

RATE = 16000


@pytest.fixture(scope="module")
def server(model):
    with Server(model) as running:
        yield running


@pytest.fixture(scope="module")
def voice():
    return tone(2, RATE)


def expected(model, samples, rate=RATE, **options) -> np.ndarray:
    """What the package computes itself: float32 [n, 52]."""
    stream = model.stream(profile="live" if "live" in model.profiles else None, **options)
    stream.push(samples, rate)
    stream.flush()
    return np.stack([frame.weights for frame in stream.pull()])


def test_frames_are_those_of_the_package(server, model, voice):
    data = s16(voice)
    with server.client() as client:
        for start in range(0, len(data), 999):  # cut inside of samples too
            client.send(data[start : start + 999])
        client.send({"type": "flush"})
        found = client.response()
    wanted = expected(model, np.frombuffer(data, "<i2"))
    assert np.abs(frames_of(found) - wanted).max() <= 0.5e-4 + 1e-7  # four decimals
    assert found[-1]["n_frames"] == len(wanted) == 60 and found[-1]["reason"] == "completed"


@pytest.mark.parametrize(("encoding", "kind", "scale"), [
    ("s16le", "<i2", 32767), ("f32le", "<f4", 1), ("s32le", "<i4", 2**31 - 1), ("pcm16", "<i2", 32767),
])  # fmt: skip
def test_every_encoding_and_rate_is_taken(server, model, voice, encoding, kind, scale):
    rate = 24000
    samples = (tone(1, rate) * scale).astype(kind)
    with server.client(f"?encoding={encoding}&sample_rate={rate}") as client:
        client.send({"type": "audio", "audio": base64.b64encode(samples.tobytes()).decode()})
        client.send({"type": "flush"})
        found = frames_of(client.response())
    assert np.abs(found - expected(model, samples, rate)).max() < 1e-4


def test_opus_packets_are_taken(server, model):
    av = pytest.importorskip("av")
    voice = tone(1, 48000)
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48000, "mono", "flt"
    packets = []
    for start in range(0, len(voice), 960):
        frame = av.AudioFrame.from_ndarray(voice[None, start : start + 960].astype(np.float32), "flt", "mono")
        frame.sample_rate = 48000
        packets += encoder.encode(frame)
    with server.client("?encoding=opus") as client:
        for packet in packets:
            client.send(bytes(packet))
        client.send({"type": "flush"})
        found = frames_of(client.response())
        client.send(b"no packet, but two thousand bytes" * 300)
        assert "Opus packet has" in client.get("error")["error"]["message"]
    assert len(found) in (30, 31)  # the encoder's delay
    assert np.abs(found[:29] - expected(model, voice, 48000)[:29]).mean() < 0.05


def test_binary_frames_hold_the_same_numbers(server, model, voice):
    with server.client("?format=binary") as client:
        client.send(s16(voice))
        client.send({"type": "flush"})
        messages = client.until("response.animation_blendshapes.done")
    blocks = [read_binary(m) for m in messages if isinstance(m, bytes)]
    found = np.concatenate([block for _, _, _, block in blocks])
    assert np.array_equal(found, expected(model, np.frombuffer(s16(voice), "<i2")))
    assert [first for _, first, _, _ in blocks] == list(np.cumsum([0, *(len(b[3]) for b in blocks)])[:-1])
    assert [time_s for _, _, time_s, _ in blocks] == [first / 30 for _, first, _, _ in blocks]
    # The layout as docs/reference/server.md tells it, read without our code.
    raw = next(m for m in messages if isinstance(m, bytes))
    assert raw[0] == 1 and raw[1] == 1
    n, width = np.frombuffer(raw, "<u2", 2, 2)
    assert (n, width) == blocks[0][3].shape and len(raw) == 24 + 4 * n * width
    assert np.array_equal(np.frombuffer(raw, "<f4", offset=24), blocks[0][3].ravel())


def test_utterances_follow_each_other_in_one_session(server, model, voice):
    with server.client() as client:
        for _ in range(3):
            client.send(s16(voice[:RATE]))
            client.send({"type": "flush"})
        answers = [client.response() for _ in range(3)]
    ids = [answer[-1]["response_id"] for answer in answers]
    assert len(set(ids)) == 3
    assert [len(frames_of(answer)) for answer in answers] == [30, 30, 30]
    assert {m["response_id"] for m in answers[1]} == {ids[1]}


def test_a_flush_without_sound_is_passed_over(server, voice):
    with server.client() as client:
        client.send({"type": "flush"})
        client.send({"type": "flush"})
        client.send(s16(voice[:RATE]))
        client.send({"type": "flush"})
        assert len(frames_of(client.response())) == 30


def test_an_interrupt_eases_from_the_frame_that_is_shown(server, model, voice):
    rest_pose = model.stream().frame_at(-1).weights
    with server.client() as client:
        client.send(s16(np.tile(voice, 5)))
        found = []
        while len(frames_of(found)) < 40:
            found.append(client.get("response.animation_blendshapes.delta"))
        client.send({"type": "interrupt", "ease_ms": 200, "shown_frame": 20})
        rest = client.response()
        # Frames that were on their way come first; those of the easing follow frame 20.
        easing = [m for m in rest[:-1] if m["frame_index"] == 21]
        assert len(easing) == 1 and rest[-1]["reason"] == "interrupted"
        rows = np.array([row for m in rest[rest.index(easing[0]) : -1] for row in m["frames"]])
        assert len(rows) == 6  # 200 ms
        away = np.abs(np.vstack([frames_of(found)[20:21], rows]) - rest_pose).sum(axis=1)
        assert away[0] > 0.1 and np.all(np.diff(away) < 0)  # the first of them is nearer to rest already
        assert np.abs(rows[-1] - rest_pose).max() < 1e-4
        client.send(s16(voice[:RATE]))
        client.send({"type": "flush"})
        answer = client.response()
    assert len(frames_of(answer)) == 30 and answer[-1]["response_id"] != rest[-1]["response_id"]


@pytest.mark.parametrize(("message", "n"), [
    ({"type": "conversation.item.truncate", "item_id": "i", "content_index": 0, "audio_end_ms": 700}, 22 + 6),
    ({"type": "interrupt", "shown_frame": -1}, 6),
])  # fmt: skip
def test_an_interrupt_eases_from_what_was_heard(server, voice, message, n):
    with server.client() as client:
        client.send(s16(np.tile(voice, 5)))
        found = []
        while len(frames_of(found)) < 40:
            found.append(client.get("response.animation_blendshapes.delta"))
        client.send(message)
        last = client.response()[-2]
    assert last["frame_index"] + len(last["frames"]) == n


def test_an_interrupt_without_a_frame_eases_from_the_one_that_is_shown_by_now(server, voice):
    """Frames come faster than they are shown: half a second after the first one, it is frame 15."""
    with server.client() as client:
        client.send(s16(np.tile(voice, 5)))
        n = 0
        while n < 60:
            n += len(client.get("response.animation_blendshapes.delta")["frames"])
        (session,) = server.state.sessions

        async def half_a_second_later():
            session._response.sent_at = asyncio.get_running_loop().time() - 0.51
            await session.on_interrupt(200, None)

        server.call(half_a_second_later()).result(10)
        last = client.response()[-2]
    assert last["frame_index"] + len(last["frames"]) == 16 + 6


def test_an_interrupt_drops_what_waits_and_needs_no_sound(server, voice):
    with server.client() as client:
        client.send({"type": "interrupt"})
        for _ in range(3):  # two utterances behind the one at hand
            client.send(s16(np.tile(voice, 10)))
            client.send({"type": "flush"})
        client.get("response.animation_blendshapes.delta")
        client.send({"type": "response.cancel"})
        assert client.response()[-1]["reason"] == "interrupted"
        client.send({"type": "ping", "id": 7})
        assert client.get("pong")["id"] == 7  # nothing else came


def test_a_style_changes_the_face_in_the_middle(server, model, voice):
    other = model.identities[1]
    with server.client() as client:
        assert client.session.identity == model.identities[0]
        client.send(s16(voice))
        client.get("response.animation_blendshapes.delta")
        client.send({"type": "style", "identity": other.upper(), "blend_ms": 0})
        messages = client.until("session.updated")
        assert messages[-1]["session"]["identity"] == other
        client.send(s16(voice))
        client.send({"type": "flush"})
        client.response()
        client.send(s16(voice))
        client.send({"type": "flush"})
        found = frames_of(client.response())
    assert len(found) == 60
    samples = np.frombuffer(s16(voice), "<i2")
    of_first, of_other = (expected(model, samples, identity=name) for name in (model.identities[0], other))
    assert np.abs(found - of_other).mean() < 0.5 * np.abs(found - of_first).mean()


def test_dials_change_the_face_from_the_start_and_in_the_middle(server, model, voice):
    samples = np.frombuffer(s16(voice), "<i2")
    dials = {"lower_strength": 0.5, "channel_gain": {"jawOpen": 0.0}}
    with server.client() as client:
        client.send({"type": "session.update", "session": {"dials": dials}})
        assert client.get("session.updated")["session"]["dials"] == dials
        client.send(s16(voice))
        client.send({"type": "flush"})
        found = frames_of(client.response())
        client.send(s16(voice))
        client.get("response.animation_blendshapes.delta")
        client.send({"type": "style", "dials": {}, "blend_ms": 0})
        assert client.until("session.updated")[-1]["session"]["dials"] == {}
        client.send(s16(voice))
        client.send({"type": "flush"})
        messages = client.response()
        for wrong in ({"jaw": 1}, {"strength": 9}, {"channel_gain": {"wings": 1}}, [], {"emotion": "happy"}):
            client.send({"type": "style", "dials": wrong})
            assert client.get("error")["error"]["code"] == "invalid_value"
    wanted = expected(model, samples, dials=dt.Dials(**dials))
    assert np.abs(found - wanted).max() < 1e-4 and np.abs(wanted - expected(model, samples)).max() > 0.05
    jaw = list(model.channels).index("jawOpen")
    late = np.concatenate([m["frames"] for m in messages[:-1]])[-40:-10]  # of the second sound
    assert found[:50, jaw].max() == 0 and late[:, jaw].max() > 0.05


@pytest.mark.parametrize(("fps", "n"), [(30, 60), (60, 120), (24, 48), (25, 50), (15, 30)])
def test_frames_leave_at_the_rate_that_is_wanted(server, model, voice, fps, n):
    with server.client(f"?fps={fps}") as client:
        client.send(s16(voice))
        client.send({"type": "flush"})
        found = frames_of(client.response())
    wanted = expected(model, np.frombuffer(s16(voice), "<i2"))
    times = np.arange(n) / fps
    by_hand = np.stack([np.interp(times, np.arange(60) / 30, column) for column in wanted.T], axis=1)
    assert found.shape == by_hand.shape and np.abs(found - by_hand).max() < 1e-4


def test_seed_and_profile_are_fixed_by_the_first_sound(server, voice):
    with server.client() as client:
        client.send({"type": "session.update", "session": {"seed": 5}})
        assert client.get("session.updated")["session"]["seed"] == 5
        client.send(s16(voice))
        client.get("response.animation_blendshapes.delta")
        client.send({"type": "session.update", "session": {"seed": 6}, "event_id": "mine"})
        messages = client.until("error")
        assert messages[-1]["error"]["event_id"] == "mine"
        assert "seed cannot change any more" in messages[-1]["error"]["message"]


@pytest.mark.slow
def test_frames_of_pace_due_leave_at_their_time(server, voice):
    with server.client("?pace=due") as client:
        began, arrived = time.monotonic(), []
        client.send(s16(voice[:RATE]))
        client.send({"type": "flush"})
        while True:
            message = client.receive()
            if message["type"].endswith("done"):
                break
            arrived += [(message["frame_index"] + k, time.monotonic()) for k in range(len(message["frames"]))]
    index, at = np.array(arrived).T
    assert list(index) == list(range(30))
    # Each frame leaves no sooner than its time behind the first one. How much later is the machine's business.
    assert np.all(at - began >= index / 30)


def test_the_mouth_starts_for_rest_within_a_hop_of_an_interrupt_and_is_there_after_200_ms(server, model, voice):
    """Pace `due`: the client shows what comes. Frames that were on their way when it interrupted come first."""
    rest_pose = model.stream().frame_at(-1).weights
    with server.client("?pace=due") as client:
        client.send(s16(np.tile(voice, 10)))
        before = [client.get("response.animation_blendshapes.delta") for _ in range(8)]
        client.send({"type": "interrupt"})
        after = client.response()
    rows = np.array([row for m in (*before, *after[:-1]) for row in m["frames"]])
    n_before = sum(len(m["frames"]) for m in before)
    away = np.abs(rows - rest_pose).sum(axis=1)
    hop = model.profile(client.session.profile).hop_frames
    assert after[-1]["reason"] == "interrupted" and len(rows) - n_before <= 6 + hop  # 200 ms, and what was on its way
    assert np.all(np.diff(away[-7:]) < 0) and away[-1] < 1e-2  # six steps to rest, each nearer
    assert frames_of([*before, *after[:-1]]).shape == rows.shape  # without a gap


def test_the_session_tells_what_it_is(server, model):
    with server.client("?identity=ben&fps=25&outputs=blendshapes,viseme_id") as client:
        session = client.session
    assert session.channels == list(model.channels) and session.identities == ["ada", "ben"]
    assert (session.identity, session.fps, session.outputs) == ("ben", 25, ["blendshapes", "viseme_id"])
    assert session.latency_ms == model.profile(session.profile).latency_ms


def test_events_of_an_agent_may_be_passed_on_as_they_are(server, model, voice):
    """What servers of OpenAI Realtime and Azure Voice Live send while they speak."""
    piece = base64.b64encode(s16(voice[:RATE])).decode()
    events = [
        {"type": "response.created", "response": {"id": "r"}},
        {"type": "response.output_item.added", "response_id": "r", "output_index": 0},
        {"type": "response.audio.delta", "response_id": "r", "delta": piece},
        {"type": "response.audio_transcript.delta", "response_id": "r", "delta": "Hello"},
        {"type": "rate_limits.updated", "rate_limits": []},
        {"type": "response.output_audio.delta", "response_id": "r", "delta": piece},
        {"type": "response.audio.done", "response_id": "r"},
        {"type": "response.done", "response": {}},
    ]
    with server.client() as client:
        for event in events:
            client.send(event)
        assert len(frames_of(client.response())) == 60
        client.send({"type": "response.audio.delta", "delta": base64.b64encode(s16(np.tile(voice, 5))).decode()})
        client.get("response.animation_blendshapes.delta")
        client.send({"type": "input_audio_buffer.speech_started", "audio_start_ms": 0, "item_id": "i"})
        assert client.response()[-1]["reason"] == "interrupted"


def test_a_task_ends_that_swallows_a_cancellation():
    """As asyncio.wait_for() does in Python 3.11 when its result comes at the same moment."""

    async def main():
        n_cancelled = []

        async def stubborn():
            while True:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    n_cancelled.append(1)
                    if len(n_cancelled) > 2:
                        raise

        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        await tasks.end([task])
        assert task.done() and len(n_cancelled) == 3

    asyncio.run(asyncio.wait_for(main(), 10))


def test_close_ends_the_session_and_frees_its_stream(server, voice):
    before = server.state.engine.stats()["n_streams"]
    with server.client() as client:
        client.send(s16(voice))
        client.get("response.animation_blendshapes.delta")
        assert server.state.engine.stats()["n_streams"] == before + 1
        client.send(json.dumps({"type": "close"}))
        with pytest.raises(Exception, match="1000"):
            while True:
                client.receive()
    for _ in range(100):
        if server.state.engine.stats()["n_streams"] == before:
            break
        time.sleep(0.02)
    assert server.state.engine.stats()["n_streams"] == before and not server.state.sessions


@pytest.mark.slow
def test_minutes_of_sound_in_one_session_take_no_memory(model):
    resource = pytest.importorskip("resource")
    minute = s16(np.tile(tone(2, RATE), 30))
    with Server(model) as server, server.client("?format=binary&outputs=blendshapes,viseme_id") as client:
        n, peaks = 0, []
        for _ in range(6):
            for start in range(0, len(minute), 1 << 19):
                client.send(minute[start : start + (1 << 19)])
            while n < 1800 * (len(peaks) + 1) - 30:  # but for the last hop
                message = client.receive()
                n += len(read_binary(message)[3]) if isinstance(message, bytes) else 0
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        client.send({"type": "flush"})
        n += sum(len(read_binary(m)[3]) for m in client.until("response.animation_viseme.done") if isinstance(m, bytes))
    assert n == 6 * 1800
    assert peaks[-1] - peaks[1] < 8_000  # kB
