"""An audio output for LiveKit Agents: it stands before the room's, and the face's frames go over the data channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from livekit import rtc
from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities

from diffusiontalker.agents.face import FaceService

TOPIC = "diffusiontalker.face"


def publish_to(room: rtc.Room, topic: str = TOPIC) -> Callable[[str | bytes], Awaitable[None]]:
    """What sends events to everybody in a room, in order and without loss."""

    async def send(event: str | bytes) -> None:
        await room.local_participant.publish_data(event, reliable=True, topic=topic)

    return send


class FaceAudioOutput(AudioOutput):
    """`session.output.audio = FaceAudioOutput(service, publish_to(room), session.output.audio)`. Sound passes through;
    an interruption eases the face from what was heard of the segment.   settings: as FaceService.face()."""

    def __init__(
        self,
        service: FaceService,
        send: Callable[[str | bytes], Awaitable[None]],
        next_in_chain: AudioOutput,
        **settings: Any,
    ):
        super().__init__(
            label="DiffusionTalker", capabilities=AudioOutputCapabilities(pause=True), next_in_chain=next_in_chain,
            sample_rate=next_in_chain.sample_rate,
        )  # fmt: skip
        self.face = service.face(send, **settings)
        self._tasks: set[asyncio.Task[None]] = set()

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        await self.face.audio(bytes(frame.data), frame.sample_rate)
        if self.next_in_chain is not None:
            await self.next_in_chain.capture_frame(frame)

    def flush(self) -> None:
        super().flush()
        self.face.flush()
        if self.next_in_chain is not None:
            self.next_in_chain.flush()

    def clear_buffer(self) -> None:
        if self.next_in_chain is not None:
            self.next_in_chain.clear_buffer()

    def on_playback_finished(
        self, *, playback_position: float, interrupted: bool, synchronized_transcript: str | None = None
    ) -> None:
        super().on_playback_finished(
            playback_position=playback_position,
            interrupted=interrupted,
            synchronized_transcript=synchronized_transcript,
        )
        if interrupted:
            task = asyncio.create_task(self.face.interrupt(heard_s=playback_position))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        await self.face.close()
