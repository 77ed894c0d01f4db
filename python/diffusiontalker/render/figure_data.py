"""Characters as data for the viewer of pages (assets/page/viewer.js): numbers and pictures, each once."""

from __future__ import annotations

import io

import numpy as np

from diffusiontalker.head import head_of
from diffusiontalker.io.glb import write_glb
from diffusiontalker.ownhead import PreparedHead, prepare_head
from diffusiontalker.ownhead.figure import Part
from diffusiontalker.ownhead.mapping import Mapping
from diffusiontalker.ownhead.puppet import Puppet
from diffusiontalker.render.character import character_camera, same_places
from diffusiontalker.render.paint import gloss_of
from diffusiontalker.render.scene import FOV_Y_DEG

_KINDS = {"f": "f4", "u": "u4", "i": "u4"}


class PageBytes:
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

    def joined(self) -> bytes:
        """All of them; each begins at a multiple of four."""
        return b"".join(self._parts)


def built_in_head(anim) -> PreparedHead:
    """The built-in head as a character: what the .glb of an animation holds."""
    file = io.BytesIO()
    head = head_of(anim)
    write_glb(anim, file)
    # Its targets have the names of our channels, the optional ones of the tongue too.
    mapping = Mapping({name: {name: 1.0} for name in anim.channels if name in head.all_channels})
    return prepare_head(file.getvalue(), mapping)


def figure_data(puppet: Puppet, data: PageBytes) -> dict:
    """The figure of a character for `Viewer`, in a form for JSON. Its numbers go into `data`."""
    eye, target, _ = character_camera(puppet, "front")
    return {
        "parts": [_part(part, data) for part in puppet.figure.parts],
        "rest": {str(node): weights.tolist() for node, weights in puppet.rest.items()},
        "eye": eye,
        "target": target,
        "up": puppet.figure.axes[:, 1].tolist(),
        "fov_y_deg": FOV_Y_DEG,
    }


def _part(part: Part, data: PageBytes) -> dict:
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
