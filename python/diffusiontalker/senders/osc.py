"""Open Sound Control 1.0, as much as VMC needs: messages of strings, integers and floats, and bundles."""

from __future__ import annotations

import struct

_AT_ONCE = struct.pack(">Q", 1)  # time tag of a bundle


def message(address: str, *values: str | int | float) -> bytes:
    """Strings are ASCII or UTF-8 without zeros, integers of 32 bit, floats of 32 bit."""
    tags, data = ",", b""
    for value in values:
        if isinstance(value, str):
            tags, data = tags + "s", data + _text(value)
        elif isinstance(value, int):
            tags, data = tags + "i", data + struct.pack(">i", value)
        else:
            tags, data = tags + "f", data + struct.pack(">f", value)
    return _text(address) + _text(tags) + data


def bundles(messages: list[bytes], most_bytes: int) -> list[bytes]:
    """The messages in order, in bundles of at most so many bytes each."""
    found, body = [], b""
    for one in messages:
        element = struct.pack(">i", len(one)) + one
        if body and 16 + len(body) + len(element) > most_bytes:
            found.append(b"#bundle\0" + _AT_ONCE + body)
            body = b""
        body += element
    return [*found, b"#bundle\0" + _AT_ONCE + body] if body else found


def _text(text: str) -> bytes:
    """With a zero at its end, filled up to a multiple of 4 bytes."""
    data = text.encode()
    return data + b"\0" * (4 - len(data) % 4)
