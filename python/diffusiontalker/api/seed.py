"""A seed made from the sound: a recording gives the same face each time, and two voices do not blink alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

Blocks = Iterator[tuple[np.ndarray, int]]

_AUDIBLE = 33  # of 32767: -60 dBFS, so that quiet recordings count
_MAX_SILENCE_S = 60  # of blocks that are held; a recording that is silent for longer gets seed 0


def _one_channel(block: np.ndarray) -> np.ndarray:
    """The mean of the channels, sample by sample; the first channel where they cancel each other, as those do of which
    one has its phase inverted."""
    if block.ndim == 1:
        return block
    mean = block.mean(axis=1)
    return np.where(np.abs(mean) < 0.1 * np.abs(block).max(axis=1), block[:, 0], mean)


def seed_of_sound(blocks: Iterable[tuple[np.ndarray, int]]) -> tuple[int, Blocks]:
    """A seed 0 .. 2**32-1 from the first second of sound, and all the blocks again.
    blocks: (float32 [n] or [n, channels], sample rate in Hz); how they are cut does not matter.
    The seed is the start of the BLAKE2b hash of the mean of the channels as 16-bit numbers, one second from the first
    sample on that is audible. It is 0 for silence.
    """
    source = iter(blocks)
    held: list[tuple[np.ndarray, int]] = []
    digest = hashlib.blake2b(digest_size=4)
    n_silent, n_wanted = 0, -1
    for block, rate in source:
        held.append((block, rate))
        numbers = np.rint(np.clip(np.nan_to_num(_one_channel(block)), -1, 1) * 32767).astype("<i2")
        if n_wanted < 0:
            audible = np.flatnonzero(np.abs(numbers) >= _AUDIBLE)
            if not len(audible):
                n_silent += len(numbers)
                if n_silent > _MAX_SILENCE_S * rate:
                    break
                continue
            n_wanted, numbers = rate, numbers[audible[0] :]
        digest.update(numbers[:n_wanted].tobytes())
        n_wanted = max(0, n_wanted - len(numbers))
        if n_wanted == 0:
            break
    seed = int.from_bytes(digest.digest(), "big") if n_wanted >= 0 else 0
    return seed, chain(held, source)
