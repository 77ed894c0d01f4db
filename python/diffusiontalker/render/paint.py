"""The colours of a character at its vertices, and more vertices where its picture changes within a triangle.

The rasteriser takes colours at vertices. Where a picture differs from what lies between the corners of a triangle, the
triangle is cut into a grid; where it is see-through, it is left out."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np

from diffusiontalker.ownhead.figure import Part
from diffusiontalker.ownhead.materials import Material

_MAX_PIXELS = 1024  # on the longer side of a picture that is sampled
_FINEST = 12  # cuts of a triangle's side
_TEXELS = 2.5  # of a picture, between two vertices where it changes
_SAME = 0.04  # difference of colours, 0..1, that is not cut
_FARTHEST = 1e6  # pictures that repeat before a place
_GLOSS = 0.55  # of a surface without roughness: our choice
# Places in a triangle at which its picture is looked at.
_PROBES = np.array([
    [1, 1, 1], [2, 1, 0], [1, 2, 0], [0, 2, 1], [0, 1, 2], [1, 0, 2], [2, 0, 1], [4, 1, 1], [1, 4, 1], [1, 1, 4],
], float)  # fmt: skip
_PROBES /= _PROBES.sum(axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class Painted:
    """Vertices as mixtures of a part's own. corners: int32 [W, 3], vertices of the part.   mix: float32 [W, 3], shares
    that add up to 1.   colors: float32 [W, 4], sRGB and gloss.   triangles: int32 [n, 3], of the W vertices.
    group: int32 [W], a vertex of the part whose normal is near."""

    corners: np.ndarray
    mix: np.ndarray
    colors: np.ndarray
    triangles: np.ndarray
    group: np.ndarray

    def places(self, vertices: np.ndarray) -> np.ndarray:
        """float32 [W, 3] of the part's vertices [V, 3]."""
        return np.einsum("wk,wkx->wx", self.mix, vertices[self.corners], dtype=np.float32)


def paint(part: Part, wanted: np.ndarray) -> Painted:
    """A part's surface. wanted: bool [n], which triangles are drawn."""
    triangles = part.triangles[wanted]
    picture = None if part.uv is None else _picture(part.material)
    uv = None if part.uv is None else part.material.coordinates(part.uv)
    if picture is None or uv is None:
        used, local = np.unique(triangles, return_inverse=True)
        one = np.tile(np.array([1, 0, 0], np.float32), (len(used), 1))
        corners = np.repeat(used[:, None], 3, axis=1)
        return _painted(part, corners, one, np.ones((len(used), 4), np.float32), local.reshape(-1, 3))
    cuts = _cuts(picture, uv, triangles)
    pieces, n = [], 0
    for k in np.unique(cuts):
        grid, small = _grid(int(k))
        mine = triangles[cuts == k]
        corners = np.repeat(mine, len(grid), axis=0)
        mix = np.tile(grid, (len(mine), 1))
        faces = (small[None] + (np.arange(len(mine)) * len(grid))[:, None, None]).reshape(-1, 3) + n
        n += len(corners)
        pieces.append((corners, mix, faces))
    if not pieces:
        return _painted(part, *_NOTHING)
    corners, mix, faces = (np.concatenate([p[i] for p in pieces]) for i in range(3))
    seen = _sample(picture, np.einsum("wk,wkx->wx", mix, uv[corners]))
    return _painted(part, corners, mix, seen, faces)


_NOTHING = (
    np.zeros((0, 3), np.int32), np.zeros((0, 3), np.float32), np.zeros((0, 4), np.float32), np.zeros((0, 3), np.int32),
)  # fmt: skip


