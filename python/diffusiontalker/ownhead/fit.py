"""What moves targets without known names, by their shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.head import load_head
from diffusiontalker.io.gltf.container import Gltf
from diffusiontalker.ownhead.least_squares import bounded_least_squares
from diffusiontalker.ownhead.names import Match, Plan, Terms
from diffusiontalker.ownhead.rig import MorphMesh, label
from diffusiontalker.ownhead.shapes import Shapes, overlay, read_shapes
from diffusiontalker.spec.channels import ARKIT_CHANNELS

_RIDGE = 0.01  # share of a target's mean square that its weight costs: targets that look alike share one movement
_SMALLEST = 0.08  # weights below this are left away
_POOR_FIT, _FAR_FACE = 0.7, 0.06
_ALIKE = 0.4  # cosine from which a target may be a channel's own shape
_ENOUGH_ALIKE = 30  # channels with a shape of their own from which the head counts as one with ARKit's shapes


def fit_plan(gltf: Gltf, meshes: list[MorphMesh]) -> tuple[Plan, tuple[str, ...], float]:
    """What moves each target, from both faces laid over each other. Where most channels have a target that looks like
    them, each takes its own. Else every channel is fitted by the targets: bounded least squares over the vertices.
    Returns the plan, sentences for the user, and the root mean square of the difference to the built-in head's
    movement, as a share of that movement.
    Raises InputError: shapes that are compressed, damaged, or of no face.
    """
    shapes = read_shapes(gltf, meshes)
    best = min(_fits(shapes), key=lambda fit: fit.error)
    shown = int(best.weights.any(axis=1).sum())
    return _plan(meshes, shapes.names, best.weights), _notes(best, shown), best.error


@dataclass(frozen=True)
class _Fit:
    """weights: float [C, K] of each target for each channel.   error: as of fit_plan().   how: a sentence's end.
    distance: of the faces, as Overlay.distance."""

    weights: np.ndarray
    error: float
    how: str
    distance: float


def _fits(shapes: Shapes) -> list[_Fit]:
    """The ways to lay the faces over each other that work: of a whole body, only the moving parts may look like a
    head. Raises InputError when none does."""
    found, error = [], None
    for by_whole in (False, True):
        try:
            found.append(_fit(shapes, by_whole))
        except InputError as e:
            error = e
    if error is not None and not found:
        raise error
    return found


def _fit(shapes: Shapes, by_whole: bool) -> _Fit:
    over = overlay(load_head(), shapes, len(ARKIT_CHANNELS), by_whole)
    targets = shapes.deltas[:, over.used].reshape(len(shapes.names), -1).astype(np.float64)
    wanted = over.field.reshape(len(ARKIT_CHANNELS), -1).astype(np.float64)
    pairs = _alike(wanted, targets)
    if len(pairs) >= _ENOUGH_ALIKE:
        weights = np.zeros((len(wanted), len(targets)))
        weights[tuple(np.array(pairs).T)] = 1
        how = f"{len(pairs)} channels have a target that looks like them and move it"
    else:
        weights, how = _least_squares(wanted, targets), "each channel is a mixture of targets"
    left, whole = ((wanted - weights @ targets) ** 2).sum(), (wanted**2).sum()
    return _Fit(weights, float(np.sqrt(left / max(whole, 1e-30))), how, over.distance)


def _alike(wanted: np.ndarray, targets: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of a channel and the target whose movement has the same direction, the most alike first; each channel and
    each target is in one pair at most."""
    lengths = np.linalg.norm(wanted, axis=1)[:, None] * np.linalg.norm(targets, axis=1)
    cosines = wanted @ targets.T / np.maximum(lengths, 1e-30)
    pairs: list[tuple[int, int]] = []
    while cosines.size and cosines.max() >= _ALIKE:
        c, k = (int(i) for i in np.unravel_index(cosines.argmax(), cosines.shape))
        pairs.append((c, k))
        cosines[c], cosines[:, k] = 0, 0
    return pairs


def _least_squares(wanted: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Weights 0..1 [C, K] of the targets for each channel."""
    gram = targets @ targets.T
    gram[np.diag_indices(len(gram))] *= 1 + _RIDGE
    weights = bounded_least_squares(gram, wanted @ targets.T).astype(np.float64)
    weights[weights < _SMALLEST] = 0
    left = ((wanted - weights @ targets) ** 2).sum(axis=1)
    weights[left >= (wanted**2).sum(axis=1)] = 0
    return weights


def _plan(meshes: list[MorphMesh], names: tuple[str, ...], weights: np.ndarray) -> Plan:
    terms: dict[str, Terms] = {}
    for c, k in zip(*np.nonzero(weights), strict=True):
        terms.setdefault(names[k], {})[ARKIT_CHANNELS[c]] = round(float(weights[c, k]), 3)
    return {
        mesh.index: {i: Match(terms[label(mesh, i)], "fit") for i in range(len(mesh.names)) if label(mesh, i) in terms}
        for mesh in meshes
    }


def _notes(fit: _Fit, n_shown: int) -> tuple[str, ...]:
    notes = [
        f"fitted by shape: {fit.how}",
        f"{n_shown} of {len(ARKIT_CHANNELS)} channels are shown; the movement differs from the built-in head's by "
        f"{fit.error:.0%} (root mean square)",
    ]
    if fit.distance > _FAR_FACE:
        notes.append("this face is unlike the built-in one: look at the result, and write a mapping if it is not right")
    elif fit.error > _POOR_FIT:
        notes.append("the targets show little of the movement of a face: look at the result")
    return tuple(notes)
