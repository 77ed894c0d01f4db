"""Weights as the CSV that the Live Link Face app records."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.curves import pose_of, weight_blocks
from diffusiontalker.spec.channels import ARKIT_CHANNELS

_ROTATIONS = (
    "HeadYaw", "HeadPitch", "HeadRoll",
    "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll",
    "RightEyeYaw", "RightEyePitch", "RightEyeRoll",
)  # fmt: skip
_YAW = len(ARKIT_CHANNELS)  # among the values: HeadYaw, behind the weights
# The app's files name the right one of these two pairs first, its network packets (and ARKIT_CHANNELS) the left one.
_SWAPPED = {"jawLeft": "jawRight", "jawRight": "jawLeft", "mouthLeft": "mouthRight", "mouthRight": "mouthLeft"}
# Unreal's importer takes a file for 60 fps when a frame number above this occurs in it, else for 30 fps.
_UNREAL_60_ABOVE = 30


def csv_channels() -> tuple[str, ...]:
    """The 52 ARKit names in the column order of the file."""
    return tuple(_SWAPPED.get(c, c) for c in ARKIT_CHANNELS)


def write_csv(anim, f: BinaryIO) -> None:
    """Header, then one row per frame: timecode, 61, 52 weights, the head pose in radians (0 without one), and 6 zeros
    for the rotations of the eyes, since eyeLook* carry the gaze. Channels that the animation lacks are 0.
    Raises InputError for channels that are not ARKit's.
    """
    unknown = [c for c in anim.channels if c not in ARKIT_CHANNELS]
    if unknown:
        raise InputError(f"the CSV of Live Link Face holds the 52 ARKit channels only, not {', '.join(unknown[:5])}")
    names = csv_channels()
    columns = [c[0].upper() + c[1:] for c in names] + list(_ROTATIONS)
    f.write(",".join(["Timecode", "BlendShapeCount", *columns]).encode() + b"\r\n")
    n_values = len(columns)
    source = [anim.channels.index(c) if c in anim.channels else -1 for c in names]
    target = np.array([i for i, s in enumerate(source) if s >= 0])
    source = [s for s in source if s >= 0]
    rate = max(1, round(anim.fps_num / anim.fps_den))
    begin = frame = first_frame(len(anim.weights), rate)
    head_pose = pose_of(anim)
    row_format = f"%s,{n_values}" + ",%.10f" * n_values
    for block in weight_blocks(anim):
        values = np.zeros((len(block), n_values))
        values[:, target] = block[:, source]
        if head_pose is not None:
            values[:, _YAW : _YAW + 3] = head_pose[frame - begin : frame - begin + len(block)]
        rows = [row_format % (timecode(frame + i, rate), *row) for i, row in enumerate(values.tolist())]
        f.write("\r\n".join(rows).encode() + b"\r\n")
        frame += len(block)


def first_frame(n_frames: int, rate: int) -> int:
    """Frame number of the first row: 0, or for a short clip above 30 fps one that shows the rate to Unreal."""
    return _UNREAL_60_ABOVE + 1 if rate > _UNREAL_60_ABOVE and n_frames <= _UNREAL_60_ABOVE + 1 else 0


def timecode(frame: int, rate: int) -> str:
    """HH:MM:SS:FF.zzz, zzz thousandths of a frame; hours go beyond 24 rather than wrap."""
    seconds, frames = divmod(frame, rate)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frames:02d}.000"
