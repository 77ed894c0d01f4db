"""Several channels as one, for sound that is played; the native stream mixes by itself what is animated."""

from __future__ import annotations

import numpy as np

_LOST = 0.01  # 20 dB, as in the native stream


def mono(block: np.ndarray) -> np.ndarray:
    """float32 [n]: the mean of the channels, or the loudest one where the mean is over 20 dB below it, as it is when a
    channel has its phase inverted.   block: float32 [n, n_channels]."""
    mean = block.mean(axis=1, dtype=np.float32)
    powers = np.mean(np.square(block, dtype=np.float64), axis=0)
    loudest = int(np.argmax(powers))
    if np.mean(np.square(mean, dtype=np.float64)) < _LOST * powers[loudest]:
        return np.ascontiguousarray(block[:, loudest])
    return mean
