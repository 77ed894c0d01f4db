"""Damaged sound files: they are read, with finite samples, or refused in one sentence; nothing else comes out."""

from __future__ import annotations

import random

import numpy as np
import pytest

from benchmarks.inputs.__main__ import GROUPS, speech
from diffusiontalker.errors import InputError
from diffusiontalker.io.sound.reading import Sound

GROUPS_TRIED = ("Formats", "Widths of WAV", "MP3", "Length not known", "Recordings behind each other")


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Bytes changed, left out, doubled or cut off, most of them near the beginning, where the headers are."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 2, 4, 16))):
        at = rng.randrange(max(1, min(len(out), rng.choice((64, 128, 512, len(out) or 1)))))
        how = rng.randrange(5)
        if how == 0:
            out[at : at + 1] = bytes([rng.randrange(256)])
        elif how == 1:
            out[at : at + 4] = rng.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f"))
        elif how == 2:
            del out[at : at + rng.randrange(1, 200)]
        elif how == 3:
            out[at:at] = out[at : at + rng.randrange(1, 300)]
        else:
            del out[rng.randrange(len(out) + 1) :]
    return bytes(out)


@pytest.mark.parametrize("group", GROUPS_TRIED)
def test_damaged_files_are_read_or_refused_in_one_sentence(group):
    clip = speech(seconds=1.0)
    seeds = [(kind.name, kind.make(clip)) for kind in GROUPS[group]]
    wrong = []
    for seed in range(60):
        rng = random.Random(seed)
        name, data = rng.choice(seeds)
        said = ""
        try:
            with Sound(damaged(data, rng), warn=lambda _: None, quiet=True) as sound:
                finite = all(np.isfinite(block).all() for block, _ in sound.blocks())
        except InputError as e:
            finite, said = True, str(e)
        if not finite or "\n" in said:
            wrong.append((name, seed, said))
    assert wrong == []
