"""The web application: which address does what."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from diffusiontalker.serve import connection, enroll, files
from diffusiontalker.serve.access import is_allowed
from diffusiontalker.serve.metrics import CONTENT_TYPE
from diffusiontalker.serve.state import State
from diffusiontalker.version import __version__

STREAM_PATH = "/v1/stream"


def application(state: State, more: Sequence[BaseRoute] = ()) -> Starlette:
    """state: of a server whose engine runs.   more: routes besides."""
    app = Starlette(
        routes=[
            WebSocketRoute(STREAM_PATH, connection.endpoint),
            WebSocketRoute(connection.AZURE_PATH, connection.endpoint),
            Route("/animate", files.animate, methods=["POST"]),
            Route("/enroll", enroll.enroll, methods=["POST"]),
            Route("/healthz", healthy),
            Route("/readyz", ready),
            Route("/metrics", metrics),
            *more,
        ]
    )
    app.state.serve = state
    return app


async def healthy(_request: Request) -> Response:
    """Whether the process answers at all."""
    return JSONResponse({"status": "ok", "version": __version__})


async def ready(request: Request) -> Response:
    """Whether a new session would be taken, for load balancers."""
    state: State = request.app.state.serve
    status = "draining" if state.is_draining else "at_capacity" if state.is_full else "ready"
    return JSONResponse(
        {"status": status, "sessions": len(state.sessions), "max_sessions": state.max_streams},
        200 if status == "ready" else 503,
    )


async def metrics(request: Request) -> Response:
    """For Prometheus. They hold no sound and no names; the token is wanted all the same."""
    state: State = request.app.state.serve
    if not is_allowed(state.options.token, request.headers, request.query_params):
        return connection.error_response(
            401, "unauthorized", "the token is missing or wrong: send Authorization: Bearer TOKEN"
        )
    return PlainTextResponse(state.metrics.text(), media_type=CONTENT_TYPE)
