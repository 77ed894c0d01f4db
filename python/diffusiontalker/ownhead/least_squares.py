"""Least squares with weights between 0 and 1, many right-hand sides at once."""

from __future__ import annotations

import numpy as np

_BLOCK = 4096  # right-hand sides at a time: what fits a processor's cache
_MAX_SWEEPS, _SMALLEST_STEP = 200, 1e-5
_SMALLEST_CHANGE = 1e-4  # of shares: smaller ones are not seen


def bounded_least_squares(gram: np.ndarray, products: np.ndarray) -> np.ndarray:
    """The w in [0, 1] that makes |D w - t|^2 smallest, for each t, by coordinate descent.
    gram: D^T D [K, K].   products: D^T t in each row, [n, K].   Returns float32 [n, K]; a column of D without length
    gets the weight 0.
    """
    gram = np.asarray(gram, np.float64)
    out = np.zeros(products.shape, np.float32)
    for start in range(0, len(products), _BLOCK):
        rows = np.asarray(products[start : start + _BLOCK], np.float64)
        out[start : start + _BLOCK] = _descend(gram, rows)
    return out


def _descend(gram: np.ndarray, products: np.ndarray) -> np.ndarray:
    length = np.diagonal(gram)
    usable = np.flatnonzero(length > 1e-12 * max(float(length.max(initial=0.0)), 1e-300))
    weights = np.zeros((gram.shape[0], len(products)))
    gradient = np.ascontiguousarray(products.T)  # D^T (t - D w)
    for _ in range(_MAX_SWEEPS):
        largest = 0.0
        for k in usable:
            new = np.clip(weights[k] + gradient[k] / length[k], 0, 1)
            step = new - weights[k]
            weights[k] = new
            size = float(np.abs(step).max(initial=0.0))
            if size > 0:
                gradient -= gram[:, k : k + 1] * step
                largest = max(largest, size)
        if largest < _SMALLEST_STEP:
            break
    return weights.T


def shared_least_squares(gram: np.ndarray, products: np.ndarray) -> np.ndarray:
    """As bounded_least_squares() for weights that add up to 1 at most: mixtures of whole poses. Accelerated projected
    gradients (Beck and Teboulle 2009)."""
    gram = np.asarray(gram, np.float64)
    out = np.zeros(products.shape, np.float32)
    step = 1 / max(float(np.linalg.eigvalsh(gram)[-1]), 1e-300)
    for start in range(0, len(products), _BLOCK):
        rows = np.asarray(products[start : start + _BLOCK], np.float64)
        out[start : start + _BLOCK] = _project_and_go(gram, rows, step)
    return out


def _project_and_go(gram: np.ndarray, products: np.ndarray, step: float) -> np.ndarray:
    weights = np.zeros(products.shape)
    ahead, momentum = weights, 1.0
    for _ in range(_MAX_SWEEPS):
        new = _shares(ahead - step * (ahead @ gram - products))
        grown = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / grown * (new - weights)
        change = float(np.abs(new - weights).max(initial=0.0))
        weights, momentum = new, grown
        if change < _SMALLEST_CHANGE:
            break
    return weights


def _shares(points: np.ndarray) -> np.ndarray:
    """The nearest points that are not negative and add up to 1 at most, [n, K] (Duchi et al. 2008)."""
    out = np.maximum(points, 0)
    over = out.sum(axis=1) > 1
    if over.any():
        rows = points[over]
        falling = -np.sort(-rows, axis=1)
        excess = (np.cumsum(falling, axis=1) - 1) / np.arange(1, rows.shape[1] + 1)
        last = np.count_nonzero(falling > excess, axis=1) - 1
        out[over] = np.maximum(rows - excess[np.arange(len(rows)), last][:, None], 0)
    return out
