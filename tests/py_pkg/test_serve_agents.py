"""What others' agents and clients speak: Azure Voice Live by Microsoft's own client, visemes of Azure and of
huggingface/speech-to-speech."""

from __future__ import annotations

import asyncio
import base64
import logging

import numpy as np
import pytest

pytest.importorskip("uvicorn")
from cli_support import tone
from serve_support import TOKEN, Server, frames_of, s16

from diffusiontalker.io.visemes import poses
from diffusiontalker.serve.azure_visemes import NUMBERS, VisemeTrack
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX

RATE = 24000

# Restated from the reference of Azure Voice Live (2026-01-01-preview), "Server events": field -> type.
IDS = {"response_id": str, "item_id": str, "output_index": int, "content_index": int}
SCHEMA = {
    "response.animation_blendshapes.delta": {**IDS, "frame_index": int, "frames": list},
    "response.animation_blendshapes.done": IDS,
    "response.animation_viseme.delta": {**IDS, "audio_offset_ms": int, "viseme_id": int},
    "response.animation_viseme.done": IDS,
    "session.created": {"session": dict},
    "session.updated": {"session": dict},
    "error": {"error": dict},
}
# "Get facial position with viseme", blend shapes: the order of the 55 positions.
AZURE_55 = """eyeBlinkLeft eyeLookDownLeft eyeLookInLeft eyeLookOutLeft eyeLookUpLeft eyeSquintLeft eyeWideLeft
eyeBlinkRight eyeLookDownRight eyeLookInRight eyeLookOutRight eyeLookUpRight eyeSquintRight eyeWideRight jawForward
jawLeft jawRight jawOpen mouthClose mouthFunnel mouthPucker mouthLeft mouthRight mouthSmileLeft mouthSmileRight
mouthFrownLeft mouthFrownRight mouthDimpleLeft mouthDimpleRight mouthStretchLeft mouthStretchRight mouthRollLower
mouthRollUpper mouthShrugLower mouthShrugUpper mouthPressLeft mouthPressRight mouthLowerDownLeft mouthLowerDownRight
mouthUpperUpLeft mouthUpperUpRight browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight cheekPuff
cheekSquintLeft cheekSquintRight noseSneerLeft noseSneerRight tongueOut headRoll leftEyeRoll rightEyeRoll""".split()

# "Map phonemes to visemes" of Azure Speech, English, as far as one sound has one number.
AZURE_PHONEMES = {"p b m": 21, "f v": 18, "ð": 17, "t d n": 19, "k g": 20, "ʃ tʃ dʒ": 16, "s z": 15, "ɹ": 13, "ɑ": 2,
                  "ɛ": 4, "i": 6, "u": 7, "o": 8}  # fmt: skip
# "Viseme Reference" of Oculus: the shape of a sound.
OCULUS_PHONEMES = {"p": "PP", "b": "PP", "m": "PP", "f": "FF", "v": "FF", "ð": "TH", "t": "DD", "d": "DD", "k": "kk",
                   "g": "kk", "tʃ": "CH", "dʒ": "CH", "ʃ": "CH", "s": "SS", "z": "SS", "n": "nn", "ɹ": "RR", "ɑ": "aa",
                   "ɛ": "E", "i": "I", "o": "O", "u": "U"}  # fmt: skip


@pytest.fixture(scope="module")
def server(model):
    with Server(model) as running:
        yield running


@pytest.fixture(scope="module")
def voice():
    return tone(1, RATE)


def check(message: dict) -> None:
    fields = {"event_id": str, **SCHEMA[message["type"]]}
    for name, kind in fields.items():
        assert type(message[name]) is kind, (message["type"], name, message.get(name))


def test_events_have_the_schema_of_azure_voice_live(server, voice):
    with server.client("?api-version=2026-01-01-preview&model=x", path="/voice-live/realtime") as client:
        client.send({
            "type": "session.update",
            "session": {
                "modalities": ["text", "audio"], "voice": {"type": "openai", "name": "alloy"}, "instructions": "",
                "input_audio_format": "pcm16", "input_audio_sampling_rate": 24000, "turn_detection": None,
                "animation": {"model_name": "default", "outputs": ["blendshapes", "viseme_id"]},
            },
        })  # fmt: skip
        client.send({"type": "input_audio_buffer.append", "audio": base64.b64encode(s16(voice)).decode()})
        client.send({"type": "input_audio_buffer.commit"})
        messages = client.until("response.animation_viseme.done")
        client.send({"type": "nonsense"})
        messages += client.until("error")
    for message in messages:
        if message["type"] != "input_audio_buffer.committed":
            check(message)
    assert {m["type"] for m in messages} >= set(SCHEMA) - {"session.created"}
    assert len({m["event_id"] for m in messages if m["type"].startswith("response.")}) == sum(
        m["type"].startswith("response.") for m in messages
    )
    # Clients of Azure count on 60 frames a second of 55 positions.
    assert client.session.fps == 60 and client.session.channels == AZURE_55
    found = frames_of(messages)
    assert found.shape == (60, 55) and found.min() >= -1 and found.max() <= 1


