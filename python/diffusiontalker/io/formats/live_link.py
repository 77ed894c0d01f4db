"""Weights as the CSV that the Live Link Face app records."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.curves import pose_of, weight_blocks
from diffusiontalker.io.formats.arkit_names import arkit_name
from diffusiontalker.io.formats.checks import text_of
from diffusiontalker.io.formats.record import Format, Motion, Unusable
from diffusiontalker.io.formats.tables import csv_rows, numbers, on_a_grid
from diffusiontalker.spec.channels import ARKIT_CHANNELS, HEAD_POSE_CHANNELS

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
_SIGNS_OF_A_TAKE = ("take.json", "frame_log.csv", "*_cal.csv", "*_raw.csv")
_HEADER_BYTES = 200  # the beginning that tells a recording


def csv_channels() -> tuple[str, ...]:
    """The 52 ARKit names in the column order of the file."""
    return tuple(_SWAPPED.get(c, c) for c in ARKIT_CHANNELS)


def write_csv(anim, f: BinaryIO, timecode: str | None = None) -> None:
    """Header, then one row per frame: timecode, 61, 52 weights, the head pose in radians (0 without one), and 6 zeros
    for the rotations of the eyes, since eyeLook* carry the gaze. Channels that the animation lacks are 0.
    timecode: HH:MM:SS:FF of the first row.   Raises InputError for channels that are not ARKit's, and for a timecode
    with a frame that the rate does not have.
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
    begin = frame = first_frame(len(anim.weights), rate) if timecode is None else frame_of(timecode, rate)
    head_pose = pose_of(anim)
    row_format = f"%s,{n_values}" + ",%.10f" * n_values
    for block in weight_blocks(anim):
        values = np.zeros((len(block), n_values))
        values[:, target] = block[:, source]
        if head_pose is not None:
            values[:, _YAW : _YAW + 3] = head_pose[frame - begin : frame - begin + len(block)]
        rows = [row_format % (timecode_of(frame + i, rate), *row) for i, row in enumerate(values.tolist())]
        f.write("\r\n".join(rows).encode() + b"\r\n")
        frame += len(block)


def first_frame(n_frames: int, rate: int) -> int:
    """Frame number of the first row: 0, or for a short clip above 30 fps one that shows the rate to Unreal."""
    return _UNREAL_60_ABOVE + 1 if rate > _UNREAL_60_ABOVE and n_frames <= _UNREAL_60_ABOVE + 1 else 0


def frame_of(timecode: str, rate: int) -> int:
    """The frame number from midnight of HH:MM:SS:FF. Raises InputError for another form, and for numbers beyond 59
    minutes or seconds or beyond the frames of a second."""
    found = re.fullmatch(r"(\d{1,2}):(\d{1,2}):(\d{1,2})[:;](\d{1,3})", timecode)
    hours, minutes, seconds, frames = map(int, found.groups()) if found else (-1, 0, 0, 0)
    if not 0 <= hours < 24 or minutes > 59 or seconds > 59 or frames >= rate:
        raise InputError(
            f"the timecode {timecode} is none of {rate} frames a second: write HH:MM:SS:FF, FF below {rate}"
        )
    return ((hours * 60 + minutes) * 60 + seconds) * rate + frames


def timecode_of(frame: int, rate: int) -> str:
    """HH:MM:SS:FF.zzz, zzz thousandths of a frame; hours go beyond 24 rather than wrap."""
    seconds, frames = divmod(frame, rate)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frames:02d}.000"


