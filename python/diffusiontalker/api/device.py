"""Blendshapes to vertices on the device, for programs that render there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.native import native

if TYPE_CHECKING:
    from diffusiontalker._native import DeviceArray
    from diffusiontalker.api.model import Model


class DeviceRig:
    """Made by Model.device_rig(). vertex = neutral + sum over channels of weight * delta, float32. Any thread."""

    def __init__(self, model: Model, native_model, neutral, deltas):
        neutral, deltas = np.ascontiguousarray(neutral, np.float32), np.ascontiguousarray(deltas, np.float32)
        if neutral.ndim != 2 or neutral.shape[1] != 3 or not len(neutral):
            raise InputError(f"neutral has shape {list(neutral.shape)}, expected [V, 3]")
        if deltas.shape != (model.n_channels, *neutral.shape):
            shape = [model.n_channels, *neutral.shape]
            raise InputError(f"deltas have shape {list(deltas.shape)}, expected {shape}")
        self.model, self.n_vertices = model, len(neutral)
        self._model = native_model
        self._native = native().DeviceRig(native_model, neutral, deltas)

    def pose(self, frames: DeviceArray, out: DeviceArray | None = None) -> DeviceArray:
        """Vertices of frames, float32 [n, V, 3] on the device. Does not wait: consumers do, by the protocols of
        DeviceArray, or out.wait(stream).
        frames: [n, n_channels], of Stream.pull_device().   out: [n or more, V, 3] to be written, which nobody may
        read meanwhile; None makes a new array.   Raises InputError for other shapes or another model's arrays.
        """
        n = frames.shape[0]
        if out is None:
            out = native().DeviceArray(self._model, [max(1, n), self.n_vertices, 3])
        self._native.pose(frames, out)
        return out.head(n)
