"""`diffusiontalker serve`: speech in over the network, frames out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from diffusiontalker.cli import arguments
from diffusiontalker.cli.console import Console
from diffusiontalker.errors import UnsupportedError
from diffusiontalker.extras import install_command
from diffusiontalker.serve.access import is_loopback, new_token
from diffusiontalker.serve.options import PORT, Limits, ServeOptions

TOKEN_VARIABLE = "DIFFUSIONTALKER_TOKEN"
_MIN_TOKEN = 16  # characters


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "serve",
        help="serve frames over WebSocket and HTTP",
        description="Takes speech over WebSocket and gives blendshape frames. Needs the extra `serve`.",
        examples="""diffusiontalker serve
        diffusiontalker serve --port 9000 --max-streams 8
        DIFFUSIONTALKER_TOKEN=long-secret-of-yours diffusiontalker serve --host 0.0.0.0""",
    )
    add_address(parser, f"{PORT}; 0 takes a free one")
    add_access(parser)
    add_limits(parser)
    arguments.add_model(parser)
    arguments.add_common(parser)
    return parser


def add_address(parser: arguments.Parser, default_port: str) -> None:
    """--host --port. default_port: of the port, for people."""
    group = parser.add_argument_group("address")
    group.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="to listen on (default: this machine only)"
    )
    group.add_argument(
        "--port", type=arguments.whole_number(0, 65535), metavar="N", help=f"default: {default_port}",
    )  # fmt: skip


def add_access(parser: arguments.Parser) -> None:
    """--token-file --no-token"""
    group = parser.add_argument_group("access")
    group.add_argument(
        "--token-file", metavar="FILE", help=f"the token of clients (default: ${TOKEN_VARIABLE}, or a new one)"
    )
    group.add_argument("--no-token", action="store_true", help="take every program of this machine")


def add_limits(parser: arguments.Parser) -> None:
    """--max-streams --max-upload-mb --max-buffered-s --idle-timeout-s --drain-s --max-wait-ms"""
    limits = Limits()
    group = parser.add_argument_group("limits")
    group.add_argument(
        "--max-streams", type=arguments.whole_number(1, 4096), metavar="N",
        help="sessions at the same time (default: what this machine carries in real time, measured at the start)",
    )  # fmt: skip
    group.add_argument(
        "--max-upload-mb", type=arguments.whole_number(1, 4096), default=limits.max_upload_bytes >> 20, metavar="MB",
        help="of one POST /animate (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--max-buffered-s", type=arguments.decimal(1, 3600), default=limits.max_buffered_s, metavar="S",
        help="sound that waits in one session (default: %(default)g)",
    )  # fmt: skip
    group.add_argument(
        "--idle-timeout-s", type=arguments.decimal(1, 86400), default=limits.idle_timeout_s, metavar="S",
        help="a client that sends nothing for so long is closed (default: %(default)g)",
    )  # fmt: skip
    group.add_argument(
        "--drain-s", type=arguments.decimal(0, 3600), default=limits.drain_s, metavar="S",
        help="what sessions have to end after SIGTERM (default: %(default)g)",
    )  # fmt: skip
    group.add_argument(
        "--max-wait-ms", type=arguments.decimal(0, 1000), default=0.0, metavar="MS",
        help="a window waits so long to share its batch: more streams, more latency (default: 0)",
    )  # fmt: skip


@contextlib.contextmanager
def needed_for(command: str) -> Iterator[None]:
    """Raises UnsupportedError that says what to install where an import inside fails."""
    try:
        yield
    except ImportError as e:
        raise UnsupportedError(f"`{command}` needs {e.name}, which is not installed: {install_command('serve')}") from e


def run(args, console: Console) -> int:
    token = token_of(args)
    with needed_for("serve"):
        from diffusiontalker.serve.run import listening
    socket = listening(args.host, PORT if args.port is None else args.port)

    def announce(options: ServeOptions, max_streams: int, model) -> None:
        _announce(args, console, options, max_streams, model)

    return serve(args, console, socket, token, announce)


def serve(args, console: Console, socket, token: str | None, announce: Callable, more: Sequence = ()) -> int:
    """Opens the model and serves on a bound socket until a signal ends it.
    announce: called with (ServeOptions, max_streams, model) when clients may come.   more: routes besides."""
    from diffusiontalker.serve import run as server
    from diffusiontalker.serve.engine import Engine
    from diffusiontalker.serve.state import State

    with socket:
        model, n_workers = _model(args, console)
        engine = Engine(model, n_workers, args.max_wait_ms)
        engine.warm_up()
        profile = "live" if "live" in model.profiles else None
        max_streams = args.max_streams or engine.measured_streams(profile)
        limits = replace(
            Limits(), max_upload_bytes=args.max_upload_mb << 20, max_buffered_s=args.max_buffered_s,
            idle_timeout_s=args.idle_timeout_s, drain_s=args.drain_s,
        )  # fmt: skip
        options = ServeOptions(args.host, socket.getsockname()[1], token, args.max_wait_ms, limits)
        socket.listen(128)  # who reads the announcement may connect
        announce(options, max_streams, model)
        server.serve(State(engine, options, max_streams), socket, console.notice, more)
    console.notice("ended")
    return 0


def token_of(args) -> str | None:
    """What clients have to send; None: nothing. Raises UsageError."""
    if args.no_token:
        if args.token_file:
            raise arguments.UsageError("--no-token and --token-file exclude each other: leave one away")
        if not is_loopback(args.host):
            raise arguments.UsageError(
                f"--no-token is for this machine only, and {args.host} is reached from others: leave it away"
            )
        return None
    if args.token_file:
        try:
            with open(args.token_file, encoding="utf-8") as file:
                token, source = file.read(4096).strip(), args.token_file
        except UnicodeDecodeError:
            raise arguments.UsageError(f"{args.token_file} holds no text: write the token into it") from None
    else:
        token, source = os.environ.get(TOKEN_VARIABLE, "").strip(), f"${TOKEN_VARIABLE}"
        if not token:
            return new_token()
    if len(token) < _MIN_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise arguments.UsageError(
            f"{source} is no token: it takes {_MIN_TOKEN} or more ASCII characters without spaces"
        )
    return token


def _model(args, console: Console):
    """(model, workers): a worker for each thread, which is best for a crowd on a processor."""
    from diffusiontalker.api.model import DEFAULT_THREADS
    from diffusiontalker.cli.sources import load_model

    n_threads = args.threads or DEFAULT_THREADS
    n_workers = 1 if args.backend == "tensorrt" else min(n_threads, os.cpu_count() or 1)
    model = load_model(args, console, n_threads=n_threads, n_workers=n_workers)
    if model.space != "blendshapes":
        raise UnsupportedError(
            f"{args.bundle} moves {model.space}, and `serve` sends blendshapes: choose another bundle"
        )
    return model, n_workers


def _announce(args, console: Console, options: ServeOptions, max_streams: int, model) -> None:
    shown = f"[{options.host}]" if ":" in options.host else options.host
    address = f"ws://{shown}:{options.port}/v1/stream"
    given = args.no_token or args.token_file or os.environ.get(TOKEN_VARIABLE)
    if args.json:
        fps = Fraction(model.fps_num, model.fps_den)
        console.json_line({
            "schema": "diffusiontalker.serve/1", "url": address, "port": options.port,
            "token": None if given else options.token, "max_streams": max_streams, "backend": model.backend,
            "fps": float(fps),
        })  # fmt: skip
    lines = [f"serving {address}, {max_streams} streams, {model.backend}"]
    if not given:
        lines.append(f"  token: {options.token}")
    console.notice("\n".join(lines))
