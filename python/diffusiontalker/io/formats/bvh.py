"""The head pose as a skeleton of two joints in Biovision's BVH."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np

from diffusiontalker.head.pose import NECK_PIVOT
from diffusiontalker.io.curves import pose_of
from diffusiontalker.io.formats.angles import angles_of, matrices_about
from diffusiontalker.io.formats.checks import MAX_BYTES, rate_of, text_of
from diffusiontalker.io.formats.record import Format, Motion, Unusable
from diffusiontalker.spec.channels import ARKIT_CHANNELS

_CM = 100  # BVH has no unit; centimetres are what its readers expect
_HEAD_TOP = 0.22  # metres above the neck's pivot, for the length of the bone


def write_bvh(anim, f: BinaryIO) -> None:
    """ROOT Bust, which stays, and below it JOINT Head in the middle of the neck, whose channels Yrotation Xrotation
    Zrotation are yaw, pitch and roll in degrees: BVH multiplies in the order of the channels, as the head pose does.
    Centimetres, y is up, the face looks along +z. A motion without a head pose keeps the head still."""
    pose = pose_of(anim)
    n = len(anim.weights)
    x, y, z = (c * _CM for c in NECK_PIVOT)
    lines = [
        "HIERARCHY", "ROOT Bust", "{", "  OFFSET 0 0 0",
        "  CHANNELS 6 Xposition Yposition Zposition Yrotation Xrotation Zrotation",
        "  JOINT Head", "  {", f"    OFFSET {x:g} {y:g} {z:g}", "    CHANNELS 3 Yrotation Xrotation Zrotation",
        "    End Site", "    {", f"      OFFSET 0 {_HEAD_TOP * _CM:g} 0", "    }", "  }", "}",
        "MOTION", f"Frames: {n}", f"Frame Time: {anim.fps_den / anim.fps_num:.10f}",
    ]  # fmt: skip
    degrees = np.degrees(np.zeros((n, 3)) if pose is None else pose.astype(np.float64))
    lines += [f"0 0 0 0 0 0 {yaw:.6f} {pitch:.6f} {roll:.6f}" for yaw, pitch, roll in degrees.tolist()]
    f.write("\n".join(lines).encode() + b"\n")


def read_bvh(path: Path) -> Motion:
    """The rotation of the first joint whose name ends in `head`, or else `neck`, or else of the last that rotates.
    Any order of its channels is known. The weights are those of a face at rest."""
    hierarchy, _, motion = text_of(path).partition("MOTION")
    if not hierarchy.lstrip().startswith("HIERARCHY") or not motion:
        raise Unusable("has no HIERARCHY and MOTION")
    joints, n_columns = _joints(hierarchy)
    rotating = [(name, axes) for name, axes in joints if axes]
    if not rotating:
        raise Unusable("has no joint that rotates")
    by_name = [j for ending in ("head", "neck") for j in rotating if j[0].lower().endswith(ending)]
    _, axes = (by_name or rotating[-1:])[0]
    found = re.match(r"\s*Frames:\s*(\d+)\s+Frame Time:\s*([0-9.eE+-]+)(.*)", motion, re.DOTALL)
    if found is None:
        raise Unusable("has no Frames and Frame Time below MOTION")
    n, seconds, numbers = int(found[1]), float(found[2]), found[3].split()
    if n < 1 or n * n_columns != len(numbers) or len(numbers) * 4 > MAX_BYTES:
        raise Unusable(f"has {len(numbers)} numbers for {n} frames of {n_columns} channels")
    if seconds <= 0:
        raise Unusable(f"has a Frame Time of {seconds:g} s")
    table = np.array(numbers, np.float64).reshape(n, n_columns)
    matrices = np.tile(np.eye(3), (n, 1, 1))
    for axis, column in axes:
        matrices = matrices @ matrices_about(axis, table[:, column])
    rate = rate_of(float(Fraction(1 / seconds).limit_denominator(1001)) if seconds < 1 else 1 / seconds)
    weights = np.zeros((n, len(ARKIT_CHANNELS)), np.float32)
    return Motion(weights, ARKIT_CHANNELS, rate.numerator, rate.denominator, head_pose=angles_of(matrices))


def _joints(hierarchy: str) -> tuple[list[tuple[str, list[tuple[str, int]]]], int]:
    """([(name, [(axis, column of its rotation)])], number of columns) in the order of the file."""
    joints: list[tuple[str, list[tuple[str, int]]]] = []
    n_columns = 0
    for name, channels in re.findall(r"(?:ROOT|JOINT)\s+(\S+)|CHANNELS\s+\d+\s+([^\n{}]+)", hierarchy):
        if name:
            joints.append((name, []))
            continue
        if not joints:
            raise Unusable("has CHANNELS before its first joint")
        for channel in channels.split():
            rotates = re.fullmatch(r"([XYZ])rotation", channel, re.IGNORECASE)
            if rotates:
                joints[-1][1].append((rotates[1].upper(), n_columns))
            n_columns += 1
    return joints, n_columns


FORMAT = Format(
    (".bvh",),
    write_bvh,
    read_bvh,
    "the head pose as a skeleton of two joints",
    to_stdout=True,
    is_text=True,
    channels=(),
    remedy="export it as BVH again",
)
