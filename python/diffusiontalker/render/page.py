"""A web page that plays takes: the head with its targets, the sound, curves. One file that needs no other.

The page draws by WebGL 2 with a viewer of our own (assets/page), since a page may not load anything and no library is
part of the package."""

from __future__ import annotations

import base64
import html
import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.atomic import atomic_writer
from diffusiontalker.io.sound.reading import Sound, read_audio
from diffusiontalker.ownhead.puppet import Puppet, puppet_of
from diffusiontalker.render.figure_data import PageBytes, built_in_head, figure_data
from diffusiontalker.render.lanes import lanes_of
from diffusiontalker.render.page_sound import wav_of

_PAGE = Path(__file__).parents[1] / "assets" / "page"
_MAX_SECONDS = 1200.0
_WAVE_COLUMNS = 1200  # of the picture of the sound


@dataclass(frozen=True, eq=False)
class Take:
    """name: for people.   anim: an Animation.   puppet: a character with the same frames; None: the built-in head.
    offset_s: seconds of it that are over at time 0."""

    name: str
    anim: Any
    puppet: Puppet | None = None
    offset_s: float = 0.0


def write_page(
    takes: Sequence[Take],
    path: str | os.PathLike[str],
    audio_path: str | os.PathLike[str] | Sound | None = None,
    title: str = "",
    force: bool = False,
) -> None:
    """Writes a page that plays one take, or several side by side, with one sound.
    audio_path: the sound, which may be open already; None makes a silent page.   title: of the page; the name of the
    first take where it is empty.   force: overwrite.
    Raises InputError: no frames, over 20 minutes, a motion that is none of blendshapes, unreadable audio.
    OutputError: the file cannot be written.
    """
    for take in takes:
        _check(take)
    data = PageBytes()
    puppets = [take.puppet or puppet_of(built_in_head(take.anim), take.anim) for take in takes]
    document = {
        "version": 1,
        "title": title or takes[0].name,
        "duration_s": max(take.anim.n_frames * take.anim.fps_den / take.anim.fps_num - take.offset_s for take in takes),
        "figures": [figure_data(puppet, data) for puppet in puppets],
        "takes": [_take(i, take, puppet, data) for i, (take, puppet) in enumerate(zip(takes, puppets, strict=True))],
        "lanes": lanes_of([take.anim for take in takes], data.array),
        "pictures": data.pictures,
        "sound": None,
        "wave": None,
    }
    if audio_path is not None:
        document["sound"], document["wave"] = _sound(audio_path, document["duration_s"], data)
    with atomic_writer(path, force) as f:
        f.write(_page(document, base64.b64encode(zlib.compress(data.joined(), 6))))


def _check(take: Take) -> None:
    anim = take.anim
    if getattr(anim, "space", "blendshapes") != "blendshapes":
        raise InputError(f"a page shows ARKit blendshapes, and this motion is of {anim.space}: save it as .npz or .pc2")
    if not len(anim.weights):
        raise InputError("the animation has no frames: there is nothing to show")
    if len(anim.weights) * anim.fps_den / anim.fps_num > _MAX_SECONDS:
        raise InputError(
            f"the animation is longer than {_MAX_SECONDS:.0f} s: a page holds it whole, so cut it in parts"
        )


def _take(number: int, take: Take, puppet: Puppet, data: PageBytes) -> dict:
    return {
        "name": take.name,
        "figure": number,
        "n_frames": puppet.n_frames,
        "fps": float(puppet.rate),
        "offset_s": take.offset_s,
        "weights": {str(node): data.array(np.float32(values)) for node, values in puppet.weights.items()},
        # 3 x 4 numbers of each bone, by rows.
        "moves": data.array(np.float32(puppet.moves)),
    }


def _sound(audio_path, seconds: float, data: PageBytes) -> tuple[dict, list]:
    """(the sound, the loudest samples in equal parts of the whole time)."""
    wave = np.zeros(_WAVE_COLUMNS, np.float32)

    def measure(done: int, rate: int, one: np.ndarray) -> None:
        column = ((done + np.arange(len(one))) / (seconds * rate) * _WAVE_COLUMNS).astype(int)
        inside = column < _WAVE_COLUMNS
        np.maximum.at(wave, column[inside], np.abs(one[inside]))

    content = wav_of(read_audio(audio_path), measure)
    return data.file(content, "audio/wav"), data.array(wave / max(float(wave.max()), 1e-6))


def _page(document: dict, packed: bytes) -> bytes:
    """The file. A `<` of texts could end the script that holds them, so it is escaped."""
    texts = {
        name: (_PAGE / name).read_text(encoding="utf-8") for name in ("page.html", "page.css", "viewer.js", "player.js")
    }
    values = {
        "title": html.escape(document["title"]),
        "style": texts["page.css"].strip(),
        "document": json.dumps(document, separators=(",", ":")).replace("<", "\\u003c"),
        "bytes": packed.decode(),
        "scripts": "\n".join(texts[name].strip() for name in ("viewer.js", "player.js")),
    }
    pieces = texts["page.html"].split("@")
    return "".join(values.get(piece, f"@{piece}@") if i % 2 else piece for i, piece in enumerate(pieces)).encode()
