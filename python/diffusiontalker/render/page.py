"""A web page that plays takes: the head with its targets, the sound, curves. One file that needs no other.

The page draws by WebGL 2 with a viewer of our own (assets/page), since a page may not load anything and no library is
part of the package."""

from __future__ import annotations

import base64
import html
import io
import json
import os
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from diffusiontalker.errors import InputError
from diffusiontalker.head import head_of
from diffusiontalker.io.atomic import atomic_writer
from diffusiontalker.io.glb import write_glb
from diffusiontalker.io.sound.mono import mono
from diffusiontalker.io.sound.reading import Sound, read_audio
from diffusiontalker.ownhead import prepare_head
from diffusiontalker.ownhead.figure import Part
from diffusiontalker.ownhead.mapping import Mapping
from diffusiontalker.ownhead.puppet import Puppet, puppet_of
from diffusiontalker.render.character import character_camera, same_places
from diffusiontalker.render.lanes import lanes_of
from diffusiontalker.render.paint import gloss_of
from diffusiontalker.render.scene import FOV_Y_DEG

_PAGE = Path(__file__).parents[1] / "assets" / "page"
_MAX_SECONDS = 1200.0
_WAVE_COLUMNS = 1200  # of the picture of the sound
_KINDS = {"f": "f4", "u": "u4", "i": "u4"}


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
    data = _Bytes()
    puppets = [take.puppet or _built_in(take.anim) for take in takes]
    document = {
        "version": 1,
        "title": title or takes[0].name,
        "duration_s": max(take.anim.n_frames * take.anim.fps_den / take.anim.fps_num - take.offset_s for take in takes),
        "figures": [_figure(puppet, data) for puppet in puppets],
        "takes": [_take(i, take, puppet, data) for i, (take, puppet) in enumerate(zip(takes, puppets, strict=True))],
        "lanes": lanes_of([take.anim for take in takes], data.array),
        "pictures": data.pictures,
        "sound": None,
        "wave": None,
    }
    if audio_path is not None:
        document["sound"], document["wave"] = _sound(audio_path, document["duration_s"], data)
    with atomic_writer(path, force) as f:
        f.write(_page(document, data.packed()))


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


class _Bytes:
    """The numbers and files of a page, each once, behind each other."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._n_bytes = 0
        self._known: dict[tuple[str, bytes], int] = {}
        self.pictures: list[dict] = []
        self._picture_numbers: dict[bytes, int] = {}

    def array(self, values: np.ndarray) -> list:
        """[kind, first byte, count] of float32 or whole numbers."""
        kind = _KINDS[values.dtype.kind]
        return [kind, self._place(kind, np.ascontiguousarray(values, f"<{kind}").tobytes()), int(values.size)]

    def file(self, content: bytes, kind: str) -> dict:
        return {"kind": kind, "begin": self._place(kind, content), "size": len(content)}

    def picture(self, content: bytes, kind: str) -> int:
        """The number of a picture of the page."""
        if content not in self._picture_numbers:
            self._picture_numbers[content] = len(self.pictures)
            self.pictures.append(self.file(content, kind))
        return self._picture_numbers[content]

    def _place(self, kind: str, content: bytes) -> int:
        key = (kind, content)
        if key not in self._known:
            self._known[key] = self._n_bytes
            padded = content + bytes(-len(content) % 4)
            self._parts.append(padded)
            self._n_bytes += len(padded)
        return self._known[key]

    def packed(self) -> bytes:
        return base64.b64encode(zlib.compress(b"".join(self._parts), 6))


def _built_in(anim) -> Puppet:
    """The built-in head as a character: what its .glb holds."""
    file = io.BytesIO()
    head = head_of(anim)
    write_glb(anim, file)
    # Its targets have the names of our channels, the optional ones of the tongue too.
    mapping = Mapping({name: {name: 1.0} for name in anim.channels if name in head.all_channels})
    return puppet_of(prepare_head(file.getvalue(), mapping), anim)


def _figure(puppet: Puppet, data: _Bytes) -> dict:
    eye, target, _ = character_camera(puppet, "front")
    return {
        "parts": [_part(part, data) for part in puppet.figure.parts],
        "rest": {str(node): weights.tolist() for node, weights in puppet.rest.items()},
        "eye": eye,
        "target": target,
        "up": puppet.figure.axes[:, 1].tolist(),
        "fov_y_deg": FOV_Y_DEG,
    }


def _part(part: Part, data: _Bytes) -> dict:
    moved = [np.flatnonzero(np.any(delta != 0, axis=1)) for delta in part.deltas]
    deltas = [delta[at] for delta, at in zip(part.deltas, moved, strict=True)]
    carried, mover = np.nonzero(part.share)
    look = part.material
    picture = None
    if part.uv is not None and look.picture is not None and _is_shown(look.picture):
        picture = data.picture(look.picture, look.kind)
    return {
        "node": part.node,
        "positions": data.array(part.positions),
        "triangles": data.array(part.triangles),
        "group": data.array(same_places(part)),
        # Vertices that bones take along, the bone, and how far.
        "carried": data.array(np.uint32(carried)),
        "mover": data.array(np.uint32(mover)),
        "share": data.array(part.share[carried, mover]),
        "ends": np.cumsum([len(at) for at in moved], dtype=int).tolist(),
        "moved": data.array(np.concatenate(moved).astype(np.uint32) if moved else np.zeros(0, np.uint32)),
        "deltas": data.array(np.concatenate(deltas) if deltas else np.zeros((0, 3), np.float32)),
        "uv": None if picture is None or part.uv is None else data.array(look.coordinates(part.uv)),
        "tint": None if part.tint is None else data.array(np.float32(part.tint)),
        "picture": picture,
        "color": list(look.color),
        "gloss": gloss_of(look),
        "cutoff": -1.0 if look.cutoff is None else look.cutoff,
    }


def _is_shown(picture: bytes) -> bool:
    """Whether browsers show such a file: PNG, JPEG, WebP."""
    return picture[:4] in (b"\x89PNG", b"RIFF") or picture[:2] == b"\xff\xd8"


def _take(number: int, take: Take, puppet: Puppet, data: _Bytes) -> dict:
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


def _sound(audio_path, seconds: float, data: _Bytes) -> tuple[dict, list]:
    """(the sound as WAV of one channel, the loudest samples in equal parts of the whole time). Every browser plays WAV
    from any sample on; Chromium cannot seek in a short FLAC, and MP3 begins late."""
    wave, done = np.zeros(_WAVE_COLUMNS, np.float32), 0
    with tempfile.TemporaryFile(prefix="diffusiontalker-") as file:
        writer = None
        for block, rate in read_audio(audio_path):
            if writer is None:
                writer = soundfile.SoundFile(file, "w", rate, 1, "PCM_16", format="WAV")
            one = mono(block)
            writer.write(one)
            column = ((done + np.arange(len(one))) / (seconds * rate) * _WAVE_COLUMNS).astype(int)
            inside = column < _WAVE_COLUMNS
            np.maximum.at(wave, column[inside], np.abs(one[inside]))
            done += len(one)
        if writer is None:
            raise InputError("the sound holds no samples: give a recording")
        writer.close()
        file.seek(0)
        content = file.read()
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
