"""Sends a recording to `diffusiontalker serve` as it is spoken, and prints the frames: python client.py [URL] [FILE]

Needs `pip install websockets soundfile`. The token comes from $DIFFUSIONTALKER_TOKEN."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import soundfile
from websockets.asyncio.client import connect

PIECE_S = 0.02


async def speak(socket, path: str) -> None:
    """A microphone or a synthesiser would stand here."""
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    settings = {"encoding": "s16le", "sample_rate": rate}
    await socket.send(json.dumps({"type": "session.update", "session": settings}))
    step = int(rate * PIECE_S)
    for start in range(0, len(samples), step):
        await socket.send(samples[start : start + step, 0].tobytes())
        await asyncio.sleep(PIECE_S)
    await socket.send(json.dumps({"type": "flush"}))


async def main(url: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {os.environ.get('DIFFUSIONTALKER_TOKEN', '')}"}
    async with connect(url, additional_headers=headers) as socket:
        session = json.loads(await socket.recv())["session"]
        jaw = session["channels"].index("jawOpen")
        speaking = asyncio.create_task(speak(socket, path))
        async for message in socket:
            event = json.loads(message)
            if event["type"] == "response.animation_blendshapes.delta":
                for k, weights in enumerate(event["frames"]):
                    print(f"frame {event['frame_index'] + k}: jawOpen {weights[jaw]:.2f}")
            elif event["type"] == "response.animation_blendshapes.done":
                print(event["n_frames"], "frames")
                break
            elif event["type"] == "error":
                raise SystemExit(event["error"]["message"])
        await speaking


if __name__ == "__main__":
    arguments = [*sys.argv[1:], *["ws://127.0.0.1:8765/v1/stream", "examples/speech.wav"][len(sys.argv) - 1 :]]
    asyncio.run(main(*arguments))
