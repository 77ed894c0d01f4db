"""Counter-based noise: a function of (seed, absolute frame, channel), the reference for C++ and CUDA."""

from __future__ import annotations

import numpy as np

# Constants of Philox-4x32: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_LOW = np.uint64(0xFFFFFFFF)


def philox_4x32_10(counter: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """Ten rounds. counter: uint32 [..., 4]; key: two 32-bit words. Returns uint32 [..., 4]."""
    c0, c1, c2, c3 = (counter[..., i].astype(np.uint64) for i in range(4))
    k0, k1 = key
    for _ in range(10):
        p0, p1 = c0 * _M0, c2 * _M1
        hi0, lo0, hi1, lo1 = p0 >> np.uint64(32), p0 & _LOW, p1 >> np.uint64(32), p1 & _LOW
        c0, c1, c2, c3 = hi1 ^ c1 ^ np.uint64(k0), lo1, hi0 ^ c3 ^ np.uint64(k1), lo0
        k0, k1 = (k0 + _W0) & 0xFFFFFFFF, (k1 + _W1) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=-1).astype(np.uint32)


def normal_noise(seed: int, first_frame: int, n_frames: int, n_channels: int) -> np.ndarray:
    """Standard normal noise of the sampler, float32 [n_frames, n_channels].
    seed: 0 .. 2**64-1.   first_frame: absolute animation frame, >= 0.
    """
    n_quads = -(-n_channels // 4)
    frame = np.arange(first_frame, first_frame + n_frames, dtype=np.uint64)
    counter = np.zeros((n_frames, n_quads, 4), np.uint32)
    counter[..., 0] = (frame & _LOW)[:, None]
    counter[..., 1] = (frame >> np.uint64(32))[:, None]
    counter[..., 2] = np.arange(n_quads, dtype=np.uint32)
    bits = philox_4x32_10(counter, (seed & 0xFFFFFFFF, seed >> 32))
    u = (bits.astype(np.float64) + 0.5) * 2.0**-32
    radius = np.sqrt(-2.0 * np.log(u[..., 0::2]))
    angle = 2.0 * np.pi * u[..., 1::2]
    normal = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    return normal.reshape(n_frames, n_quads * 4)[:, :n_channels].astype(np.float32)
