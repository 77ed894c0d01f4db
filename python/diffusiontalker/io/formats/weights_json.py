"""Weights as text (.json), in the form that docs/output-formats.md defines."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from diffusiontalker.io.curves import write_json
from diffusiontalker.io.dials import checked_dials
from diffusiontalker.io.formats.checks import floats, json_object, names_of
from diffusiontalker.io.formats.record import Format, Motion, Unusable


def read_json(path: Path) -> Motion:
    """What write_json() wrote; unknown keys are ignored."""
    saved = json_object(path, "weights and channels")
    missing = next((k for k in ("weights", "channels", "fps_num", "fps_den") if k not in saved), None)
    if missing is not None:
        raise Unusable(f"has no {missing}")
    names = names_of(saved["channels"])
    numbers = saved["fps_num"], saved["fps_den"]
    if any(not isinstance(n, int) or isinstance(n, bool) or n < 1 for n in numbers):
        raise Unusable(f"has the frame rate {numbers[0]!r} / {numbers[1]!r}, expected two whole numbers above 0")
    rate = Fraction(*numbers)
    dials = checked_dials(saved.get("dials"))
    pose = None if saved.get("head_pose") is None else floats(saved["head_pose"], "a head pose")
    weights = floats(saved["weights"], "weights")
    return Motion(weights, names, rate.numerator, rate.denominator, head_pose=pose, dials=dials)


FORMAT = Format(
    (".json",),
    write_json,
    read_json,
    "weights as text",
    channels=None,
    to_stdout=True,
    is_text=True,
    remedy="save the animation again, as .npz or .json",
)
