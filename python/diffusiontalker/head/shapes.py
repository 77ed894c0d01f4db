"""Other faces for the built-in head: smooth warps of it that take its targets along.

A warp keeps the surroundings of each eye rigid, so that the eyeballs stay spheres and the lids go on closing, and is
the same field for lips, teeth and tongue, so that lips which touch go on touching. The shapes are our choice; nothing
is measured from people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.head.model import Head, load_head

DEFAULT_SHAPE = "default"
_RIGID_EYE, _FREE_FROM_EYE = 0.019, 0.036  # metres from the eyeball's centre: lids and lashes, and where it ends
_FACE_BOTTOM, _NECK = -0.125, -0.175  # heights in metres between which the widening of the head ends
_NOSE_BASE, _CHIN = -0.05, -0.118  # between these the lower face is stretched


@dataclass(frozen=True)
class _Shape:
    width: float = 0.0  # of head and face, share
    lower_face: float = 0.0  # length from nose to chin, share
    jaw: float = 0.0  # width of the jaw, share
    cheeks: float = 0.0  # width at the cheekbones, share
    nose: float = 0.0  # metres forward, at its tip
    chin: float = 0.0  # metres forward
    brow: float = 0.0  # metres forward


_SHAPES = {
    DEFAULT_SHAPE: _Shape(),
    "narrow": _Shape(width=-0.075, lower_face=0.05, jaw=-0.04, cheeks=0.015, nose=0.004, chin=0.001),
    "round": _Shape(width=0.06, lower_face=-0.11, jaw=0.06, cheeks=0.06, nose=-0.005, chin=-0.003, brow=-0.001),
    "square": _Shape(width=0.02, lower_face=0.07, jaw=0.13, cheeks=-0.01, nose=0.002, chin=0.005, brow=0.004),
    "long": _Shape(width=-0.03, lower_face=0.18, jaw=-0.02, cheeks=0.02, nose=0.007, chin=0.004, brow=0.002),
}
HEAD_SHAPES = tuple(_SHAPES)


@lru_cache(maxsize=len(_SHAPES))
def shaped_head(name: str = DEFAULT_SHAPE) -> Head:
    """The built-in head with another face; computed once, from the one that ships.
    name: one of HEAD_SHAPES.   Topology, channels and masks are those of load_head().
    Raises InputError that lists the shapes there are.
    """
    if name not in _SHAPES:
        raise InputError(f"there is no head shape {name!r}: use one of {', '.join(HEAD_SHAPES)}")
    head = load_head()
    if name == DEFAULT_SHAPE:
        return head
    shape = _SHAPES[name]
    positions = _warp(head.positions, shape, head.eye_centres)
    return replace(
        head,
        positions=positions.astype(np.float32),
        target_deltas=_turned(head.positions[head.target_indices], head.target_deltas, shape, head.eye_centres),
        tongue_deltas=np.stack([
            _turned(head.positions[head.tongue_indices], d, shape, head.eye_centres) for d in head.tongue_deltas
        ]),
        eye_centres=_warp(head.eye_centres, shape, head.eye_centres).astype(np.float32),
    )  # fmt: skip


def head_of(anim) -> Head:
    """The head that shows an animation: shaped_head(anim.head), or the default for one that names none."""
    return shaped_head(getattr(anim, "head", DEFAULT_SHAPE))


def _warp(points: np.ndarray, shape: _Shape, eye_centres: np.ndarray) -> np.ndarray:
    """points [n, 3] in metres -> float64 [n, 3]. Around an eye all points move as its centre does."""
    points = np.asarray(points, np.float64)
    offset = _field(points, shape)
    for centre in np.asarray(eye_centres, np.float64):
        distance = np.linalg.norm(points - centre, axis=1)
        free = _smooth_step((distance - _RIGID_EYE) / (_FREE_FROM_EYE - _RIGID_EYE))[:, None]
        offset = free * offset + (1 - free) * _field(centre[None], shape)
    return points + offset


def _turned(points: np.ndarray, deltas: np.ndarray, shape: _Shape, eye_centres: np.ndarray) -> np.ndarray:
    """What the warp makes of small movements of points: its derivative along them, times their length; float32 [n, 3].
    A linear map, so that movements which add up to none, as jawOpen and mouthClose do at the lips, go on doing so."""
    step = 1e-2
    ahead, behind = (_warp(points + sign * step * deltas, shape, eye_centres) for sign in (1, -1))
    return ((ahead - behind) / (2 * step)).astype(np.float32)


def _field(points: np.ndarray, shape: _Shape) -> np.ndarray:
    """Offsets [n, 3] without regard to the eyes."""
    x, y, z = points.T
    head = _smooth_step((y - _NECK) / (_FACE_BOTTOM - _NECK))
    front = _smooth_step((z + 0.09) / 0.08)  # the face, not the nape
    widening = shape.width * head + front * (
        shape.jaw * _bell((y + 0.09) / 0.03) * _smooth_step((y - _NECK) / 0.04)
        + shape.cheeks * _bell((y + 0.035) / 0.022)
    )
    forward = (
        shape.nose * _bell(x / 0.017) * _bell((y + 0.034) / 0.017)
        + shape.chin * _bell(x / 0.03) * _bell((y + 0.108) / 0.02)
        + shape.brow * _bell(x / 0.045) * _bell((y - 0.02) / 0.014)
    ) * _smooth_step(z / 0.02)
    lowered = shape.lower_face * (_NOSE_BASE - _CHIN) * _smooth_step((_NOSE_BASE - y) / (_NOSE_BASE - _CHIN))
    return np.stack([x * widening, -lowered, forward], axis=1)


def _bell(u: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * u * u)


def _smooth_step(u: np.ndarray) -> np.ndarray:
    u = np.clip(u, 0.0, 1.0)
    return u * u * (3 - 2 * u)
