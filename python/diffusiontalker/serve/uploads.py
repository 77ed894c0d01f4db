"""What all requests with a file as their body share: who may send it, how large it is, and the answer when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from diffusiontalker.errors import DiffusionTalkerError, InputError
from diffusiontalker.serve.access import is_allowed
from diffusiontalker.serve.connection import error_response
from diffusiontalker.serve.state import State

_PIECE_S = 10.0  # an upload that gives nothing for so long is broken off
Work = Callable[[bytes], Awaitable[Response]]


async def with_upload(request: Request, plan: Callable[[State, Request], Work]) -> Response:
    """The answer to a request with a body, at most limits.max_file_jobs at a time.
    plan: reads the parameters before the body is read, and returns what makes the answer of it. Errors of both are
    answered with status 400."""
    state: State = request.app.state.serve
    limits = state.options.limits
    refusal = refused(state, request)
    if refusal is not None:
        return refusal
    if state.n_files >= limits.max_file_jobs:
        return error_response(503, "at_capacity", f"{state.n_files} files are being worked on: try again later")
    state.n_files += 1
    try:
        work = plan(state, request)
        body = await _body(request, limits.max_upload_bytes)
        if body is None:
            text = f"the upload is larger than {limits.max_upload_bytes >> 20} MB: cut it, or use the command line"
            return error_response(413, "too_large", text)
        return await work(body)
    except DiffusionTalkerError as e:
        return error_response(400, "invalid_request", str(e))
    except ClientDisconnect:
        return error_response(400, "invalid_request", "the upload was broken off")
    finally:
        state.n_files -= 1


def refused(state: State, request: Request) -> Response | None:
    """The answer to a request without the token, or while the server ends."""
    if not is_allowed(state.options.token, request.headers, request.query_params):
        return error_response(401, "unauthorized", "the token is missing or wrong: send Authorization: Bearer TOKEN")
    if state.is_draining:
        return error_response(503, "draining", "the server ends: use another one")
    return None


def check_parameters(request: Request, known: Collection[str]) -> None:
    """Raises InputError for a parameter that is not known."""
    for name in request.query_params:
        if name not in known:
            raise InputError(f"there is no parameter '{name[:40]}': they are {', '.join(known)}")


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
