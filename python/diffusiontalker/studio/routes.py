"""The page and what it asks for, as routes of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from diffusiontalker.api.model import Model
from diffusiontalker.api.sound import opened
from diffusiontalker.errors import InputError
from diffusiontalker.render.page_sound import wav_of
from diffusiontalker.serve.state import State
from diffusiontalker.serve.uploads import Work, check_parameters, refused, with_upload
from diffusiontalker.studio import exports, head
from diffusiontalker.studio.about import about

PATH = "/studio/"
_ASSETS = Path(__file__).parents[1] / "assets"
# Type of each kind of file: the registry of a machine may hold others, with which browsers run no script.
_TYPES = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}  # fmt: skip
# The page loads nothing of elsewhere, and no page of elsewhere shows it.
_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}


def routes() -> list[BaseRoute]:
    """For serve.app.application(). The files of the page need no token: they hold nothing that is secret."""
    return [
        Route(PATH + "api/about", _about),
        Route(PATH + "api/head", _built_in_head, methods=["GET"]),
        Route(PATH + "api/head", _own_head, methods=["POST"]),
        Route(PATH + "api/sound", _sound, methods=["POST"]),
        Route(PATH + "api/export", _export, methods=["POST"]),
        Route(PATH[:-1], lambda _request: RedirectResponse(PATH)),
        Route("/", lambda _request: RedirectResponse(PATH)),
        Route(PATH + "{name:path}", _file, methods=["GET"]),
    ]


@lru_cache(maxsize=1)
def files() -> dict[str, Path]:
    """Name in the address -> file: those of the page, the client, and the viewer of pages."""
    found = {"": _ASSETS / "studio" / "index.html", "viewer.js": _ASSETS / "page" / "viewer.js"}
    for folder, prefix in ((_ASSETS / "studio", ""), (_ASSETS / "client", "client/")):
        found |= {prefix + path.name: path for path in sorted(folder.iterdir()) if path.suffix in _TYPES}
    return found


async def _file(request: Request) -> Response:
    path = files().get(request.path_params["name"])
    if path is None:
        return Response("there is no such file\n", 404, _HEADERS, "text/plain")
    return Response(path.read_bytes(), 200, _HEADERS, _TYPES[path.suffix])


async def _about(request: Request) -> Response:
    state: State = request.app.state.serve
    return refused(state, request) or JSONResponse(about(state))


async def _built_in_head(request: Request) -> Response:
    state: State = request.app.state.serve
    refusal = refused(state, request)
    return refusal or _bytes(await asyncio.to_thread(_built_in, state.engine.model))


@lru_cache(maxsize=1)
def _built_in(model: Model) -> bytes:
    """Made once: it takes a second."""
    return head.built_in(model)


async def _own_head(request: Request) -> Response:
    def plan(state: State, request: Request) -> Work:
        check_parameters(request, ("fit", "token"))
        fit = request.query_params.get("fit") == "1"
        return _threaded(lambda body: head.own(state.engine.model, body, fit))

    return await with_upload(request, plan)


async def _sound(request: Request) -> Response:
    def plan(state: State, request: Request) -> Work:
        check_parameters(request, ("token",))
        return _threaded(lambda body: _wav(body, state.options.limits.max_upload_s), "audio/wav")

    return await with_upload(request, plan)


async def _export(request: Request) -> Response:
    def plan(_state: State, request: Request) -> Work:
        check_parameters(request, ("format", "token"))
        form = request.query_params.get("format", "")
        exports.check_kind(form)
        return _threaded(lambda body: exports.exported(body, form))

    return await with_upload(request, plan)


def _threaded(make: Callable[[bytes], bytes], media_type: str = "application/octet-stream") -> Work:
    async def work(body: bytes) -> Response:
        return _bytes(await asyncio.to_thread(make, body), media_type)

    return work


def _bytes(content: bytes, media_type: str = "application/octet-stream") -> Response:
    return Response(content, media_type=media_type)


def _wav(body: bytes, most_s: float) -> bytes:
    """What browsers play of a sound file. Raises InputError: no sound, too long."""

    def bounded(blocks: Any) -> Any:
        seconds = 0.0
        for block, rate in blocks:
            seconds += len(block) / rate
            if seconds > most_s:
                raise InputError(
                    f"the sound is longer than {most_s:g} s: cut it, or animate it with `diffusiontalker animate`"
                )
            yield block, rate

    with opened(body) as sound:
        return wav_of(bounded(sound.blocks()))
