"""Reading animations that were saved as .npz or .json, from anybody: every field is checked before it is used."""

from __future__ import annotations

import json
import math
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from diffusiontalker.api.animation import Animation
from diffusiontalker.errors import InputError
from diffusiontalker.head.pose import check_pose

MAX_BYTES = 256 << 20  # of an array of an .npz: 11 hours of 52 channels
MAX_JSON_BYTES, MAX_JSON_LISTS = (
    128 << 20,
    2_000_000,
)  # an hour and a half; a frame is a list, of 64 bytes and its values
MAX_CHANNELS = 1 << 20
MIN_FPS, MAX_FPS = Fraction(1, 10), 1000
MAX_WEIGHT = 1e6  # vertices may be in millimetres
MAX_ANGLE = 100.0  # radians
SPACES = ("blendshapes", "vertices", "coefficients")
_REMEDY = "save the animation again, as .npz or .json"


def load_animation(path: Path) -> Animation:
    """An animation that Animation.save() wrote as .npz or .json.
    Raises InputError: missing, damaged, too large, of another shape, values that are not finite or beyond all measure.
    """
    try:
        if not path.is_file():
            raise InputError(f"{path} does not exist: check the path")
        animation = _from_npz(path) if path.suffix.lower() == ".npz" else _from_json(path)
        _check(animation)
    except InputError:
        raise
    except _Unusable as e:
        raise InputError(f"{path} {e}: {_REMEDY}") from e
    except MemoryError as e:
        raise InputError(f"{path} does not fit into memory: save the animation in parts") from e
    except OSError as e:
        raise InputError(f"{path} cannot be read: {e.strerror or e}") from e
    # Whatever a damaged archive or text makes NumPy, zipfile, zlib or json raise: none of them says what it can be.
    except Exception as e:
        raise InputError(f"{path} is not a saved animation ({type(e).__name__}: {e}): {_REMEDY}") from e
    return animation


class _Unusable(Exception):
    """What is wrong with a file, as a clause behind its name."""


def _from_npz(path: Path) -> Animation:
    with zipfile.ZipFile(path) as archive:
        fields = {name: _array(archive, name) for name in ("weights", "channels", "fps", "space", "head_pose")}
    _expect(fields, ("weights", "channels", "fps"))
    # The file has the rate as one number; rates in use (24000/1001 ...) have denominators up to 1001.
    rate = _rate(_number(fields["fps"]))
    space = "blendshapes" if fields["space"] is None else str(fields["space"])
    names = fields["channels"]
    if names.ndim != 1 or (names.size and names.dtype.kind != "U"):
        raise _Unusable("has channels that are no list of names")
    pose = None if fields["head_pose"] is None else _floats(fields["head_pose"], "a head pose")
    return _animation(_floats(fields["weights"], "weights"), [str(n) for n in names], rate, space, pose)


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
            raise _Unusable(f"has {name} of {list(shape)} values of {dtype}, more than {MAX_BYTES >> 20} MB")
    with archive.open(member) as f:
        return np.lib.format.read_array(f, allow_pickle=False)


def _from_json(path: Path) -> Animation:
    if path.stat().st_size > MAX_JSON_BYTES:
        raise _Unusable(f"has more than {MAX_JSON_BYTES >> 20} MB")
    text = path.read_bytes()
    if text.count(b"[") + text.count(b"{") > MAX_JSON_LISTS:
        raise _Unusable(f"has more than {MAX_JSON_LISTS} lists")
    saved = json.loads(text.decode("utf-8-sig"))
    if not isinstance(saved, dict):
        raise _Unusable("is JSON, but no object with weights and channels")
    if (
        missing := next((k for k in ("weights", "channels", "fps_num", "fps_den") if k not in saved), None)
    ) is not None:
        raise _Unusable(f"has no {missing}")
    names = saved["channels"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _Unusable("has channels that are no list of names")
    numbers = saved["fps_num"], saved["fps_den"]
    if any(not isinstance(n, int) or isinstance(n, bool) or n < 1 for n in numbers):
        raise _Unusable(f"has the frame rate {numbers[0]!r} / {numbers[1]!r}, expected two whole numbers above 0")
    pose = None if saved.get("head_pose") is None else _floats(saved["head_pose"], "a head pose")
    return _animation(_floats(saved["weights"], "weights"), names, Fraction(*numbers), "blendshapes", pose)


def _expect(fields: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if fields.get(name) is None:
            raise _Unusable(f"has no {name}")


def _number(value: Any) -> float:
    if np.shape(value) != () or not np.issubdtype(np.asarray(value).dtype, np.number):
        raise _Unusable("has a frame rate that is no number")
    return float(value)


def _rate(fps: float) -> Fraction:
    if not math.isfinite(fps) or not MIN_FPS <= fps <= MAX_FPS:
        raise _Unusable(f"has a frame rate of {fps:g}, expected {float(MIN_FPS):g}..{MAX_FPS} frames a second")
    return Fraction(fps).limit_denominator(1001)


def _floats(value: Any, what: str) -> np.ndarray:
    """float32 of any array or nested list of numbers."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        array = np.asarray(None)
    if array.dtype.kind not in "fiu":
        raise _Unusable(f"has {what} that are no table of numbers")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, np.float32)


def _animation(
    weights: np.ndarray, channels: list[str], rate: Fraction, space: str, pose: np.ndarray | None
) -> Animation:
    return Animation(weights, tuple(channels), rate.numerator, rate.denominator, space=space, head_pose=pose)


def _check(animation: Animation) -> None:
    weights, channels = animation.weights, animation.channels
    _rate(animation.fps)
    if animation.space not in SPACES:
        raise _Unusable(f"is of the motion space {animation.space!r}, expected {', '.join(SPACES)}")
    n_named = None if animation.space == "vertices" else len(channels)
    if weights.ndim != 2 or not weights.size or weights.shape[1] > MAX_CHANNELS or n_named not in (
        None, weights.shape[1]
    ):  # fmt: skip
        raise _Unusable(f"has weights {list(weights.shape)} for {len(channels)} channels")
    if len(set(channels)) != len(channels):
        raise _Unusable("names a channel twice")
    if not np.isfinite(weights).all():
        raise _Unusable("holds weights that are not finite numbers")
    if np.abs(weights).max() > MAX_WEIGHT:
        raise _Unusable(f"holds weights beyond {MAX_WEIGHT:g}")
    if animation.head_pose is not None:
        try:
            check_pose(animation.head_pose, len(weights))
        except InputError as e:
            raise _Unusable(f"cannot be used, since {e}") from e
        if np.abs(animation.head_pose).max() > MAX_ANGLE:
            raise _Unusable(f"holds angles of the head beyond {MAX_ANGLE:g} radians")
