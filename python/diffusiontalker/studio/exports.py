"""A take of the page as a file: any format of animations, a page, a video."""

from __future__ import annotations

import base64
import binascii
import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.dials import Dials
from diffusiontalker.api.saved import load_animation
from diffusiontalker.errors import InputError
from diffusiontalker.io import FORMATS, check_formats, save_animation
from diffusiontalker.io.sound import libav
from diffusiontalker.ownhead import PreparedHead, animate_prepared, prepare_head
from diffusiontalker.ownhead.puppet import Puppet, puppet_of
from diffusiontalker.render import Take, write_page, write_video

_VIDEO_PIXELS = 640
_MAX_TITLE = 200  # characters


@dataclass(frozen=True)
class Wish:
    """animation: of the take.   sound: a file, or None.   head: the character that shows it, None: the built-in head.
    title: of a page."""

    animation: Animation
    sound: bytes | None
    head: PreparedHead | None
    title: str


def kinds() -> list[dict[str, Any]]:
    """What a take can be saved as. holds: for people.   own_head: whether the character goes into the file.   ready:
    whether this installation writes it."""
    animations = [
        {"ending": f.name, "holds": f.holds, "own_head": f.name == "glb", "ready": True}
        for f in FORMATS
        if f.fits("blendshapes")
    ]
    page = {"ending": "html", "holds": "a page that plays it, with sound", "own_head": True, "ready": True}
    holds = "a video with sound" if libav.is_installed() else "a video with sound: install the extra `video`"
    return [*animations, page, {"ending": "mp4", "holds": holds, "own_head": True, "ready": libav.is_installed()}]


def check_kind(form: str) -> None:
    """Raises InputError for a format that is none, or is not ready."""
    known = {kind["ending"]: kind["ready"] for kind in kinds()}
    if form not in known:
        raise InputError(f"there is no format '{form[:40]}': they are {', '.join(known)}")
    if not known[form]:
        raise InputError(f"{form} needs PyAV on the server: pip install av")
    if form not in ("html", "mp4"):
        check_formats("blendshapes", [f".{form}"], False)


def exported(body: bytes, form: str) -> bytes:
    """The file of a wish.   body: of the request, as wish_of() reads it.   Raises InputError."""
    with tempfile.TemporaryDirectory(prefix="diffusiontalker-") as folder:
        try:
            return _written(wish_of(body, Path(folder)), form, Path(folder))
        except InputError as e:
            raise InputError(str(e).replace(f"{folder}/", "").replace(f"{folder}\\", "")) from e


def wish_of(body: bytes, folder: Path) -> Wish:
    """The wish in a JSON object with `animation`, as .json files hold it, and maybe `sound` and `head`, both base64,
    `fit` and `title`.   folder: for files meanwhile.   Raises InputError."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as e:
        raise InputError("the request is no JSON object with the animation that is to be saved") from e
    if not isinstance(document, dict) or not isinstance(document.get("animation"), dict):
        raise InputError('the request has no "animation", the object of a .json file')
    path = folder / "take.json"
    path.write_text(json.dumps(document["animation"]), encoding="utf-8")
    animation = load_animation(path)
    animation = replace(animation, dials=None if animation.dials == Dials() else animation.dials)
    head = _file(document, "head")
    title = document.get("title")
    return Wish(
        animation,
        _file(document, "sound"),
        None if head is None else prepare_head(head, fit=document.get("fit") is True),
        title[:_MAX_TITLE] if isinstance(title, str) and title.strip() else "A take",
    )


def _file(document: dict, key: str) -> bytes | None:
    """A file of the request. Raises InputError: no base64."""
    text = document.get(key)
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else _no_base64(key)
    except (binascii.Error, ValueError):
        return _no_base64(key)


def _no_base64(key: str) -> bytes:
    raise InputError(f'"{key}" of the request is no file as base64')


def _written(wish: Wish, form: str, folder: Path) -> bytes:
    path, anim = folder / f"saved.{form}", wish.animation
    if form == "glb" and wish.head is not None:
        return animate_prepared(wish.head, anim)[0]
    if form not in ("html", "mp4"):
        save_animation(anim, path)
        return path.read_bytes()
    puppet: Puppet | None = None if wish.head is None else puppet_of(wish.head, anim)
    sound: Path | None = None
    if wish.sound is not None:
        sound = folder / "sound.wav"
        sound.write_bytes(wish.sound)
    if form == "html":
        write_page([Take(wish.title, anim, puppet)], path, sound)
    else:
        write_video(anim, sound, path, _VIDEO_PIXELS, puppet=puppet)
    return path.read_bytes()
