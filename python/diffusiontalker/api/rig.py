"""The geometry that belongs to a bundle's motion: its frames as vertices."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from diffusiontalker.errors import BundleError, InputError


class Rig:
    """Template, and for coefficients the linear basis of the offsets from it. The file is read when first used."""

    def __init__(self, read: Callable[[], bytes], label: str, space: str, unit_m: float | None = None):
        """read: gives the safetensors file, called once.   label: its name, for messages.
        space: "vertices" or "coefficients".   unit_m: metres that one unit of length is, None where nobody knows."""
        self._read, self.label, self.space, self.unit_m = read, label, space, unit_m

    @cached_property
    def _tensors(self) -> dict[str, np.ndarray]:
        from diffusiontalker.io.safetensors import read_tensors

        names = ("template",) if self.space == "vertices" else ("template", "mean", "basis")
        tensors = read_tensors(self._read(), self.label, names)
        template = tensors["template"]
        if template.ndim != 2 or template.shape[1] != 3:
            raise BundleError(f"{self.label}: template has shape {list(template.shape)}, expected [V, 3]")
        for name, ndim in (("mean", 1), ("basis", 2)):
            tensor = tensors.get(name)
            if tensor is not None and (tensor.ndim != ndim or tensor.shape[-1] != template.size):
                shape = list(tensor.shape)
                raise BundleError(f"{self.label}: {name} has shape {shape} for {len(template)} vertices of template")
        return tensors

    @property
    def template(self) -> np.ndarray:
        """The face without movement, float32 [V, 3]."""
        return self._tensors["template"]

    @property
    def mean(self) -> np.ndarray | None:
        """Offset at coefficients 0, float32 [3 V]; None for vertices."""
        return self._tensors.get("mean")

    @property
    def basis(self) -> np.ndarray | None:
        """Offset of each coefficient, float32 [K, 3 V]; None for vertices."""
        return self._tensors.get("basis")

    @property
    def n_vertices(self) -> int:
        return len(self.template)

    def vertices(self, frames: np.ndarray) -> np.ndarray:
        """Positions: template + offsets, with offsets = frames, or frames @ basis + mean for coefficients.
        frames: float32 [n, 3 V] or [n, K].   Returns float32 [n, V, 3].   Raises InputError for another shape.
        """
        frames = np.asarray(frames, np.float32)
        expected = self.template.size if self.basis is None else len(self.basis)
        if frames.ndim != 2 or frames.shape[1] != expected:
            raise InputError(f"frames have shape {list(frames.shape)}, this rig takes [n, {expected}]")
        offsets = frames if self.basis is None else frames @ self.basis + self.mean
        return offsets.reshape(len(frames), -1, 3) + self.template


class PointRig(Rig):
    """The rig of a vertex cache, whose frames are positions: its template is the origin."""

    def __init__(self, n_vertices: int):
        super().__init__(lambda: b"", "vertex cache", "vertices")
        self._zeros = np.zeros((n_vertices, 3), np.float32)

    @property
    def template(self) -> np.ndarray:
        """Zeros, float32 [V, 3]."""
        return self._zeros

    @property
    def mean(self) -> None:
        return None

    @property
    def basis(self) -> None:
        return None
