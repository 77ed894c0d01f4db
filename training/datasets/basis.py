"""A linear basis of vertex motion: principal components of the training split, in memory that the set's size does not
change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

N_PASSES = 4  # over the data; each squares away directions outside the basis once more
OVERSAMPLE = 10  # extra directions carried along (Halko, Martinsson, Tropp, arXiv 0909.4061, section 4)


@dataclass(frozen=True)
class Basis:
    """mean float32 [D].   vectors float32 [K, D], orthonormal, largest variance first.   variance float64 [K], per
    frame.   total_variance: of all directions, to tell what the basis leaves out."""

    mean: np.ndarray
    vectors: np.ndarray
    variance: np.ndarray
    total_variance: float

    def encode(self, motion: np.ndarray) -> np.ndarray:
        """[n, D] -> float32 [n, K]."""
        return (motion - self.mean) @ self.vectors.T

    def decode(self, coefficients: np.ndarray) -> np.ndarray:
        """[n, K] -> float32 [n, D]."""
        return coefficients @ self.vectors + self.mean


def fit_basis(read_all: Callable[[], Iterable[np.ndarray]], n_components: int, seed: int = 0) -> Basis:
    """PCA by subspace iteration on the covariance, which is never formed: every pass multiplies it with a thin matrix.

    read_all: gives motions [n_i, D] one after the other, the same at each call; called N_PASSES + 1 times.
    Sums are float64; memory is about (K + 10) * D * 16 bytes beside one motion.
    Raises ValueError when there are fewer frames than components.   Source: arXiv 0909.4061, algorithm 4.4."""
    total: np.ndarray = np.zeros(())
    square, n = 0.0, 0
    for motion in read_all():
        total = total + motion.sum(axis=0, dtype=np.float64)
        n += len(motion)
    if n <= n_components or n_components < 1:
        raise ValueError(f"a basis of {n_components} needs more frames than that, and at least 1: there are {n}")
    mean: np.ndarray = total / n
    width = min(n_components + OVERSAMPLE, n, len(mean))
    directions = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(mean), width)))[0]
    for step in range(N_PASSES):
        image = np.zeros_like(directions)
        square = 0.0
        for motion in read_all():
            x = motion - mean
            image += x.T @ (x @ directions)
            square += float(np.einsum("ij,ij->", x, x))
        if step < N_PASSES - 1:
            directions = np.linalg.qr(image)[0]
    # Rayleigh-Ritz: the covariance within the found subspace, diagonalised.
    inner = directions.T @ image
    values, rotation = np.linalg.eigh((inner + inner.T) / 2)
    order = np.argsort(values)[::-1][:n_components]
    vectors = (directions @ rotation[:, order]).T
    # Signs are arbitrary: the largest entry is made positive, so that two runs agree.
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=1)[:, None], axis=1)
    vectors *= np.where(largest < 0, -1.0, 1.0)
    variance = np.maximum(values[order], 0) / n
    return Basis(mean.astype(np.float32), vectors.astype(np.float32), variance, square / n)


def reconstruction_error_mm(basis: Basis, motions: Iterable[np.ndarray], unit_m: float) -> dict[str, float] | None:
    """Distance between vertices and their reconstruction: mean over frames and vertices, and the mean over frames of
    the worst vertex, in mm. motions: [n, 3 V] each, in units of unit_m metres. None without any frame."""
    mean, worst, n = 0.0, 0.0, 0
    for motion in motions:
        off = (basis.decode(basis.encode(motion)) - motion).reshape(len(motion), -1, 3)
        distance = np.linalg.norm(off, axis=2)
        mean += float(distance.mean(axis=1).sum())
        worst += float(distance.max(axis=1).sum())
        n += len(motion)
    return {"mean": 1000 * unit_m * mean / n, "worst_vertex": 1000 * unit_m * worst / n} if n else None
