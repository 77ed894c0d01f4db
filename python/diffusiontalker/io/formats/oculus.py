"""The fifteen visemes of Oculus: their shares in every frame as a table, and one after the other as a track."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np

from diffusiontalker.io.curves import weight_blocks
from diffusiontalker.io.formats.checks import json_object, text_of
from diffusiontalker.io.formats.cues import cues_of, motion_of
from diffusiontalker.io.formats.record import Cue, Format, Motion, Unusable
from diffusiontalker.io.formats.tables import csv_rows, numbers, on_a_grid, rate_of_times, write_time_table
from diffusiontalker.io.visemes import arkit_weights, poses, shares
from diffusiontalker.spec.channels import ARKIT_CHANNELS

ALPHABET = "oculus"


def write_shares(anim, f: BinaryIO) -> None:
    """time in seconds, then the share 0..1 of sil PP FF TH DD kk CH SS nn RR aa E I O U with six decimals; the shares
    of a frame make 1."""
    names, _ = poses(ALPHABET)
    blocks = (shares(ALPHABET, arkit_weights(anim.channels, block)) for block in weight_blocks(anim))
    write_time_table(f, names, blocks, anim, ".6f")


def read_shares(path: Path) -> Motion:
    """Poses mixed by their shares. Names may have a prefix, as in viseme_PP."""
    header, rows = csv_rows(text_of(path))
    names, table = poses(ALPHABET)
    short = [name.split("_")[-1] for name in header]
    known = [i for i, name in enumerate(short) if name in names]
    if header[0].lower() != "time" or not known:
        raise Unusable("has no column time followed by visemes such as PP and aa")
    if len({short[i] for i in known}) < len(known):
        raise Unusable("names a viseme in two columns")
    cells = numbers([[row[i] for i in (0, *known)] for row in rows], [header[i] for i in (0, *known)])
    rate = rate_of_times(cells[:, 0])
    values, _ = on_a_grid((cells[:, 0] - cells[0, 0]) * float(rate), cells[:, 1:])
    mixed = values.astype(np.float64) @ table[[names.index(short[i]) for i in known]]
    return Motion(mixed.astype(np.float32), ARKIT_CHANNELS, rate.numerator, rate.denominator)


def write_track(anim, f: BinaryIO) -> None:
    """One object with visemes, vtimes and vdurations in milliseconds, which TalkingHead's speakAudio() takes."""
    cues = cues_of(anim, ALPHABET)
    columns = {
        "visemes": [c.shape for c in cues],
        "vtimes": [int(c.start * 1000) for c in cues],
        "vdurations": [int((c.end - c.start) * 1000) for c in cues],
    }
    rows = ",\n".join(f' "{key}": {json.dumps(column)}' for key, column in columns.items())
    f.write(f"{{\n{rows}\n}}\n".encode())


def read_track(path: Path) -> Motion:
    """visemes, vtimes and vdurations; pauses between them are silence."""
    saved = json_object(path, "visemes, vtimes and vdurations")
    columns = [saved.get(key) for key in ("visemes", "vtimes", "vdurations")]
    if len({len(c) if isinstance(c, list) else -1 for c in columns} | {-1}) != 2 or None in columns:
        raise Unusable("has no visemes, vtimes and vdurations of one length")
    cues: list[Cue] = []
    for shape, start, length in zip(*columns, strict=True):
        if any(isinstance(v, bool) or not isinstance(v, (int, float)) or not 0 <= v < 1e9 for v in (start, length)):
            raise Unusable(f"has the time {start!r} or duration {length!r}, expected milliseconds from 0")
        begin, end = Fraction(start) / 1000, Fraction(start + length) / 1000
        if begin > (cues[-1].end if cues else 0):
            cues.append(Cue(cues[-1].end if cues else Fraction(0), begin, "sil"))
        cues.append(Cue(begin, end, str(shape)))
    return motion_of(cues, ALPHABET)


SHARES = Format(
    (".oculus.csv",),
    write_shares,
    read_shares,
    "the 15 visemes of Oculus in every frame",
    to_stdout=True,
    is_text=True,
    holds_pose=False,
    remedy="give it a header with time and the names of the visemes",
    recognises=lambda beginning: b"sil," in beginning[:300] and b"PP" in beginning[:300],
)
TRACK = Format(
    (".oculus.json",),
    write_track,
    read_track,
    "the visemes of Oculus one after the other",
    to_stdout=True,
    is_text=True,
    holds_pose=False,
    recognises=lambda beginning: b'"vtimes"' in beginning,
)
