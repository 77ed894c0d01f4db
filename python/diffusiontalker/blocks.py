"""How many frames are worked on at once."""

from __future__ import annotations

MAX_BLOCK_FRAMES = 300  # ten seconds at 30 fps; 62 kB of 52 channels
MAX_BLOCK_BYTES = 4 << 20  # what limits it for vertices: 14 frames of 23370 of them


def block_frames(n_values: int) -> int:
    """Frames of n_values float32 numbers each that make a block; at least 1."""
    return max(1, min(MAX_BLOCK_FRAMES, MAX_BLOCK_BYTES // (4 * max(1, n_values))))
