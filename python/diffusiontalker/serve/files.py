"""POST /animate: a sound file in, an animation file out, computed beside the sessions."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.seed import seed_of_sound
from diffusiontalker.api.sound import opened
from diffusiontalker.api.stream import Frame, Stream
from diffusiontalker.errors import BufferFullError, DiffusionTalkerError, InputError
from diffusiontalker.io import FORMATS, check_formats, save_animation
from diffusiontalker.serve.access import is_allowed
from diffusiontalker.serve.connection import error_response
from diffusiontalker.serve.settings import Settings, updated
from diffusiontalker.serve.state import State

_BUFFER_MS = 10_000
_PIECE_S = 10.0  # an upload that gives nothing for so long is broken off
_DEADLINE_MS = 60_000  # of a file's windows: those of sessions go first
PARAMETERS = ("format", "identity", "emotion", "emotion_strength", "head_amount", "profile", "seed", "token")
TYPES = {"json": "application/json", "csv": "text/csv", "glb": "model/gltf-binary"}


async def animate(request: Request) -> Response:
    state: State = request.app.state.serve
    response = await _answer(state, request)
    state.metrics.add("files_total", label=str(response.status_code))
    return response


async def _answer(state: State, request: Request) -> Response:
    limits = state.options.limits
    if not is_allowed(state.options.token, request.headers, request.query_params):
        return error_response(401, "unauthorized", "the token is missing or wrong: send Authorization: Bearer TOKEN")
    if state.is_draining:
        return error_response(503, "draining", "the server ends: use another one")
    if state.n_files >= limits.max_file_jobs:
        return error_response(503, "at_capacity", f"{state.n_files} files are being animated: try again later")
    state.n_files += 1
    try:
        form = request.query_params.get("format", "json")
        settings, seed = _settings(state, request, form)
        body = await _body(request, limits.max_upload_bytes)
        if body is None:
            text = f"the upload is larger than {limits.max_upload_bytes >> 20} MB: cut it, or use the command line"
            return error_response(413, "too_large", text)
        animation = await Job(state, settings, seed).run(body)
        return Response(
            await asyncio.to_thread(_saved, animation, form), media_type=TYPES.get(form, "application/octet-stream")
        )
    except DiffusionTalkerError as e:
        return error_response(400, "invalid_request", str(e))
    except ClientDisconnect:
        return error_response(400, "invalid_request", "the upload was broken off")
    finally:
        state.n_files -= 1


def _settings(state: State, request: Request, form: str) -> tuple[Settings, int | None]:
    """Of the query. Raises InputError."""
    model = state.engine.model
    known = [suffix[1:] for found in FORMATS for suffix in found.suffixes]
    if form not in known:
        raise InputError(f"there is no format '{form[:40]}': they are {', '.join(known)}")
    check_formats(model.space, [f".{form}"], False)
    wanted: dict[str, Any] = {}
    for name, text in request.query_params.items():
        if name in ("identity", "emotion", "profile"):
            wanted[name] = text
        elif name in ("emotion_strength", "head_amount", "seed"):
            try:
                wanted[name] = int(text) if name == "seed" else float(text)
            except ValueError:
                raise InputError(f"{name} is {text[:40]!r}, expected a number") from None
        elif name not in ("token", "format"):
            raise InputError(f"there is no parameter '{name[:40]}': they are {', '.join(PARAMETERS)}")
    return updated(Settings(profile=None), wanted, model), wanted.get("seed")


async def _body(request: Request, most: int) -> bytes | None:
    """The whole body; None when it is too large, of which no more is read."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        return None
    data, pieces = bytearray(), aiter(request.stream())
    while True:
        try:
            data += await asyncio.wait_for(anext(pieces), _PIECE_S)
        except StopAsyncIteration:
            return bytes(data)
        except (TimeoutError, asyncio.TimeoutError):
            raise InputError(f"the upload stopped for {_PIECE_S:g} s: send it in one go") from None
        if len(data) > most:
            return None


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
        return model.animation(weights, None, np.stack(poses) if poses else None)

    def _open(self, seed: int) -> Stream:
        settings = self._settings
        stream = self._engine.model.stream(
            **settings.style, seed=seed, profile=settings.profile, head_amount=settings.head_amount,
            max_buffered_ms=_BUFFER_MS, history_ms=0, deadline_ms=_DEADLINE_MS,
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