def _painted(part: Part, corners, mix, seen: np.ndarray, triangles: np.ndarray) -> Painted:
    """seen: float32 [W, 4], the picture in linear light with its alpha."""
    color = seen * np.array(part.material.color, np.float32)
    if part.tint is not None:
        color = color * np.einsum("wk,wkx->wx", mix, part.tint[corners])
    if part.material.cutoff is not None:
        triangles = triangles[color[triangles, 3].mean(axis=1) >= part.material.cutoff]
    gloss = np.full((len(color), 1), gloss_of(part.material))
    group = corners[np.arange(len(corners)), mix.argmax(axis=1)] if len(corners) else np.zeros(0, np.int32)
    shown = np.float32(np.hstack([_to_srgb(np.clip(color[:, :3], 0, 1)), gloss]))
    return Painted(np.int32(corners), np.float32(mix), shown, np.int32(triangles), np.int32(group))


def gloss_of(material: Material) -> float:
    """0 matt .. 1 wet, as the rasteriser takes it."""
    return _GLOSS * (1 - min(max(material.roughness, 0.0), 1.0))


def _picture(material: Material) -> np.ndarray | None:
    """float32 [height, width, 4] in linear light; None for a file that Pillow does not read."""
    from PIL import Image, UnidentifiedImageError

    assert material.picture is not None
    try:
        with Image.open(io.BytesIO(material.picture)) as image:
            image.thumbnail((_MAX_PIXELS, _MAX_PIXELS))
            pixels = np.asarray(image.convert("RGBA"))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None
    codes = np.arange(256) / 255
    linear = np.float32(np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4))
    return np.dstack([linear[pixels[..., :3]], np.float32(pixels[..., 3:]) / 255])


def _to_srgb(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)


def _sample(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """float32 [..., 4] at places [..., 2] in 0..1, between four pixels; the picture repeats."""
    height, width = picture.shape[:2]
    places = np.where(np.abs(places) < _FARTHEST, places, 0)  # damage, NaN too
    x, y = places[..., 0] * width - 0.5, places[..., 1] * height - 0.5
    left, top = np.floor(x), np.floor(y)
    fx, fy = (x - left)[..., None], (y - top)[..., None]
    x0, y0 = left.astype(np.int64) % width, top.astype(np.int64) % height
    x1, y1 = (x0 + 1) % width, (y0 + 1) % height
    upper = picture[y0, x0] * (1 - fx) + picture[y0, x1] * fx
    lower = picture[y1, x0] * (1 - fx) + picture[y1, x1] * fx
    return np.float32(upper * (1 - fy) + lower * fy)


def _cuts(picture: np.ndarray, uv: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Into how many pieces each triangle's sides are cut, int [n]."""
    size = np.array([picture.shape[1], picture.shape[0]])
    corners = uv[triangles]
    seen = _sample(picture, np.einsum("pk,nkx->npx", _PROBES, corners))
    between = np.einsum("pk,nkc->npc", _PROBES, _sample(picture, corners))
    differs = np.abs(np.sqrt(np.maximum(seen, 0)) - np.sqrt(np.maximum(between, 0))).max(axis=(1, 2)) > _SAME
    sides = np.linalg.norm((corners - np.roll(corners, 1, axis=1)) * size, axis=2).max(axis=1)
    return np.where(differs, np.clip(np.ceil(sides / _TEXELS), 1, _FINEST), 1).astype(int)


def _grid(k: int) -> tuple[np.ndarray, np.ndarray]:
    """(shares of the corners at the vertices of a triangle whose sides are cut k times, float32 [m, 3]; its small
    triangles, int [k * k, 3])."""
    places = [(i, j) for i in range(k + 1) for j in range(k + 1 - i)]
    number = {place: n for n, place in enumerate(places)}
    mix = np.array([[k - i - j, i, j] for i, j in places], np.float32) / k
    small = [(number[i, j], number[i + 1, j], number[i, j + 1]) for i in range(k) for j in range(k - i)]
    small += [
        (number[i + 1, j], number[i + 1, j + 1], number[i, j + 1]) for i in range(k - 1) for j in range(k - 1 - i)
    ]
    return mix, np.array(small)
