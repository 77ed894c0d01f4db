"""Bytes behind the addresses in a glTF file: data addresses, and files beside it."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from diffusiontalker.errors import InputError

_KINDS = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".ktx2": "image/ktx2",
}


def uri_of(item: dict) -> str | None:
    """The address of a file outside, of a buffer or picture; None for what the glTF file has inside."""
    uri = item.get("uri")
    return uri if isinstance(uri, str) and not uri.startswith("data:") else None


def resource(uri, folder: Path | None) -> tuple[bytes, str]:
    """The bytes of an address and their media type. Raises InputError when they cannot be had."""
    if not isinstance(uri, str):
        raise InputError("the head is damaged: the address of a file is no text")
    if uri.startswith("data:"):
        return _inline(uri)
    path = PurePosixPath(unquote(uri))
    if "://" in uri or path.is_absolute() or ".." in path.parts or "\\" in uri or "\0" in str(path):
        raise InputError(f"the head names {uri}, which is not in its own folder: export it as one .glb")
    if folder is None:
        raise InputError(f"the head names the file {uri}, which is not with it: export it as one .glb")
    kind = _KINDS.get(path.suffix.lower(), "application/octet-stream")
    try:
        return (folder / path).read_bytes(), kind
    except OSError as e:
        raise InputError(f"the head names {uri}, which cannot be read ({e.strerror}): keep both together") from e


def _inline(uri: str) -> tuple[bytes, str]:
    head, comma, body = uri[5:].partition(",")
    kind, *parameters = head.split(";")
    if not comma or "base64" not in parameters:
        raise InputError("the head is damaged: a data address in it is not base64")
    try:
        return base64.b64decode(unquote(body), validate=True), kind
    except (binascii.Error, ValueError) as e:
        raise InputError(f"the head is damaged: a data address in it is not base64 ({e})") from e
