"""Who may use the server: a token, and for servers without one only pages of this machine."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def given_token(headers: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    """The token of a request: `Authorization: Bearer TOKEN`, `api-key: TOKEN`, or `?token=TOKEN` for browsers, whose
    WebSockets send no headers."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and value.strip():
        return value.strip()
    return headers.get("api-key") or query.get("token") or None


def is_allowed(token: str | None, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """token: what the server wants, None: nothing. Then pages of other hosts are refused, which a browser would let
    through to a server on this machine."""
    if token is None:
        return _is_own_page(headers)
    given = given_token(headers, query)
    return given is not None and hmac.compare_digest(given.encode(), token.encode())


def _is_own_page(headers: Mapping[str, str]) -> bool:
    origin = headers.get("origin")
    if origin is None:
        return is_loopback(_host(f"//{headers.get('host', '')}"))
    return is_loopback(_host(origin))


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
