"""Synthesisers that run on this machine, as pieces of sound for a face: (s16le bytes of one channel, rate in Hz)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

import numpy as np

from diffusiontalker.agents.face import AgentFace

Piece = tuple[bytes, int]
KOKORO_RATE_HZ = 24_000


def piper_pieces(voice: Any, text: str, **options: Any) -> Iterator[Piece]:
    """A sentence at a time.   voice: piper.PiperVoice.   options: of its synthesize()."""
    for chunk in voice.synthesize(text, **options):
        yield chunk.audio_int16_bytes, chunk.sample_rate


def kokoro_pieces(pipeline: Any, text: str, **options: Any) -> Iterator[Piece]:
    """A sentence at a time.   pipeline: kokoro.KPipeline.   options: of its call, such as voice="af_heart"."""
    for result in pipeline(text, **options):
        if result.audio is not None:
            yield s16(np.asarray(result.audio, np.float32)), KOKORO_RATE_HZ


def kokoro_onnx_pieces(kokoro: Any, text: str, **options: Any) -> Iterator[Piece]:
    """All of it at once.   kokoro: kokoro_onnx.Kokoro.   options: of its create(), such as voice="af_heart"."""
    samples, rate = kokoro.create(text, **options)
    yield s16(np.asarray(samples, np.float32)), int(rate)


def s16(samples: np.ndarray) -> bytes:
    """float [n], nominal -1..1, as s16le."""
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


async def say(
    face: AgentFace, pieces: Iterable[Piece], play: Callable[[bytes, int], Awaitable[None]] | None = None
) -> float:
    """Lets a face speak one utterance, and flushes it. The synthesiser runs in a thread.
    play: takes each piece for the listener.   Returns the seconds of sound. Cancelling stops behind the piece at hand;
    face.interrupt() then lets the mouth go to rest."""
    waiting, seconds = iter(pieces), 0.0
    while (piece := await asyncio.to_thread(next, waiting, None)) is not None:
        data, rate = piece
        await face.audio(data, rate)
        seconds += len(data) / 2 / rate
        if play is not None:
            await play(data, rate)
    face.flush()
    return seconds