def read_csv(path: Path) -> Motion:
    """A recording of the app, or the folder of a take: its calibrated recording, or else its only one. Columns go by
    their names, in any order. The rotations of the eyes are left out, since eyeLook* carry the gaze.

    The rate is the number that frames reach before a second is full; in a clip without a full second it is 60 when a
    frame number is above 30, else 30, as Unreal decides. Frames that the phone dropped are interpolated."""
    header, rows = csv_rows(text_of(_recording(path)))
    if [name.lower() for name in header[:2]] != ["timecode", "blendshapecount"]:
        raise Unusable("does not begin with the columns Timecode and BlendShapeCount")
    names = [arkit_name(name) for name in header]
    known = [i for i, name in enumerate(names) if i > 1 and name is not None]
    if not any(names[i] in ARKIT_CHANNELS for i in known):
        raise Unusable("has no column of an ARKit blendshape")
    if len({names[i] for i in known}) < len(known):
        raise Unusable("names a blendshape in two columns")
    rate, places = _places([row[0] for row in rows])
    begins = rows[0][0].strip().split(".")[0]
    table = numbers([[row[i] for i in known] for row in rows], [header[i] for i in known])
    values, n_missing = on_a_grid(places, table)
    columns = {str(names[i]): values[:, k] for k, i in enumerate(known)}
    shapes = [c for c in ARKIT_CHANNELS if c in columns]
    pose = np.stack([columns.get(c, np.zeros(len(values), np.float32)) for c in HEAD_POSE_CHANNELS], axis=1)
    notes = [f"{n_missing} frames that the recording misses are interpolated"] if n_missing else []
    if any(re.match(r"(left|right)eye(yaw|pitch|roll)", name.lower()) for name in header):
        eyes = [i for i, name in enumerate(header) if re.fullmatch(r"(left|right)eye(yaw|pitch|roll)", name.lower())]
        if any(float(row[i]) for row in rows for i in eyes if row[i].strip()):
            notes.append("the rotations of the eyes are left out, as eyeLook* carry the gaze")
    if not begins.startswith("00:00:00:"):
        notes.append(f"the timecode begins at {begins}: --timecode {begins} writes it again")
    weights = np.stack([columns[c] for c in shapes], axis=1)
    return Motion(weights, tuple(shapes), rate, head_pose=pose if pose.any() else None, notes=tuple(notes))


def _recording(path: Path) -> Path:
    """The file to read: `path`, or in the folder of a take its calibrated recording."""
    if not path.is_dir():
        return path
    takes = [p for p in sorted(path.glob("*.csv")) if p.name != "frame_log.csv"]
    calibrated = [p for p in takes if p.stem.endswith("_cal")] or [
        p for p in takes if not p.stem.endswith(("_raw", "_neutral"))
    ]
    if len(calibrated) != 1:
        raise Unusable(f"is a folder with {len(calibrated)} recordings of Live Link Face: name one of its .csv files")
    return calibrated[0]


def is_take(folder: Path) -> bool:
    """Whether a folder is a take of the app, which read_csv() reads as one recording."""
    try:
        if not folder.is_dir() or not any(next(folder.glob(sign), None) for sign in _SIGNS_OF_A_TAKE):
            return False
        with _recording(folder).open("rb") as f:
            return _recognises(f.read(_HEADER_BYTES))
    except (Unusable, OSError):
        return False


def _recognises(beginning: bytes) -> bool:
    return b"blendshapecount" in beginning[:_HEADER_BYTES].lower()


def _places(codes: list[str]) -> tuple[int, np.ndarray]:
    """(frames a second, frame number of each row from the first) of timecodes HH:MM:SS:FF.zzz."""
    parts = np.zeros((len(codes), 4))
    for i, code in enumerate(codes):
        found = re.fullmatch(r"\s*(\d{1,4}):(\d{1,2}):(\d{1,2})[:;](\d{1,3}(?:\.\d+)?)\s*", code)
        if found is None:
            raise Unusable(f"has the timecode {code[:40]!r} in row {i + 2}, expected HH:MM:SS:FF.zzz")
        parts[i] = [float(n) for n in found.groups()]
    seconds, frames = parts[:, :3] @ [3600, 60, 1], parts[:, 3]
    seconds[1:] += 86400 * np.cumsum(np.diff(seconds) < -43200)  # over midnight
    turns = np.flatnonzero(np.diff(seconds) == 1)
    # A recording drops frames now and then, so the highest number before a turn of the second is the one that counts.
    highest = int(frames[turns].max()) if len(turns) and frames[turns + 1].min() < 2 else -1
    rate = highest + 1 if highest >= 0 else (60 if frames.max() > _UNREAL_60_ABOVE else 30)
    if frames.max() >= rate:
        rate = int(frames.max()) + 1
    places = seconds * rate + frames
    if (np.diff(places) < 0).any():
        raise Unusable(f"has timecodes that go back, in row {int(np.argmax(np.diff(places) < 0)) + 3}")
    return rate, places - places[0]


FORMAT = Format(
    (".csv",),
    write_csv,
    read_csv,
    "a recording of the Live Link Face app",
    to_stdout=True,
    is_text=True,
    rates=(Fraction(30), Fraction(60)),
    holds_timecode=True,
    remedy="record it again, or name the file that ends in _cal.csv",
    recognises=_recognises,
)
