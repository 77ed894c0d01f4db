"""What the surface of a character looks like, as far as it is drawn: base colour, its picture, what is see-through."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.gltf.container import Gltf

_PICTURE_EXTENSIONS = ("EXT_texture_webp", "KHR_texture_basisu", "EXT_texture_avif")


@dataclass(frozen=True, eq=False)
class Material:
    """color: linear red, green, blue and alpha.   roughness: 0..1.   cutoff: alpha below which nothing is drawn; None:
    all is opaque.   picture: bytes of the base colour's picture file, or None; kind: its media type; uv_set: which
    TEXCOORD it takes.   scale, offset, rotation: of its coordinates (KHR_texture_transform).   two_sided: whether the
    insides are meant to be seen."""

    color: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    roughness: float = 1.0
    cutoff: float | None = None
    picture: bytes | None = None
    kind: str = ""
    uv_set: int = 0
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    two_sided: bool = False

    def coordinates(self, uv: np.ndarray) -> np.ndarray:
        """Places in the picture, float32 [V, 2], 0..1 from its upper left corner, of a mesh's coordinates."""
        x, y = (uv * np.array(self.scale)).T
        cos, sin = np.cos(self.rotation), np.sin(self.rotation)
        turned = np.column_stack([cos * x + sin * y, cos * y - sin * x])
        return np.asarray(turned + np.array(self.offset), np.float32)


def material_of(gltf: Gltf, index: int | None) -> Material:
    """A material by its number in the file; None: glTF's own, which is white. Raises InputError for a damaged file."""
    if index is None:
        return Material()
    try:
        return _material(gltf, gltf.items("materials")[index])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as e:
        if isinstance(e, InputError):
            raise
        raise InputError("the head is damaged: a material cannot be read") from e


def _material(gltf: Gltf, entry: dict) -> Material:
    base = entry.get("pbrMetallicRoughness", {})
    color = [float(c) for c in base.get("baseColorFactor", (1, 1, 1, 1))]
    mode = entry.get("alphaMode", "OPAQUE")
    cutoff = {"MASK": float(entry.get("alphaCutoff", 0.5)), "BLEND": 0.5}.get(mode)
    plain = Material(
        (color[0], color[1], color[2], color[3]),
        float(base.get("roughnessFactor", 1.0)),
        cutoff,
        two_sided=bool(entry.get("doubleSided", False)),
    )
    texture = base.get("baseColorTexture")
    if texture is None:
        return plain
    picture, kind = _picture(gltf, gltf.items("textures")[texture["index"]])
    transform = texture.get("extensions", {}).get("KHR_texture_transform", {})
    (sx, sy), (ox, oy) = transform.get("scale", (1, 1)), transform.get("offset", (0, 0))
    return replace(
        plain,
        picture=picture,
        kind=kind,
        uv_set=int(transform.get("texCoord", texture.get("texCoord", 0))),
        scale=(float(sx), float(sy)),
        offset=(float(ox), float(oy)),
        rotation=float(transform.get("rotation", 0)),
    )


def _picture(gltf: Gltf, texture: dict) -> tuple[bytes | None, str]:
    """The bytes of a texture's picture and their media type; None where it has none."""
    sources = [texture.get("extensions", {}).get(name, {}).get("source") for name in _PICTURE_EXTENSIONS]
    source = next((s for s in [texture.get("source"), *sources] if s is not None), None)
    if source is None:
        return None, ""
    image = gltf.items("images")[source]
    view = gltf.items("bufferViews")[image["bufferView"]]
    if view["buffer"] != 0:
        raise InputError("the head is damaged: a picture is not in it")
    return gltf.bytes_of(view), str(image.get("mimeType", ""))
