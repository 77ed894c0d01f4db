"""POST /enroll: a recording of a speaker in, the speaker's style out."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from diffusiontalker.api.model import Model
from diffusiontalker.api.moods import Emotion
from diffusiontalker.api.sound import opened
from diffusiontalker.errors import InputError
from diffusiontalker.io.sound.mono import mono
from diffusiontalker.serve.settings import Settings, mood_of, style_text, updated
from diffusiontalker.serve.state import State
from diffusiontalker.serve.uploads import Work, check_parameters, with_upload

PARAMETERS = ("emotion", "emotion_strength", "token")


async def enroll(request: Request) -> Response:
    return await with_upload(request, _plan)


def _plan(state: State, request: Request) -> Work:
    check_parameters(request, PARAMETERS)
    model, query = state.engine.model, request.query_params
    wanted: dict[str, Any] = {}
    if "emotion" in query:
        wanted["emotion"] = mood_of(query["emotion"])
    if "emotion_strength" in query:
        try:
            wanted["emotion_strength"] = float(query["emotion_strength"])
        except ValueError:
            raise InputError(f"emotion_strength is {query['emotion_strength'][:40]!r}, expected a number") from None
    settings = updated(Settings(profile=None), wanted, model)

    async def work(body: bytes) -> Response:
        emotion, strength = settings.emotion, settings.emotion_strength
        style, seconds = await asyncio.to_thread(enrolled, model, body, emotion, strength)
        return JSONResponse({"style": style_text(style), "d_identity": model.d_identity, "seconds": seconds})

    return work


def enrolled(model: Model, body: bytes, emotion: Emotion | None, strength: float) -> tuple[np.ndarray, float]:
    """(the style of the speaker of a sound file, float32 [d_identity]; seconds of sound that were used). Only the first
    enroll_range_ms count.   Raises InputError: too short, no sound. UnsupportedError: no style encoder."""
    most_s = model.enroll_range_ms[1] / 1000 if model.enroll_range_ms else 60.0
    parts, seconds, rate = [], 0.0, 0
    with opened(body) as sound:
        for block, rate in sound.blocks():
            take = min(len(block), round((most_s - seconds) * rate))
            parts.append(mono(block[:take]))
            seconds += take / rate
            if take < len(block):
                break
    if not parts:
        raise InputError("the sound holds no samples: give a recording of the speaker")
    style = model.enroll(np.concatenate(parts), rate, emotion=emotion, emotion_strength=strength)
    return style, round(seconds, 3)
