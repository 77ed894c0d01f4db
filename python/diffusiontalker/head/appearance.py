"""Colours and materials of the built-in head, for the preview renderer and for exports."""

from __future__ import annotations

import numpy as np

from diffusiontalker.head.model import Head, triangulate

# sRGB 0..1 and gloss 0..1 per part. The brown eyes and the medium skin are a plain choice that reads well when small.
_PALETTE = {
    "skin": (0.830, 0.660, 0.570, 0.26),
    "lips": (0.725, 0.445, 0.415, 0.46),
    "mouth": (0.430, 0.170, 0.165, 0.10),
    "teeth": (0.930, 0.905, 0.860, 0.55),
    "tongue": (0.770, 0.425, 0.410, 0.30),
    "eye_white": (0.925, 0.915, 0.905, 0.95),
    "iris": (0.420, 0.270, 0.165, 0.95),
    "pupil": (0.035, 0.028, 0.025, 0.95),
    "lashes": (0.130, 0.095, 0.080, 0.00),
    "brows": (0.270, 0.190, 0.150, 0.00),
}
# Material of exported files -> parts of the head, roughness.
MATERIALS: dict[str, tuple[tuple[str, ...], float]] = {
    "Skin": (("skin",), 0.55),
    "Lips": (("lips",), 0.40),
    "Mouth": (("mouth", "tongue"), 0.45),
    "Teeth": (("teeth",), 0.25),
    "Eyes": (("eye_white", "iris", "pupil"), 0.10),
    "Hair": (("lashes", "brows"), 0.90),
}
# Brightness of the iris at angles (degrees) from the optical axis: bright around the pupil, a dark ring at the rim.
_IRIS_ANGLES, _IRIS_SHADES = (11.0, 15.0, 22.0, 26.5, 29.0), (0.85, 1.25, 1.0, 0.75, 0.35)
_EYE_RADIUS = 0.01496  # metres, of the eyeballs that training/head/eyes.py builds
_DARKEST_FOLD = 0.55  # brightness of skin that sees no sky
# Light in the mouth falls off with the way behind the lips, the faster the less they are open.
_LIPS_Z = 0.029  # metres from the origin: where light enters
_SIDEWAYS = np.float32(1.1)  # how much a way to the side counts: lips open least at their corners
_LIGHT_REACH, _REACH_PER_OPENING = 0.014, 0.10  # metres at which 1/e is left: with closed lips, and more per opening
_LIGHT_FROM, _LIGHT_RANGE = 0.002, 0.016  # opening from which light enters, and the further opening to full light
_DEEPEST = 0.07  # brightness of what no light reaches
_STILL_OPENING = 0.085  # the lip opening for which colours that cannot follow the mouth are made


def part_vertices(head: Head, *parts: str) -> np.ndarray:
    """bool [V]: the vertices of the faces of some parts."""
    chosen = np.zeros(len(head.positions), bool)
    chosen[head.quads[np.isin(head.face_part, [head.parts.index(p) for p in parts])]] = True
    return chosen


def surface_colors(head: Head) -> tuple[np.ndarray, np.ndarray]:
    """Colours with folds darkened, the mouth in full light (lit_colors darkens it).
    Returns (sRGB and gloss float32 [V, 4], float32 [V]: 1 inside the mouth: its walls, teeth and tongue).
    """
    colors = np.tile(np.array(_PALETTE["skin"], np.float32), (len(head.positions), 1))
    for part in head.parts:
        if part not in ("skin", "lips", "mouth"):
            colors[part_vertices(head, part)] = _PALETTE[part]
    _paint_eyes(head, colors)
    for mask, part in ((head.lip_mask, "lips"), (head.mouth_mask, "mouth")):
        colors += mask[:, None] * (np.array(_PALETTE[part], np.float32) - colors)
    inside = np.maximum(head.mouth_mask, part_vertices(head, "teeth", "tongue").astype(np.float32))
    shade = _DARKEST_FOLD + (1 - _DARKEST_FOLD) * head.openness ** np.float32(0.8)
    colors[:, :3] *= np.where(inside > 0, 1, shade)[:, None]
    colors[:, 3] *= shade
    return colors, inside


def mouth_light(places: np.ndarray, opening: float) -> np.ndarray:
    """Brightness 0..1 of places in the mouth: the factor exp(-way / reach), a plain model of light that enters between
    the lips only. Our choice; nothing is measured.
    places: float [..., 3] in metres.   opening: of the lips, in outer-canthal distances."""
    reach = np.float32(_LIGHT_REACH + _REACH_PER_OPENING * max(opening, 0.0))
    way = np.hypot(_SIDEWAYS * places[..., 0], np.maximum(np.float32(_LIPS_Z) - places[..., 2], 0))
    way = np.where(places[..., 2] < _LIPS_Z, way, 0)  # a tongue that comes out is in the light
    entering = np.float32(min(max((opening - _LIGHT_FROM) / _LIGHT_RANGE, 0.0), 1.0))
    return np.where(way > 0, _DEEPEST + (1 - _DEEPEST) * entering * np.exp(-way / reach), 1)


def lit_colors(colors: np.ndarray, inside: np.ndarray, vertices: np.ndarray, opening: float) -> np.ndarray:
    """surface_colors(head) in the light of one face: float32 [V, 4].
    vertices: float32 [V, 3] of that face, metres.   opening: of its lips, in outer-canthal distances."""
    lit = colors.copy()
    lit[:, :3] *= 1 - inside[:, None] * (1 - mouth_light(vertices, opening))[:, None]
    return lit


def still_colors(head: Head) -> np.ndarray:
    """sRGB float32 [V, 3] for files whose colours do not change over time."""
    return lit_colors(*surface_colors(head), head.positions, _STILL_OPENING)[:, :3]


def smooth_groups(head: Head) -> np.ndarray:
    """Vertices of the eyeballs at the same place share a normal although their colours differ; int32 [V]."""
    group = np.arange(len(head.positions), dtype=np.int32)
    eyes = np.flatnonzero(part_vertices(head, "eye_white", "iris", "pupil"))
    places = np.round(head.positions[eyes], 6)
    _, first, inverse = np.unique(places, axis=0, return_index=True, return_inverse=True)
    group[eyes] = eyes[first][inverse.ravel()]
    return group


def normals(head: Head) -> np.ndarray:
    """Unit normals of the neutral face, float32 [V, 3]."""
    triangles = smooth_groups(head)[triangulate(head.quads)[0]]
    a, b, c = (head.positions[triangles[:, i]].astype(np.float64) for i in range(3))
    face = np.cross(b - a, c - a)
    total = np.stack(
        [
            np.bincount(triangles.ravel(), np.repeat(face[:, axis], 3), minlength=len(head.positions))
            for axis in range(3)
        ],
        axis=1,
    )[smooth_groups(head)]
    return (total / np.linalg.norm(total, axis=1, keepdims=True)).astype(np.float32)


def _paint_eyes(head: Head, colors: np.ndarray) -> None:
    """A lighter middle and a dark rim of the iris, and a white that is greyer towards the lids."""
    for centre in head.eye_centres:
        off = head.positions - centre
        angle = np.degrees(np.arctan2(np.hypot(off[:, 0], off[:, 1]), off[:, 2]))
        near = np.linalg.norm(off, axis=1) < 1.05 * _EYE_RADIUS
        for part, angles, shades in (("iris", _IRIS_ANGLES, _IRIS_SHADES), ("eye_white", (30, 70), (1.0, 0.8))):
            rows = part_vertices(head, part) & near
            colors[rows, :3] *= np.interp(angle[rows], angles, shades)[:, None]
