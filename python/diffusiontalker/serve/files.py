"""POST /animate: a sound file in, an animation file out, computed beside the sessions."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.seed import seed_of_sound
from diffusiontalker.api.sound import opened
from diffusiontalker.api.stream import Frame, Stream
from diffusiontalker.errors import BufferFullError, InputError
from diffusiontalker.io import FORMATS, check_formats, save_animation
from diffusiontalker.serve.settings import Settings, mood_of, updated
from diffusiontalker.serve.state import State
from diffusiontalker.serve.uploads import Work, check_parameters, with_upload

_BUFFER_MS = 10_000
_DEADLINE_MS = 60_000  # of a file's windows: those of sessions go first
_TEXTS, _NUMBERS = ("identity", "profile", "style"), ("emotion_strength", "head_amount", "seed")
PARAMETERS = (
    "format", "identity", "emotion", "emotion_strength", "head_amount", "profile", "seed", "dials", "style", "token",
)  # fmt: skip
TYPES = {"json": "application/json", "csv": "text/csv", "glb": "model/gltf-binary"}
SUFFIXES = tuple(suffix[1:] for found in FORMATS for suffix in found.suffixes)


async def animate(request: Request) -> Response:
    response = await with_upload(request, _plan)
    request.app.state.serve.metrics.add("files_total", label=str(response.status_code))
    return response


def _plan(state: State, request: Request) -> Work:
    form = request.query_params.get("format", "json")
    settings, seed = _settings(state, request, form)

    async def work(body: bytes) -> Response:
        return await file_answer(await Job(state, settings, seed).run(body), form)

    return work


async def file_answer(animation: Animation, form: str) -> Response:
    """An animation as a file of a format, one of SUFFIXES. Raises InputError: the format cannot hold it."""
    return Response(
        await asyncio.to_thread(_saved, animation, form), media_type=TYPES.get(form, "application/octet-stream")
    )


def check_format(form: str, space: str) -> None:
    """Raises InputError: no such format, or one for other motions."""
    if form not in SUFFIXES:
        raise InputError(f"there is no format '{form[:40]}': they are {', '.join(SUFFIXES)}")
    check_formats(space, [f".{form}"], False)


def _settings(state: State, request: Request, form: str) -> tuple[Settings, int | None]:
    """Of the query. Raises InputError."""
    model = state.engine.model
    check_format(form, model.space)
    check_parameters(request, PARAMETERS)
    wanted: dict[str, Any] = {}
    for name, text in request.query_params.items():
        if name in _TEXTS:
            wanted[name] = text
        elif name == "emotion":
            wanted[name] = mood_of(text)
        elif name in _NUMBERS:
            try:
                wanted[name] = int(text) if name == "seed" else float(text)
            except ValueError:
                raise InputError(f"{name} is {text[:40]!r}, expected a number") from None
        elif name == "dials":
            try:
                wanted[name] = json.loads(text)
            except (ValueError, RecursionError):
                raise InputError('dials is no JSON object of dials, such as {"jaw_sharpness": 0.3}') from None
    return updated(Settings(profile=None), wanted, model), wanted.get("seed")


def _saved(animation: Animation, form: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="diffusiontalker-") as folder:
        path = Path(folder) / f"speech.{form}"
        save_animation(animation, path)
        return path.read_bytes()


class Job:
    """One file as a stream of the scheduler, behind all sessions."""

    def __init__(self, state: State, settings: Settings, seed: int | None):
        self._engine, self._settings, self._seed = state.engine, settings, seed
        self._max_s = state.options.limits.max_upload_s
        self._happened = asyncio.Event()
        self._frames: list[Frame] = []

    async def run(self, body: bytes) -> Animation:
        """Raises InputError: no sound file, or too long."""
        model = self._engine.model
        with opened(body) as sound:
            blocks = sound.blocks()
            if self._seed is None:
                seed, blocks = await asyncio.to_thread(seed_of_sound, blocks)
            else:
                seed = self._seed
            stream = await asyncio.to_thread(self._open, seed)
            try:
                await self._push_all(stream, blocks)
                n_frames = stream.info()["next_audio_frame"]
                while len(self._frames) < n_frames:
                    await self._more(stream)
            finally:
                await asyncio.to_thread(self._engine.remove, stream)
        weights = np.stack([frame.weights for frame in self._frames])
        poses = [frame.head_pose for frame in self._frames if frame.head_pose is not None]
        animation = model.animation(weights, None, np.stack(poses) if poses else None)
        return replace(animation, dials=self._settings.all_dials)

    def _open(self, seed: int) -> Stream:
        settings = self._settings
        stream = self._engine.model.stream(
            **settings.style, seed=seed, profile=settings.profile, head_amount=settings.head_amount,
            dials=settings.dials, max_buffered_ms=_BUFFER_MS, history_ms=0, deadline_ms=_DEADLINE_MS,
        )  # fmt: skip
        self._engine.add(stream, self._happened.set)
        return stream

    async def _push_all(self, stream: Stream, blocks: Iterator[tuple[np.ndarray, int]]) -> None:
        """Reads the sound as far as there is room for it, so that a long one takes no more memory than a short one."""
        seconds = 0.0
        while (found := await asyncio.to_thread(next, blocks, None)) is not None:
            block, rate = found
            seconds += len(block) / rate
            if seconds > self._max_s:
                raise InputError(
                    f"the sound is longer than {self._max_s:g} s: cut it, or animate it on the command line"
                )
            while True:
                try:
                    stream.push(block, rate)
                    break
                except BufferFullError:
                    await self._more(stream)
        if not seconds:
            raise InputError("the sound holds no samples: there is nothing to animate")
        stream.flush()

    async def _more(self, stream: Stream) -> None:
        """Takes frames; waits for some when there are none."""
        self._happened.clear()
        found = stream.pull()
        self._frames += found
        self._engine.wake()
        if not found:
            await self._happened.wait()
