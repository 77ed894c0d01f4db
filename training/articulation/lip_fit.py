"""ARKit weights of jaw and mouth whose lips are where they shall be: the most likely weights of our head under given
measures (lip_map.py), with the rules' own weights as the expectation.

Per frame the least of |(measures(w) - wanted) / MEASURE_SIGMA|^2 + |(w - expected) / CHANNEL_SIGMA|^2, and of changes
from frame to frame, within 0..1; accelerated projected gradients (Beck & Teboulle, "A fast iterative
shrinkage-thresholding algorithm", 2009). The head's measures bend where lips meet, so the linearisation is made anew a
few times (Gauss-Newton). Left and right are moved together."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from diffusiontalker.head import load_head
from diffusiontalker.head.measures import lip_landmarks
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX

# How exactly a measure is wanted, in outer-canthal distances: about the error of the tracker.
MEASURE_SIGMA = np.array([0.006, 0.008, 0.006, 0.008, 0.010, 0.012])
# How far a weight may stray from the rules' for it: shapes that mean more than an opening of the mouth stay near.
CHANNEL_SIGMA = {
    "jawOpen": 0.35, "jawForward": 0.08, "mouthClose": 0.12, "mouthFunnel": 0.25, "mouthPucker": 0.35,
    "mouthRollLower": 0.10, "mouthRollUpper": 0.20, "mouthShrugLower": 0.15, "mouthShrugUpper": 0.25,
    "mouthSmile": 0.10, "mouthFrown": 0.05, "mouthDimple": 0.12, "mouthStretch": 0.20, "mouthPress": 0.08,
    "mouthLowerDown": 0.40, "mouthUpperUp": 0.35,
}  # fmt: skip
CHANGE_SIGMA = 0.10  # of a weight from frame to frame
CONTACT_SIGMA, CONTACT_OPENING = 0.0025, -0.006  # lips that touch are wanted exactly, and a little past contact
PASSES, ITERATIONS = 2, 40


@lru_cache(maxsize=1)
def _groups() -> tuple[np.ndarray, np.ndarray]:
    """(spread [G, 52]: weights of the channels from those of CHANNEL_SIGMA, sides together; sigma [G])."""
    spread = np.zeros((len(CHANNEL_SIGMA), len(ARKIT_CHANNELS)))
    for row, name in zip(spread, CHANNEL_SIGMA, strict=True):
        for full in (name, name + "Left", name + "Right"):
            if full in CHANNEL_INDEX:
                row[CHANNEL_INDEX[full]] = 1
    return spread, np.array(list(CHANNEL_SIGMA.values()))


class _Mouth:
    """The measures of the head and their slopes, on the few vertices that they need."""

    def __init__(self):
        head = load_head()
        self.n_upper = head.inner_upper_lip.size
        self.rows = head.inner_upper_lip.shape
        index = np.concatenate([head.inner_upper_lip.ravel(), head.inner_lower_lip.ravel(), lip_landmarks()])
        rest = head.vertices_at(np.zeros((1, len(head.channels)), np.float32), index)[0]
        self.rest_points = rest.astype(np.float64)
        moved = head.vertices_at(np.eye(len(head.channels), dtype=np.float32), index) - rest
        self.basis = moved.astype(np.float64)  # [52, V, 3]
        self.unit = head.outer_canthal
        self.at_rest = np.zeros(6)
        here, _ = self.measured(np.zeros((1, len(head.channels))), np.zeros((1, len(head.channels))))
        self.at_rest = here[0].copy()
        self.at_rest[0] = 0.0

    def measured(self, weights: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(opening, and changes from rest of the other measures [n, 6]; their slopes along `directions` [G, 52], as
        [n, 6, G]). weights: [n, 52]."""
        n, moves = len(weights), np.tensordot(directions, self.basis, axes=1)  # [G, V, 3]
        points = self.rest_points + np.tensordot(weights, self.basis, axes=1)
        lips = 2 * self.n_upper
        upper = points[:, : self.n_upper, 1].reshape(n, *self.rows)
        lower = points[:, self.n_upper : lips, 1].reshape(n, *self.rows)
        low, high = upper.argmin(axis=2), lower.argmax(axis=2)
        column = np.arange(self.rows[0])
        opening = (upper.min(axis=2) - lower.max(axis=2)).mean(axis=1)
        top = moves[:, : self.n_upper, 1].reshape(-1, *self.rows)[:, column, low]  # [G, n, columns]
        bottom = moves[:, self.n_upper : lips, 1].reshape(-1, *self.rows)[:, column, high]
        left, right, nose, up, down, chin = np.moveaxis(points[:, lips:], 1, 0)
        d_left, d_right, d_nose, d_up, d_down, d_chin = np.moveaxis(moves[:, lips:], 1, 0)
        across = (left - right) * (1, 1, 0)  # as seen from the front
        width = np.linalg.norm(across, axis=1)
        along = across / width[:, None]
        values = [opening, width, nose[:, 1] - up[:, 1], nose[:, 1] - down[:, 1], nose[:, 1] - chin[:, 1],
                  (up[:, 2] + down[:, 2]) / 2 - nose[:, 2]]  # fmt: skip
        fixed = [d_nose[:, 1] - d_up[:, 1], d_nose[:, 1] - d_down[:, 1], d_nose[:, 1] - d_chin[:, 1],
                 (d_up[:, 2] + d_down[:, 2]) / 2 - d_nose[:, 2]]  # fmt: skip
        slopes = [(top - bottom).mean(axis=2).T, along @ (d_left - d_right).T,
                  *(np.broadcast_to(f, (n, len(f))) for f in fixed)]  # fmt: skip
        return np.stack(values, axis=1) / self.unit - self.at_rest, np.stack(slopes, axis=1) / self.unit