@pytest.mark.slow
def test_microsofts_own_client_takes_the_frames(server, voice):
    aio = pytest.importorskip("azure.ai.voicelive.aio")
    from azure.ai.voicelive import models
    from azure.core.credentials import AzureKeyCredential

    logging.getLogger("azure").setLevel(logging.ERROR)

    async def talk():
        events = []
        credential = AzureKeyCredential(TOKEN)
        async with aio.connect(
            credential=credential, endpoint=f"http://127.0.0.1:{server.port}", model="any"
        ) as client:
            outputs = [models.AnimationOutputType.BLENDSHAPES, models.AnimationOutputType.VISEME_ID]
            session = models.RequestSession(
                animation=models.Animation(outputs=outputs), input_audio_format=models.InputAudioFormat.PCM16,
                input_audio_sampling_rate=RATE,
            )  # fmt: skip
            await client.session.update(session=session)
            await client.input_audio_buffer.append(audio=base64.b64encode(s16(voice)).decode())
            await client.input_audio_buffer.commit()
            async for event in client:
                events.append(event)
                if isinstance(event, models.ServerEventResponseAnimationVisemeDone):
                    break
        return events

    events = asyncio.run(asyncio.wait_for(talk(), 30))
    frames = [e for e in events if isinstance(e, models.ServerEventResponseAnimationBlendshapeDelta)]
    visemes = [e for e in events if isinstance(e, models.ServerEventResponseAnimationVisemeDelta)]
    assert isinstance(events[0], models.ServerEventSessionCreated) and events[0].session.id
    assert isinstance(events[1], models.ServerEventSessionUpdated)
    assert sum(len(e.frames) for e in frames) == 60 and all(len(row) == 55 for e in frames for row in e.frames)
    assert [e.frame_index for e in frames] == list(np.cumsum([0, *(len(e.frames) for e in frames)])[:-1])
    assert visemes and visemes[0].audio_offset_ms == 0
    assert any(isinstance(e, models.ServerEventResponseAnimationBlendshapeDone) for e in events)


def test_visemes_of_speech_to_speech_cover_the_response(server, voice):
    """Its STV stage gives [{"viseme": 0..21, "timestamp": (begin, end)}] in seconds of the sound."""
    with server.client("?outputs=visemes&sample_rate=24000") as client:
        client.send(s16(voice))
        client.send({"type": "flush"})
        messages = client.until("visemes.done")
    assert {m["type"] for m in messages} == {"visemes", "visemes.done"}
    visemes = [v for m in messages[:-1] for v in m["visemes"]]
    assert all(set(v) == {"viseme", "timestamp"} and v["viseme"] in range(22) for v in visemes)
    begins, ends = np.array([v["timestamp"] for v in visemes]).T
    assert begins[0] == 0 and ends[-1] == 1 and np.allclose(begins[1:], ends[:-1])


def test_every_pose_of_a_mouth_has_the_viseme_of_its_sound():
    """The poses of the alphabet themselves, as faces: p, b and m are 21, and so on."""
    names, table = poses("oculus")
    channels = ARKIT_CHANNELS
    begun, _ = VisemeTrack(channels, 30).add(0, table.astype(np.float32))
    assert [number for number, _ in begun] == [NUMBERS[name] for name in names]
    begun, _ = VisemeTrack(channels, 30).add(0, 0.6 * table.astype(np.float32))  # a quiet voice
    assert [number for number, _ in begun] == [NUMBERS[name] for name in names]
    over_an_open_jaw = np.zeros((1, 52), np.float32)
    over_an_open_jaw[:, [CHANNEL_INDEX["jawOpen"], CHANNEL_INDEX["mouthClose"]]] = 0.3
    assert VisemeTrack(channels, 30).add(0, over_an_open_jaw)[0] == [(21, 0.0)]
    for sounds, number in AZURE_PHONEMES.items():
        for shape in {OCULUS_PHONEMES[sound] for sound in sounds.split() if sound in OCULUS_PHONEMES}:
            assert NUMBERS[shape] == number, (sounds, shape)
