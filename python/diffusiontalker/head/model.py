"""The built-in head: a mesh with the 52 ARKit shapes (assets/README.md tells where it comes from)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.spec.channels import ARKIT_CHANNELS

HEAD_FILE = Path(__file__).parents[1] / "assets" / "head_arkit52.npz"
# Multiplying a block of frames at once is fastest while its vertices stay in the processor's cache.
_BLOCK_FRAMES = 16
# Where the lid margins of the left eye meet at its outer corner on the built-in mesh, metres.
_LEFT_OUTER_CANTHUS = np.array([0.0439, 0.0003, 0.0113])


@dataclass(frozen=True, eq=False)
class Head:
    """A mesh in metres, y up, z out of the face, x to the subject's left; the origin is midway between the eyes."""

    positions: np.ndarray  # float32 [V, 3], the neutral face
    quads: np.ndarray  # int32 [F, 4], counter-clockwise from outside; a triangle repeats its last vertex
    face_part: np.ndarray  # uint8 [F], index into `parts`
    parts: tuple[str, ...]
    channels: tuple[str, ...]  # the 52 ARKit names in the order of spec.channels
    target_offsets: np.ndarray  # int32 [53]; channel k owns rows offsets[k] .. offsets[k + 1] of the next two
    target_indices: np.ndarray  # int32 [T], vertex that moves
    target_deltas: np.ndarray  # float32 [T, 3], its movement at weight 1
    lip_mask: np.ndarray  # float32 [V], 1 on the red of the lips, 0 off them
    mouth_mask: np.ndarray  # float32 [V], 1 inside the mouth
    openness: np.ndarray  # float32 [V], share of the sky that the vertex sees: 1 open, 0 in a deep fold
    inner_upper_lip: np.ndarray  # int32 [5, 4], columns from the subject's right to left, rows from front to inside
    inner_lower_lip: np.ndarray  # int32 [5, 4], likewise
    eyelids: np.ndarray  # int32 [2, 3, 2]: left eye, right eye; three places; upper, lower margin
    eye_centres: np.ndarray  # float32 [2, 3], left, right
    outer_canthi: np.ndarray  # int32 [2], the vertices at the outer corners of the left and the right eye
    tongue_channels: tuple[str, ...]  # T optional shapes of the tongue beyond ARKit's, at the end of every basis
    tongue_indices: np.ndarray  # int32 [U], the vertices of the tongue
    tongue_deltas: np.ndarray  # float32 [T, U, 3], their movement at weight 1
    _moving: np.ndarray = field(init=False, repr=False)  # int32 [M], vertices that any channel moves
    _basis: np.ndarray = field(init=False, repr=False)  # float32 [52 + T, 3 M]

    def __post_init__(self) -> None:
        moving = np.unique(self.target_indices)
        basis = np.zeros((len(self.all_channels), len(moving), 3), np.float32)
        for k in range(len(self.all_channels)):
            indices, deltas = self.target(k)
            basis[k, np.searchsorted(moving, indices)] = deltas
        object.__setattr__(self, "_moving", moving)
        object.__setattr__(self, "_basis", basis.reshape(len(basis), -1))

    @property
    def all_channels(self) -> tuple[str, ...]:
        """The 52 ARKit names and, after them, the optional ones of the tongue."""
        return self.channels + self.tongue_channels

    @property
    def interocular(self) -> float:
        """Distance of the two eyeball centres in metres."""
        return float(np.linalg.norm(self.eye_centres[0] - self.eye_centres[1]))

    @property
    def outer_canthal(self) -> float:
        """Distance of the outer corners of the two eyes of the neutral face in metres: the unit of all measures that
        are compared with tracked faces."""
        left, right = self.positions[self.outer_canthi]
        return float(np.linalg.norm(left - right))

    @property
    def triangles(self) -> np.ndarray:
        """int32 [n, 3], in the order of `quads`."""
        return triangulate(self.quads)[0]

    def target(self, channel: int) -> tuple[np.ndarray, np.ndarray]:
        """(vertex indices int32 [n], deltas float32 [n, 3]) of one channel at weight 1.
        channel: index into `all_channels`."""
        if channel >= len(self.channels):
            return self.tongue_indices, self.tongue_deltas[channel - len(self.channels)]
        rows = slice(self.target_offsets[channel], self.target_offsets[channel + 1])
        return self.target_indices[rows], self.target_deltas[rows]

    def vertices(self, weights: np.ndarray) -> np.ndarray:
        """Geometry of a sequence of faces.
        weights: float [n, 52], channels in the order of `channels`, nominal 0..1; or [n, 52 + T] with the weights of
        `tongue_channels` after them.
        Returns float32 [n, V, 3] in metres.   Raises InputError for another shape.
        """
        weights = check_weights(self, weights)
        out = np.empty((len(weights), *self.positions.shape), np.float32)
        out[:] = self.positions
        for i in range(0, len(weights), _BLOCK_FRAMES):
            moved = weights[i : i + _BLOCK_FRAMES] @ self._basis[: weights.shape[1]]
            out[i : i + _BLOCK_FRAMES, self._moving] += moved.reshape(len(moved), -1, 3)
        return out

    def vertices_at(self, weights: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """Positions of some vertices only, float32 [n, ..., 3]. weights: as for vertices().   indices: int [...]."""
        weights = check_weights(self, weights)
        flat = np.ravel(indices)
        deltas = np.zeros((weights.shape[1], len(flat), 3), np.float32)
        moving = np.searchsorted(self._moving, flat).clip(max=len(self._moving) - 1)
        hit = self._moving[moving] == flat
        basis = self._basis[: weights.shape[1]].reshape(weights.shape[1], -1, 3)
        deltas[:, hit] = basis[:, moving[hit]]
        moved = self.positions[flat] + np.tensordot(weights, deltas, axes=1)
        return moved.reshape(len(weights), *np.shape(indices), 3)


def check_weights(head: Head, weights: np.ndarray) -> np.ndarray:
    """weights as float32 [n, 52] or, with those of the tongue, [n, 52 + T]; raises InputError for another shape."""
    weights = np.asarray(weights, np.float32)
    if weights.ndim != 2 or weights.shape[1] not in (len(head.channels), len(head.all_channels)):
        raise InputError(
            f"weights have shape {list(weights.shape)}, expected [n, {len(head.channels)}] in the order of the head's "
            f"channels, or [n, {len(head.all_channels)}] with {', '.join(head.tongue_channels)} after them"
        )
    return weights


def shown_channels(head: Head, channels) -> tuple[str, ...]:
    """The head's channels for a motion with these channels: the 52, and those of the tongue only when it has any."""
    return head.all_channels if any(c in head.tongue_channels for c in channels) else head.channels


def in_head_order(head: Head, channels, weights: np.ndarray) -> np.ndarray:
    """Weights of any subset and order of the head's channels as float32 [n, 52]; those not given are 0.
    channels: names of the columns of `weights` [n, C]. When some are tongue channels, the result is [n, 52 + T].
    Raises InputError for a name that the head does not have.
    """
    if np.shape(weights)[1] != len(channels):
        raise InputError(
            f"{np.shape(weights)[1]} numbers a frame for {len(channels)} channel names: the head takes the weights of "
            "ARKit blendshapes only"
        )
    unknown = [c for c in channels if c not in head.all_channels]
    if unknown:
        raise InputError(
            f"the head has the 52 ARKit channels and {', '.join(head.tongue_channels)} only, not "
            f"{', '.join(unknown[:5])}"
        )
    shown = shown_channels(head, channels)
    out = np.zeros((len(weights), len(shown)), np.float32)
    out[:, [shown.index(c) for c in channels]] = weights
    return out


def triangulate(quads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangles of quads [F, 4] of which some repeat their last vertex.
    Returns (int32 [n, 3], index of the quad of each triangle int64 [n])."""
    both = quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    owner = np.repeat(np.arange(len(quads)), 2)
    real = (both[:, 0] != both[:, 1]) & (both[:, 1] != both[:, 2]) & (both[:, 2] != both[:, 0])
    return np.ascontiguousarray(both[real], np.int32), owner[real]


def _outer_canthi(positions: np.ndarray) -> np.ndarray:
    """The vertices [V, 3] of the built-in mesh nearest to the outer corners of the eyes, int32 [2]: left, right."""
    places = _LEFT_OUTER_CANTHUS * np.array([[1, 1, 1], [-1, 1, 1]])
    return np.array([np.argmin(((positions - p) ** 2).sum(axis=1)) for p in places], np.int32)


@lru_cache(maxsize=1)
def load_head() -> Head:
    """The head that ships with the package; loaded once. Raises InputError when its file is missing."""
    if not HEAD_FILE.is_file():
        raise InputError(f"the head {HEAD_FILE} is missing: install the package again")
    with np.load(HEAD_FILE, allow_pickle=False) as data:
        scale = float(data["delta_scale"])
        head = Head(
            positions=data["positions"],
            quads=data["quads"],
            face_part=data["face_part"],
            parts=tuple(map(str, data["parts"])),
            channels=tuple(map(str, data["channels"])),
            target_offsets=data["target_offsets"],
            target_indices=data["target_indices"].astype(np.int32),
            target_deltas=(data["target_deltas"].T * scale).astype(np.float32),
            lip_mask=data["lip_mask"] / np.float32(255),
            mouth_mask=data["mouth_mask"] / np.float32(255),
            openness=data["openness"] / np.float32(255),
            inner_upper_lip=data["inner_upper_lip"],
            inner_lower_lip=data["inner_lower_lip"],
            eyelids=data["eyelids"],
            eye_centres=data["eye_centres"],
            outer_canthi=_outer_canthi(data["positions"]),
            tongue_channels=tuple(map(str, data["tongue_channels"])),
            tongue_indices=data["tongue_indices"].astype(np.int32),
            tongue_deltas=data["tongue_deltas"] * np.float32(scale),
        )
    if head.channels != ARKIT_CHANNELS:
        raise InputError(f"the head {HEAD_FILE} has other channels than this version expects: install again")
    return head
