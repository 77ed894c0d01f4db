"""Senders by their addresses, as the command line names them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from diffusiontalker.errors import InputError, UnsupportedError
from diffusiontalker.extras import install_command
from diffusiontalker.names import suggestion
from diffusiontalker.senders import ifacialmocap, live_link, vmc, vtube_studio
from diffusiontalker.senders.base import Sender
from diffusiontalker.senders.lines import Lines, WebSocketLines

# Kind -> (default port, options).
KINDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "live-link": (live_link.PORT, ("subject",)),
    "vmc": (vmc.PORT, ("names", "head")),
    "vtube-studio": (vtube_studio.PORT, ()),
    "ifacialmocap": (ifacialmocap.PORT, ("version",)),
}


def open_sender(address: str, fps: Fraction, has_pose: bool, say: Callable[[str], None] = lambda _line: None) -> Sender:
    """address: KIND, KIND://HOST, KIND://HOST:PORT?OPTION=VALUE with a kind of KINDS; ws:// or wss:// and an address;
    or `-`, lines on standard output.   fps: frames a second.   has_pose: whether frames have a head pose.   say: called
    with lines for people.
    Raises InputError: no such kind or option. OutputError: a host without an address. UnsupportedError: a package is
    missing."""
    if address == "-":
        return Lines(sys.stdout.buffer, fps, has_pose)
    try:
        return _opened(address, fps, has_pose, say)
    except ImportError as e:
        raise UnsupportedError(f"{address} needs {e.name}, which is not installed: {install_command('live')}") from e


def _opened(address: str, fps: Fraction, has_pose: bool, say: Callable[[str], None]) -> Sender:
    if address.startswith(("ws://", "wss://")):
        return WebSocketLines(address, fps, has_pose)
    kind, _, rest = address.partition("://")
    if kind not in KINDS:
        near = suggestion(kind, KINDS)
        raise InputError(f"there is no receiver '{kind}'{near or ':'} they are {', '.join(KINDS)}, ws://ADDRESS and -")
    host, port, options = _parts(kind, rest)
    if kind == "live-link":
        return live_link.LiveLink(host, port, fps, **options)
    if kind == "vmc":
        head = _switch(options.pop("head", "0"), has_pose)
        return vmc.Vmc(host, port, head=head, **options)
    if kind == "ifacialmocap":
        version = options.pop("version", "1")
        return ifacialmocap.IFacialMocap(host, port, int(version) if version in ("1", "2") else version)
    return vtube_studio.VTubeStudio(host, port, say)


def _parts(kind: str, rest: str) -> tuple[str, int, dict[str, Any]]:
    """(host, port, options) behind the kind. Raises InputError."""
    default, known = KINDS[kind]
    try:
        found = urlsplit(f"//{rest}")
        host, port = found.hostname or "127.0.0.1", found.port or default
    except ValueError as e:
        raise InputError(f"{kind}://{rest} is no address: {e}; write {kind}://HOST:PORT") from e
    options = dict(parse_qsl(found.query, keep_blank_values=True))
    for name in options:
        if name not in known:
            text = f"its options are {', '.join(known)}" if known else "it has none"
            raise InputError(f"{kind} has no option '{name}': {text}")
    return host, port, options


def _switch(text: str, has_pose: bool) -> bool:
    if text not in ("0", "1"):
        raise InputError(f"head is {text!r}, expected 0 or 1")
    if text == "1" and not has_pose:
        raise InputError("head=1 needs a bundle that moves the head")
    return text == "1"
