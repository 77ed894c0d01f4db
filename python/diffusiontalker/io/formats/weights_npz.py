"""Weights as NumPy arrays (.npz)."""

from __future__ import annotations

import json
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from diffusiontalker.io.curves import write_npz
from diffusiontalker.io.dials import checked_dials
from diffusiontalker.io.formats.checks import MAX_BYTES, floats, rate_of
from diffusiontalker.io.formats.record import Format, Motion, Unusable


def read_npz(path: Path) -> Motion:
    """What write_npz() wrote: weights, channels, fps, and maybe space, head_pose and dials. Nothing is unpickled."""
    with zipfile.ZipFile(path) as archive:
        fields = {name: _array(archive, name) for name in ("weights", "channels", "fps", "space", "head_pose", "dials")}
    for name in ("weights", "channels", "fps"):
        if fields[name] is None:
            raise Unusable(f"has no {name}")
    rate = rate_of(fields["fps"])
    names = fields["channels"]
    if names.ndim != 1 or (names.size and names.dtype.kind != "U"):
        raise Unusable("has channels that are no list of names")
    return Motion(
        floats(fields["weights"], "weights"),
        tuple(str(n) for n in names),
        rate.numerator,
        rate.denominator,
        space="blendshapes" if fields["space"] is None else str(fields["space"]),
        head_pose=None if fields["head_pose"] is None else floats(fields["head_pose"], "a head pose"),
        dials=None if fields["dials"] is None else checked_dials(json.loads(str(fields["dials"]))),
    )


def _array(archive: zipfile.ZipFile, name: str) -> Any:
    """An array of an .npz, None where it is not there. Its size is judged before it is unpacked."""
    try:
        member = archive.getinfo(f"{name}.npy")
    except KeyError:
        return None
    with archive.open(member) as f:
        version = np.lib.format.read_magic(f)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read_header(f)
        if dtype.hasobject or math.prod(shape) * dtype.itemsize > MAX_BYTES:
            raise Unusable(f"has {name} of {list(shape)} values of {dtype}, more than {MAX_BYTES >> 20} MB")
    with archive.open(member) as f:
        return np.lib.format.read_array(f, allow_pickle=False)


FORMAT = Format(
    (".npz",),
    write_npz,
    read_npz,
    "weights as NumPy arrays",
    spaces=None,
    channels=None,
    to_stdout=True,
    holds_vertices=True,
    remedy="save the animation again, as .npz or .json",
)
