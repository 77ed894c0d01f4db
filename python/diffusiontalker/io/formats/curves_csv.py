"""Curves as a plain table (.curves.csv) for spreadsheets, Houdini, After Effects and own scripts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from diffusiontalker.io.curves import pose_of, weight_blocks
from diffusiontalker.io.formats.arkit_names import arkit_name
from diffusiontalker.io.formats.checks import text_of
from diffusiontalker.io.formats.record import Format, Motion, Unusable
from diffusiontalker.io.formats.tables import csv_rows, numbers, on_a_grid, rate_of_times, write_time_table
from diffusiontalker.spec.channels import ARKIT_CHANNELS, HEAD_POSE_CHANNELS


def write_curves(anim, f: BinaryIO) -> None:
    """time in seconds with nine decimals, a column per channel, and with a head pose headYaw, headPitch, headRoll in
    radians; nine digits keep every float32 exactly. Lines end in LF."""
    pose = pose_of(anim)
    names = [*anim.channels, *(HEAD_POSE_CHANNELS if pose is not None else ())]
    if any(re.search(r'[,"\r\n]', name) for name in names):
        raise ValueError("a channel's name holds a comma, a quote or the end of a line")
    write_time_table(f, names, _with_pose(weight_blocks(anim), pose), anim, ".9g")


def _with_pose(blocks: Iterable[np.ndarray], pose: np.ndarray | None) -> Iterator[np.ndarray]:
    """Blocks of frames with their rows of a head pose behind, where there is one."""
    frame = 0
    for block in blocks:
        yield block if pose is None else np.hstack([block, pose[frame : frame + len(block)]])
        frame += len(block)


def read_curves(path: Path) -> Motion:
    """A table whose column `time` (or `timeCode`, of NVIDIA's client) counts seconds. Columns that are no ARKit names
    are left out, and so is a column without a name."""
    header, rows = csv_rows(text_of(path))
    time = next((i for i, name in enumerate(header) if name.lower() in ("time", "timecode", "seconds")), None)
    if time is None:
        raise Unusable("has no column called time, in seconds")
    names = [arkit_name(name) for name in header]
    known = [i for i, name in enumerate(names) if name is not None and i != time]
    if not known:
        raise Unusable("has no column of an ARKit blendshape or of headYaw, headPitch, headRoll")
    if len({names[i] for i in known}) < len(known):
        raise Unusable("names a channel in two columns")
    wanted = [time, *known]
    table = numbers([[row[i] for i in wanted] for row in rows], [header[i] for i in wanted])
    rate = rate_of_times(table[:, 0])
    values, n_missing = on_a_grid((table[:, 0] - table[0, 0]) * float(rate), table[:, 1:])
    columns = {str(names[i]): values[:, k] for k, i in enumerate(known)}
    shapes = [c for c in columns if c in ARKIT_CHANNELS] or list(ARKIT_CHANNELS)
    still = np.zeros(len(values), np.float32)
    pose = None
    if any(c in columns for c in HEAD_POSE_CHANNELS):
        pose = np.stack([columns.get(c, still) for c in HEAD_POSE_CHANNELS], axis=1)
    left = [header[i] for i in range(len(header)) if i not in wanted and header[i]]
    notes = [f"{n_missing} frames that the table misses are interpolated"] if n_missing else []
    if left:
        notes.append(f"{len(left)} columns that are no ARKit channels are left out, {', '.join(left[:3])} among them")
    weights = np.stack([columns.get(c, still) for c in shapes], axis=1)
    return Motion(weights, tuple(shapes), rate.numerator, rate.denominator, head_pose=pose, notes=tuple(notes))


FORMAT = Format(
    (".curves.csv",),
    write_curves,
    read_curves,
    "a plain table of all curves over time",
    to_stdout=True,
    is_text=True,
    channels=None,
    remedy="give it a header with time and the names of the channels",
    recognises=lambda beginning: (
        re.search(rb"(^|[,\n])\W*(time|timecode|seconds)\b", beginning[:2000].lower()) is not None
        and b"blendshapecount" not in beginning[:200].lower()
    ),
)