@lru_cache(maxsize=1)
def _mouth() -> _Mouth:
    return _Mouth()


def measured(weights: np.ndarray) -> np.ndarray:
    """Measures of the head: its opening, and changes from rest of the others. weights: [n, 52] -> float64 [n, 6]."""
    return _mouth().measured(np.asarray(weights, np.float64), np.zeros((1, np.shape(weights)[1])))[0]


def fit_mouth(expected: np.ndarray, wanted: np.ndarray, contact: np.ndarray) -> np.ndarray:
    """Weights [n, 52] whose jaw and mouth follow `wanted`; other channels are those of `expected`.
    expected: [n, 52], 0..1, what the rules give.   wanted: [n, 6] LIP_MEASURES in outer-canthal distances:
    the opening, and changes from rest of the others.   contact: [n], 0..1, how far the lips have to touch."""
    spread, sigma = _groups()
    count = spread.sum(axis=1)
    start = expected @ spread.T / count
    others = expected - start @ spread  # sides that differ, and the channels that are not fitted
    wanted = wanted.copy()
    wanted[:, 0] += contact * (CONTACT_OPENING - wanted[:, 0])
    scale = np.tile(1 / MEASURE_SIGMA, (len(wanted), 1))
    scale[:, 0] = 1 / (MEASURE_SIGMA[0] + contact * (CONTACT_SIGMA - MEASURE_SIGMA[0]))
    weights = start.copy()
    for _ in range(PASSES):
        here, jacobian = _mouth().measured(np.clip(weights @ spread + others, 0, 1), spread)
        weights = _solve(weights, start, wanted - here, jacobian, scale, sigma)
    return np.clip(weights @ spread + others, 0, 1)


def _solve(
    weights: np.ndarray, expected: np.ndarray, missing: np.ndarray, jacobian: np.ndarray, scale: np.ndarray,
    sigma: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """One linearised problem. weights, expected: [n, G].   missing: [n, 6], wanted change of the measures."""
    a = jacobian * scale[:, :, None]
    hessian = a.transpose(0, 2, 1) @ a + np.diag(1 / sigma**2)
    towards = ((a @ weights[:, :, None])[..., 0] + missing * scale)[:, None, :] @ a
    towards = towards[:, 0] + expected / sigma**2
    smooth = 1 / CHANGE_SIGMA**2
    # Coordinates in which the fastest direction of every channel has slope one: far fewer iterations.
    size = 1 / np.sqrt(np.einsum("nii->ni", hessian) + 4 * smooth)
    rate = 1 / (np.linalg.norm(hessian * size[:, :, None] * size[:, None, :], ord=np.inf, axis=(1, 2)) + 1)[:, None]
    now, ahead, momentum = weights, weights, 1.0
    for _ in range(ITERATIONS):
        gradient = (hessian @ ahead[:, :, None])[..., 0] - towards
        change = smooth * np.diff(ahead, axis=0)
        gradient[1:] += change
        gradient[:-1] -= change
        new = np.clip(ahead - rate * size**2 * gradient, 0, 1)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / following * (new - now)
        now, momentum = new, following
    return now


def keep_closed(weights: np.ndarray, contact: np.ndarray) -> np.ndarray:
    """Weights [n, 52] whose lips touch where contact [n] is 1, also under a mood's expression: mouthClose takes what is
    left open, and past the jaw's own opening the rolled lips."""
    out = weights.copy()
    sure = np.clip((contact - 0.7) / 0.3, 0, 1)
    close = CHANNEL_INDEX["mouthClose"]
    rolls = [CHANNEL_INDEX[c] for c in ("mouthRollLower", "mouthRollUpper", "mouthShrugLower")]
    for channels, most in (([close], out[:, [CHANNEL_INDEX["jawOpen"]]] + 0.05), (rolls, 0.6), ([close], 1.0)):
        direction = np.isin(np.arange(out.shape[1]), channels).astype(np.float64)[None]
        for _ in range(2):
            here, slope = _mouth().measured(out, direction)
            more = sure * np.maximum(here[:, 0] - CONTACT_OPENING, 0) / np.maximum(-slope[:, 0, 0], 0.05)
            out[:, channels] = np.maximum(out[:, channels], np.minimum(out[:, channels] + more[:, None], most))
    return np.clip(out, 0, 1)
