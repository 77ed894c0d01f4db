"""A processor for Pipecat: it stands behind the TTS service, and the frames of the face leave through the transport."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InterruptionFrame,
    OutputTransportMessageUrgentFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from diffusiontalker.agents.face import AgentFace, FaceService


class FaceProcessor(FrameProcessor):
    """Passes every frame on, and adds a message with each event of the face: the client shows its frames by the clock
    of the bot's sound.   service: of the process.   settings: as FaceService.face(), but for the format."""

    def __init__(self, service: FaceService, **settings: Any):
        super().__init__()
        self._service, self._settings = service, settings
        self._face: AgentFace | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame):
            if self._face is None:
                self._face = self._service.face(self._send, **self._settings)
            await self._face.audio(_mono(frame.audio, frame.num_channels), frame.sample_rate)
        elif self._face is not None:
            await self._control(self._face, frame)
        await self.push_frame(frame, direction)

    async def _control(self, face: AgentFace, frame: Frame) -> None:
        if isinstance(frame, TTSStoppedFrame):
            face.flush()
        elif isinstance(frame, InterruptionFrame):
            await face.interrupt()
        elif isinstance(frame, (EndFrame, CancelFrame)):
            if isinstance(frame, EndFrame):
                face.flush()
                await face.finish()
            await face.close()
            self._face = None

    async def _send(self, event: str | bytes) -> None:
        await self.push_frame(OutputTransportMessageUrgentFrame(message=json.loads(event)))

    async def cleanup(self) -> None:
        await super().cleanup()
        if self._face is not None:
            await self._face.close()
            self._face = None


def _mono(audio: bytes, n_channels: int) -> bytes:
    """s16le of all channels as that of their mean."""
    if n_channels == 1:
        return audio
    return np.frombuffer(audio, "<i2").reshape(-1, n_channels).mean(axis=1).astype("<i2").tobytes()
