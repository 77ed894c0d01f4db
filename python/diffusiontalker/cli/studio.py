"""`diffusiontalker studio`: the page on which people see, tune and save a face."""

from __future__ import annotations

import contextlib
import threading
import webbrowser
from collections.abc import Callable

from diffusiontalker.cli import arguments, serve
from diffusiontalker.cli.console import Console
from diffusiontalker.errors import OutputError
from diffusiontalker.serve.options import PORT


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "studio",
        help="see, tune and save a face in the browser",
        description="Opens a page on this machine: sound or microphone in, a face out. Needs the extra `serve`.",
        examples="""diffusiontalker studio
        diffusiontalker studio --no-browser --port 9000""",
    )
    serve.add_address(parser, f"{PORT}, or a free one where that is taken")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    serve.add_access(parser)
    serve.add_limits(parser)
    arguments.add_model(parser)
    arguments.add_common(parser)
    return parser


def run(args, console: Console) -> int:
    token = serve.token_of(args)
    with serve.needed_for("studio"):
        from diffusiontalker.studio.routes import PATH, routes
    socket = _listening(args)
    host = "127.0.0.1" if args.host in ("0.0.0.0", "::") else args.host
    shown = f"[{host}]" if ":" in host else host
    fragment = f"#token={token}" if token else ""
    address = f"http://{shown}:{socket.getsockname()[1]}{PATH}{fragment}"

    def announce(options, max_streams: int, model) -> None:
        if args.json:
            console.json_line({
                "schema": "diffusiontalker.studio/1", "url": address, "port": options.port, "backend": model.backend,
                "max_streams": max_streams,
            })  # fmt: skip
        console.notice(f"studio on {address}\n  Ctrl-C ends it")
        if not args.no_browser:
            threading.Thread(target=_open, args=(address, console.notice), daemon=True).start()

    return serve.serve(args, console, socket, token, announce, routes())


def _listening(args):
    """The bound socket. Raises OutputError: the port that was asked for is taken."""
    from diffusiontalker.serve.run import listening

    if args.port is not None:
        return listening(args.host, args.port)
    with contextlib.suppress(OutputError):
        return listening(args.host, PORT)
    return listening(args.host, 0)


def _open(address: str, say: Callable[[str], None]) -> None:
    """Shows the page; it waits for the server, which answers in a moment."""
    opened = False
    with contextlib.suppress(Exception):
        opened = webbrowser.open(address)
    if not opened:
        say("no browser could be opened: open the address above in one")
