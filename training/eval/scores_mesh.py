"""Scores on vertices, in the variants that the field's public code computes.

Motion is [n, V, 3], absolute positions or offsets in any unit; squared scores have that unit squared. Frames are taken
in blocks and summed in float64, so that memory does not grow with the length of a clip beyond the clip itself.
"CodeTalker" and "FaceDiffuser" below are the evaluation scripts of those repositories; they agree where both are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

# Bytes of float64 differences in flight; about 20 frames of BIWI's 23370 vertices.
_BLOCK_BYTES = 12_000_000


def _blocks(n: int, width: int) -> Iterator[slice]:
    """Slices that cover 0..n, each of so many rows that `width` vertices stay within _BLOCK_BYTES."""
    step = max(1, _BLOCK_BYTES // (24 * max(width, 1)))
    return (slice(i, min(i + step, n)) for i in range(0, n, step))


def _check_pair(pred: np.ndarray, truth: np.ndarray) -> None:
    if pred.shape != truth.shape or pred.ndim != 3 or pred.shape[2] != 3 or not len(pred):
        raise ValueError(f"predicted vertices {list(pred.shape)}, true {list(truth.shape)}: expected equal [n, V, 3]")


def _distances(pred: np.ndarray, truth: np.ndarray, region: np.ndarray | slice) -> Iterator[np.ndarray]:
    """Squared L2 distance per frame and vertex of the region, float64 [frames of the block, vertices of the region]."""
    width = pred.shape[1] if isinstance(region, slice) else len(region)
    for rows in _blocks(len(pred), width):
        difference = pred[rows][:, region].astype(np.float64) - truth[rows][:, region]
        yield np.einsum("nvc,nvc->nv", difference, difference)


def region_max_error(pred: np.ndarray, truth: np.ndarray, region: np.ndarray, squared: bool = True) -> np.ndarray:
    """Greatest squared L2 distance (or its root) over the vertices of a region, per frame: float64 [n].

    Its mean over all frames of a test set is, with squared=True, LVE on lip vertices as CodeTalker and FaceDiffuser
    compute it (no root is taken, so the unit is m^2 where tables print mm), and EVE of EmoTalk on the vertices of eyes
    and forehead. With squared=False it is the mean of the greatest distance, in the unit of the mesh.
    pred, truth: [n, V, 3].   region: int [r] vertex indices."""
    _check_pair(pred, truth)
    worst = np.concatenate([d.max(axis=1) for d in _distances(pred, truth, np.asarray(region))])
    return worst if squared else np.sqrt(worst)


def mean_vertex_error(pred: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """L2 distance averaged over all vertices, per frame: float64 [n]. Its mean over frames is MVE of FaceDiffuser."""
    _check_pair(pred, truth)
    return np.concatenate([np.sqrt(d).mean(axis=1) for d in _distances(pred, truth, slice(None))])


def upper_face_dynamics(motion: np.ndarray, template: np.ndarray, upper: np.ndarray) -> float:
    """Mean over upper-face vertices of the standard deviation over time (divisor n) of the squared norm of
    (vertex - template). motion: [n, V, 3].   template: [V, 3].   upper: int [u]."""
    upper = np.asarray(upper)
    total = 0.0
    for some in _blocks(len(upper), len(motion)):
        offsets = motion[:, upper[some]].astype(np.float64) - template[upper[some]]
        total += np.einsum("nvc,nvc->nv", offsets, offsets).std(axis=0).sum()
    return float(total / len(upper))


def fdd(pred: np.ndarray, truth: np.ndarray, template: np.ndarray, upper: np.ndarray) -> float:
    """Upper-face dynamics deviation of one sequence, truth minus prediction, signed.

    CodeTalker and FaceDiffuser average this over sequences; more motion than the truth makes it negative, so "lower is
    better" can be cheated. The mean of the absolute values (FaceDiffuser's ABS FDD) cannot. Note that the public code
    takes the squared norm, the formula in the CodeTalker paper the norm; this is the code's variant."""
    _check_pair(pred, truth)
    return upper_face_dynamics(truth, template, upper) - upper_face_dynamics(pred, template, upper)


def mouth_opening(motion: np.ndarray, lip_pairs: np.ndarray) -> np.ndarray:
    """Distance of facing lip vertices, float64 [n, p]. motion: absolute positions [n, V, 3].
    lip_pairs: int [p, 2], upper and lower lip."""
    upper, lower = np.asarray(lip_pairs).T
    return np.linalg.norm(motion[:, upper].astype(np.float64) - motion[:, lower], axis=2)


def mouth_opening_difference(pred: np.ndarray, truth: np.ndarray, lip_pairs: np.ndarray) -> np.ndarray:
    """Absolute difference of the mouth's opening, averaged over pairs of facing lip vertices, per frame: float64 [n].
    Its mean over frames is MOD (DiffPoseTalk; over several pairs as in StreamingTalker). Absolute positions."""
    _check_pair(pred, truth)
    return np.abs(mouth_opening(pred, lip_pairs) - mouth_opening(truth, lip_pairs)).mean(axis=1)


def diversity(results: Sequence[np.ndarray]) -> float:
    """Mean over pairs of results for one clip under different style conditions of the L2 distance per vertex and frame
    (FaceDiffuser, there averaged over the clips of BIWI's Test-B). results: [n, V, 3] each. At least two."""
    if len(results) < 2:
        raise ValueError(f"diversity needs results for two conditions, got {len(results)}")
    return float(np.mean([mean_vertex_error(a, b).mean() for a, b in combinations(results, 2)]))


@dataclass(frozen=True)
class MeshRegions:
    """What the scores need to know of a mesh. scale: the mesh's unit in millimetres, so that results are mm and mm^2
    (1000 for metres)."""

    template: np.ndarray  # [V, 3]
    lips: np.ndarray  # int, for LVE
    upper: np.ndarray  # int, for FDD
    eyes: np.ndarray  # int, eyes and forehead, for EVE
    lip_pairs: np.ndarray  # int [p, 2], for MOD
    scale: float = 1000.0


@dataclass
class MeshScores:
    """Sums over the clips of a test set. Frame scores are averaged over all frames of all clips, FDD over clips."""

    regions: MeshRegions
    _frames: dict[str, list[np.ndarray]] = field(default_factory=dict)
    _fdd: list[float] = field(default_factory=list)

    def add(self, pred: np.ndarray, truth: np.ndarray) -> None:
        """Absolute positions [n, V, 3] of one clip, of equal length."""
        r = self.regions
        lve = region_max_error(pred, truth, r.lips) * r.scale**2
        frame_scores = {
            "lve_mm2": lve,
            "lve_mm": np.sqrt(lve),
            "mve_mm": mean_vertex_error(pred, truth) * r.scale,
            "eve_mm2": region_max_error(pred, truth, r.eyes) * r.scale**2,
            "mod_mm": mouth_opening_difference(pred, truth, r.lip_pairs) * r.scale,
        }
        for name, values in frame_scores.items():
            self._frames.setdefault(name, []).append(values)
        self._fdd.append(fdd(pred, truth, r.template, r.upper) * r.scale**2)

    def result(self) -> dict[str, float]:
        means = {name: float(np.concatenate(values).mean()) for name, values in self._frames.items()}
        return means | {"fdd_mm2": float(np.mean(self._fdd)), "fdd_abs_mm2": float(np.mean(np.abs(self._fdd)))}
