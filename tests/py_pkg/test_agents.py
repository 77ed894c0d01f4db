"""A face inside of an agent's process; Pipecat and LiveKit Agents by their own packages, where they are installed."""

from __future__ import annotations

import asyncio
import base64
import json
import time
import types

import numpy as np
import pytest
from cli_support import tone

from diffusiontalker.agents import FaceService
from diffusiontalker.agents.voices import kokoro_onnx_pieces, kokoro_pieces, piper_pieces, say
from diffusiontalker.errors import InputError
from diffusiontalker.serve.protocol import ProtocolError
from diffusiontalker.serve.session import Session

RATE = 24000


def s16(seconds: float, n_channels: int = 1) -> bytes:
    samples = (tone(seconds, RATE) * 32767).astype("<i2")
    return np.repeat(samples, n_channels).tobytes()


def expected(model, seconds: float) -> np.ndarray:
    stream = model.stream(profile="live" if "live" in model.profiles else None)
    stream.push(s16(seconds), RATE, dtype="s16le")
    stream.flush()
    return np.stack([frame.weights for frame in stream.pull()])


def rows_of(events, response: str | None = None) -> np.ndarray:
    deltas = [e for e in events if e["type"] == "response.animation_blendshapes.delta"]
    return np.array([row for e in deltas if response in (None, e["response_id"]) for row in e["frames"]], np.float32)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


def test_a_face_speaks_is_interrupted_and_speaks_again(model):
    async def main():
        service, events = await FaceService.open(model), []

        async def send(event):
            events.append(json.loads(event))

        face = service.face(send)
        await face.audio(s16(1), RATE)
        face.flush()
        assert await face.finish()
        await face.audio(s16(5), RATE)
        while len(rows_of(events)) < 60:
            await asyncio.sleep(0.01)
        await face.interrupt(heard_s=0.5)
        while events[-1]["type"] != "response.animation_blendshapes.done":
            await asyncio.sleep(0.01)
        await face.close()
        await service.close()
        return events

    events = run(main())
    done = [e for e in events if e["type"].endswith(".done")]
    assert [e["reason"] for e in done] == ["completed", "interrupted"]
    assert np.abs(rows_of(events, done[0]["response_id"]) - expected(model, 1)).max() < 1e-4
    tail = [e for e in events if e.get("response_id") == done[1]["response_id"]][-2]
    assert tail["frame_index"] + len(tail["frames"]) == 16 + 6  # six frames of easing behind frame 15, at 0.5 s


def test_a_face_is_not_finished_while_its_stream_is_made(model, monkeypatch):
    """The first stream of a profile may take a second."""
    made = Session._open_stream

    def slowly(session, settings):
        time.sleep(0.2)
        made(session, settings)

    monkeypatch.setattr(Session, "_open_stream", slowly)

    async def main():
        service, events = FaceService(model), []

        async def send(event):
            events.append(json.loads(event))

        face = service.face(send)
        assert face.session.is_idle
        await face.audio(s16(0.5), RATE)
        face.flush()
        assert await face.finish()
        await face.close()
        await service.close()
        return events

    assert len(rows_of(run(main()))) == 15


def test_settings_of_a_face_are_checked(model):
    async def main():
        service = FaceService(model)
        with pytest.raises(InputError, match="unknown identity"):
            service.face(None, identity="carl")
        await service.close()

    run(main())


@pytest.mark.slow
def test_pipecat_gets_a_message_for_every_hop_and_its_sound_as_it_was(model):
    pytest.importorskip("pipecat")
    from pipecat.frames.frames import (
        OutputTransportMessageUrgentFrame,
        TTSAudioRawFrame,
        TTSStartedFrame,
        TTSStoppedFrame,
    )
    from pipecat.tests.utils import run_test

    from diffusiontalker.agents.pipecat import FaceProcessor

    data = s16(1, n_channels=2)
    pieces = [
        TTSAudioRawFrame(audio=data[i : i + 9600], sample_rate=RATE, num_channels=2) for i in range(0, len(data), 9600)
    ]

    async def main():
        service = await FaceService.open(model)
        down, _ = await run_test(
            FaceProcessor(service, identity="ada"), frames_to_send=[TTSStartedFrame(), *pieces, TTSStoppedFrame()],
            start_timeout=30,
        )  # fmt: skip
        await service.close()
        return down

    down = run(main())
    assert [f.audio for f in down if isinstance(f, TTSAudioRawFrame)] == [f.audio for f in pieces]
    events = [f.message for f in down if isinstance(f, OutputTransportMessageUrgentFrame)]
    assert np.abs(rows_of(events) - expected(model, 1)).max() < 1e-4
    assert events[-1]["type"] == "response.animation_blendshapes.done" and events[-1]["n_frames"] == 30


