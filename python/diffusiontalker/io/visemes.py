"""Mouth shapes of other programs: their poses in ARKit weights, and the share of each in a face."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.head import in_head_order, lip_opening, load_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX, LIP_CHANNELS

POSES_FILE = Path(__file__).parents[1] / "assets" / "viseme_poses.json"
ALPHABETS = ("oculus", "rhubarb", "vrm")
REST = {"oculus": "sil", "rhubarb": "X", "vrm": "neutral"}  # the mouth that does not speak
_CLOSED = {"oculus": "PP", "rhubarb": "A"}
_LIPS = [CHANNEL_INDEX[c] for c in (*LIP_CHANNELS, "tongueOut")]
# How much a channel counts where shares are fitted: the jaw is what is seen most (_seen), the tongue least. Our choice.
_COUNTS = np.array([{"mouthClose": 0.0, "tongueOut": 0.4}.get(ARKIT_CHANNELS[i], 1.0) for i in _LIPS])
_APART = 0.012  # lip opening in outer-canthal distances from which open shapes have their whole share
_RIDGE = 1e-5
_SWEEPS, _ROUNDS = 20, 100
CLOSED = 0.004  # lip opening in outer-canthal distances at which a drawn mouth is closed
_AT_REST = 0.03  # no weight above this: a mouth that does not speak
# What tells drawings of mouths apart, each with what makes one step of it: the lip opening in outer-canthal distances,
# rounded lips, spread lips, bared teeth, the lower lip behind the teeth, the tongue. Our choice.
_STEPS = np.array([0.03, 0.2, 0.2, 0.15, 0.2, 0.3])
# A change of shape costs so many squared steps, and a shape is shown for so long at least.
_CHANGE_COST, _SHORTEST_S = 2.0, 0.06


@lru_cache(maxsize=len(ALPHABETS))
def poses(alphabet: str) -> tuple[tuple[str, ...], np.ndarray]:
    """(names of the shapes, ARKit weights float64 [S, 52]) of an alphabet; the shape at rest is zero."""
    table = pose_table(alphabet)
    rows = np.zeros((len(table), len(ARKIT_CHANNELS)))
    for row, pose in zip(rows, table.values(), strict=True):
        for channel, value in pose.items():
            row[CHANNEL_INDEX[channel]] = value
    return tuple(table), rows


def pose_table(alphabet: str) -> dict[str, dict[str, float]]:
    """Shape -> ARKit channel -> weight, of an alphabet; or with "targets", what the viseme targets of characters show
    at a weight of 1."""
    table = json.loads(POSES_FILE.read_text(encoding="utf-8"))[alphabet]
    return {shape: dict(_both_sides(pose)) for shape, pose in table.items()}


def _both_sides(pose: dict[str, float]) -> Iterator[tuple[str, float]]:
    """A name without its side stands for both."""
    for name, value in pose.items():
        for channel in [name] if name in CHANNEL_INDEX else [f"{name}Left", f"{name}Right"]:
            yield channel, value


def arkit_weights(channels, weights: np.ndarray) -> np.ndarray:
    """The 52 weights float64 [n, 52] of a motion, 0 where it has no such channel.
    Raises InputError for a motion without any."""
    known = [i for i, c in enumerate(channels) if c in CHANNEL_INDEX]
    if not known:
        raise InputError("mouth shapes come from ARKit blendshapes, and this motion has none")
    chosen = np.asarray(weights[:, known], np.float32)
    return in_head_order(load_head(), [channels[i] for i in known], chosen)[:, : len(ARKIT_CHANNELS)].astype(np.float64)


def shares(alphabet: str, weights: np.ndarray) -> np.ndarray:
    """Share 0..1 of each shape in faces, float64 [n, S], 1 together: the mixture of poses that is nearest to the mouth
    channels in squares (_seen). Where the lips come together, open shapes give their share to the closed one, or to
    rest in an alphabet without one, so that a p, b or m is closed whatever the jaw does.   weights: [n, 52]."""
    names, table = poses(alphabet)
    rest = names.index(REST[alphabet])
    basis = np.delete(_seen(table), rest, axis=0)
    gram = basis @ basis.T
    # Several mixtures may make one mouth: a small price on the shares makes one of them the answer.
    gram += _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    found = _nonnegative(gram, _seen(weights) @ basis.T)
    found /= np.maximum(found.sum(axis=1, keepdims=True), 1)
    found = np.insert(found, rest, np.maximum(1 - found.sum(axis=1), 0), axis=1)
    head = load_head()
    opens = lip_opening(head, table) > CLOSED
    kept = np.where(opens, np.clip(lip_opening(head, weights).astype(np.float64) / _APART, 0, 1)[:, None], 1)
    shut = names.index(_CLOSED.get(alphabet, REST[alphabet]))
    found[:, shut] += (found * (1 - kept)).sum(axis=1)
    return np.where(opens, found * kept, found)


def _seen(weights: np.ndarray) -> np.ndarray:
    """Faces [n, 52] as what shares are fitted to: the mouth channels by how much they count, and in place of the jaw
    how far it parts the lips, since mouthClose brings them together again."""
    counted = weights[:, _LIPS] * _COUNTS
    jaw = weights[:, CHANNEL_INDEX["jawOpen"]] - weights[:, CHANNEL_INDEX["mouthClose"]]
    counted[:, _LIPS.index(CHANNEL_INDEX["jawOpen"])] = 2 * np.maximum(jaw, 0)
    return counted


def _nonnegative(gram: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """x >= 0 [n, S] that minimises x gram x' / 2 - x wanted' in each row. Coordinate descent finds which shapes are
    above 0 but for a few; block principal pivoting (Portugal, Judice, Vicente 1994) then exchanges those until the
    solution is exact, one at a time after the first rounds, which cannot go in circles."""
    found = np.zeros_like(wanted)
    for _ in range(_SWEEPS):
        for k in range(len(gram)):
            found[:, k] = np.maximum(found[:, k] + (wanted[:, k] - found @ gram[:, k]) / gram[k, k], 0)
    above, rows = found > 1e-6, np.arange(len(wanted))
    for round_ in range(_ROUNDS):
        exact = _exact(gram, wanted[rows], above[rows])
        wrong = np.where(above[rows], exact < 0, wanted[rows] - exact @ gram > 1e-9)
        done = ~wrong.any(axis=1)
        found[rows[done]] = exact[done]
        rows, wrong = rows[~done], wrong[~done]
        if not len(rows):
            break
        if round_ > 4:
            wrong &= np.arange(len(gram)) == len(gram) - 1 - wrong[:, ::-1].argmax(axis=1)[:, None]
        above[rows] ^= wrong
    return found


def _exact(gram: np.ndarray, wanted: np.ndarray, above: np.ndarray) -> np.ndarray:
    """The minimum in each row [n, S] with the shapes free that are `above` 0 and the others at 0."""
    free = above[:, :, None] & above[:, None, :]
    systems = np.where(free, gram, np.eye(len(gram)))
    return np.linalg.solve(systems, np.where(above, wanted, 0)[..., None])[..., 0]


def shape_track(alphabet: str, weights: np.ndarray, fps: float) -> np.ndarray:
    """The one shape that a drawing shows in each frame, int [n]: the pose that looks nearest (_STEPS). A change has a
    price (Viterbi's algorithm), and closed lips are always a closed shape, so that no p, b or m is lost.
    weights: [n, 52]."""
    names, table = poses(alphabet)
    head = load_head()
    closed = lip_opening(head, weights) <= CLOSED
    speaks = np.abs(weights[:, _LIPS]).max(axis=1) > _AT_REST
    near = ((_looks(weights)[:, None] - _looks(table)[None]) ** 2).sum(axis=2)
    shut = [names.index(_CLOSED[alphabet]), names.index(REST[alphabet])]
    is_shut = np.isin(np.arange(len(names)), shut)
    barred = closed[:, None] != is_shut[None]
    barred[closed & speaks, shut[1]] = True
    cost = np.where(barred, near + 1e3, near)
    track = _cheapest(cost, _CHANGE_COST)
    return _without_flicker(track, max(1, round(_SHORTEST_S * fps)), closed)


def _looks(weights: np.ndarray) -> np.ndarray:
    """Faces [n, 52] as what tells drawings apart, in steps, [n, 6]."""

    def of(*names: str) -> np.ndarray:
        return weights[:, [CHANNEL_INDEX[name] for name in names]].sum(axis=1) / len(names)

    parts = [
        lip_opening(load_head(), weights),
        2 * of("mouthPucker", "mouthFunnel"),
        2 * of("mouthStretchLeft", "mouthStretchRight", "mouthSmileLeft", "mouthSmileRight"),
        of("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight"),
        of("mouthRollLower"),
        of("tongueOut"),
    ]
    return np.stack(parts, axis=1) / _STEPS


def _cheapest(cost: np.ndarray, change: float) -> np.ndarray:
    total, back = cost[0].copy(), np.zeros(cost.shape, np.int32)
    every = np.arange(cost.shape[1])
    for t in range(1, len(cost)):
        best = int(total.argmin())
        stays = total <= total[best] + change
        back[t] = np.where(stays, every, best)
        total = np.where(stays, total, total[best] + change) + cost[t]
    track = np.empty(len(cost), np.int64)
    track[-1] = total.argmin()
    for t in range(len(cost) - 1, 0, -1):
        track[t - 1] = back[t, track[t]]
    return track


def _without_flicker(track: np.ndarray, shortest: int, closed: np.ndarray) -> np.ndarray:
    """Shapes shown for fewer than `shortest` frames give way to the one before, but for closed ones."""
    track = track.copy()
    begins = np.flatnonzero(np.r_[True, np.diff(track) != 0])
    for begin, end in zip(begins, np.r_[begins[1:], len(track)], strict=True):
        if begin and end - begin < shortest and not closed[begin:end].any() and not closed[begin - 1]:
            track[begin:end] = track[begin - 1]
    return track