@pytest.mark.slow
def test_pipecats_interruption_is_ours(model):
    pytest.importorskip("pipecat")
    from pipecat.frames.frames import InterruptionFrame, OutputTransportMessageUrgentFrame, TTSAudioRawFrame
    from pipecat.tests.utils import SleepFrame, run_test

    from diffusiontalker.agents.pipecat import FaceProcessor

    async def main():
        service = await FaceService.open(model)
        frames = [
            TTSAudioRawFrame(audio=s16(5), sample_rate=RATE, num_channels=1),
            SleepFrame(sleep=0.5),
            InterruptionFrame(),
        ]
        down, _ = await run_test(
            FaceProcessor(service), frames_to_send=[*frames, SleepFrame(sleep=0.5)], start_timeout=30
        )  # fmt: skip
        await service.close()
        return down

    events = [f.message for f in run(main()) if isinstance(f, OutputTransportMessageUrgentFrame)]
    assert events[-1]["reason"] == "interrupted"


def test_livekit_passes_sound_on_and_eases_from_what_was_heard(model):
    pytest.importorskip("livekit.agents")
    from livekit import rtc
    from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities

    from diffusiontalker.agents.livekit import FaceAudioOutput

    class Sink(AudioOutput):
        """Plays nothing, and reports what a room would."""

        def __init__(self):
            super().__init__(label="sink", capabilities=AudioOutputCapabilities(pause=False), sample_rate=RATE)
            self.data = b""

        async def capture_frame(self, frame):
            await super().capture_frame(frame)
            self.data += bytes(frame.data)

        def clear_buffer(self):
            self.on_playback_finished(playback_position=0.5, interrupted=True)

        def flush(self):
            super().flush()

    async def main():
        service, events, sink = await FaceService.open(model), [], Sink()

        async def send(event):
            events.append(json.loads(event))

        output = FaceAudioOutput(service, send, sink)
        data = s16(1)
        await output.capture_frame(rtc.AudioFrame(data, RATE, 1, len(data) // 2))
        output.flush()
        assert await output.face.finish()
        sink.on_playback_finished(playback_position=1.0, interrupted=False)
        data = s16(5)
        await output.capture_frame(rtc.AudioFrame(data, RATE, 1, len(data) // 2))
        while len(rows_of(events)) < 60:
            await asyncio.sleep(0.01)
        output.clear_buffer()
        while len([e for e in events if e["type"].endswith(".done")]) < 2:
            await asyncio.sleep(0.01)
        await output.aclose()
        await service.close()
        return events, sink.data

    events, data = run(main())
    assert data == s16(1) + s16(5)
    done = [e for e in events if e["type"].endswith(".done")]
    assert [e["reason"] for e in done] == ["completed", "interrupted"]
    tail = [e for e in events if e.get("response_id") == done[1]["response_id"]][-2]
    assert tail["frame_index"] + len(tail["frames"]) == 16 + 6


def test_a_face_takes_the_events_of_an_agent_as_they_are(model):
    """Those of an OpenAI Realtime server: speech of the agent, its end, and the user who speaks into it."""

    def delta(data: bytes) -> dict:
        return {"type": "response.output_audio.delta", "delta": base64.b64encode(data).decode()}

    async def main():
        service, events = await FaceService.open(model), []

        async def send(event):
            events.append(json.loads(event))

        face = service.face(send, sample_rate=RATE)
        for event in ({"type": "session.created"}, delta(s16(1)), {"type": "response.output_audio.done"}):
            assert await face.event(event)
        assert await face.finish()
        spoken = len(rows_of(events))
        await face.event(json.dumps(delta(s16(5))))
        while len(rows_of(events)) < spoken + 30:
            await asyncio.sleep(0.01)
        await face.event({"type": "input_audio_buffer.speech_started"})
        while events[-1]["type"] != "response.animation_blendshapes.done":
            await asyncio.sleep(0.01)
        with pytest.raises(ProtocolError, match="there is no message 'flsh'"):
            await face.event({"type": "flsh"})
        assert not await face.event({"type": "close"})
        await face.close()
        await service.close()
        return events, spoken

    events, spoken = run(main())
    np.testing.assert_allclose(rows_of(events)[:spoken], expected(model, 1), atol=1e-4)
    assert events[-1]["reason"] == "interrupted"


def test_synthesisers_speak_through_a_face(model):
    """Stand-ins with what the packages piper-tts 1.8, kokoro 0.9 and kokoro-onnx 0.6 return."""
    samples = tone(0.5, RATE)
    chunk = types.SimpleNamespace(audio_int16_bytes=s16(0.5), sample_rate=RATE)
    piper = types.SimpleNamespace(synthesize=lambda text: iter([chunk] * len(text.split())))
    results = [types.SimpleNamespace(audio=samples), types.SimpleNamespace(audio=None)]
    onnx = types.SimpleNamespace(create=lambda text, voice: (samples, RATE))
    ways = (
        (piper_pieces(piper, "two words"), 2), (kokoro_pieces(lambda text, voice: results, "a", voice="b"), 1),
        (kokoro_onnx_pieces(onnx, "a", voice="b"), 1),
    )  # fmt: skip

    async def main():
        service, events, played = await FaceService.open(model), [], []

        async def send(event):
            events.append(json.loads(event))

        async def play(data, rate):
            played.append(len(data) / 2 / rate)

        face = service.face(send)
        for pieces, n in ways:
            assert await say(face, pieces, play) == pytest.approx(0.5 * n)
            assert await face.finish()
        await face.close()
        await service.close()
        return events, played

    events, played = run(main())
    assert len(rows_of(events)) == 60 and sum(played) == pytest.approx(2)
