"""Reading binary glTF 2.0: the document, its accessors and the curves of its animation."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.formats.checks import MAX_BYTES, rate_of
from diffusiontalker.io.formats.record import Unusable
from diffusiontalker.io.formats.tables import rate_of_times
from diffusiontalker.io.glb_container import ANIMATION_NAME, COMPONENT_KINDS, WIDTHS
from diffusiontalker.io.gltf.accessors import raw_numbers
from diffusiontalker.io.gltf.container import parse_gltf

_MAX_FILE_BYTES = 1 << 30


@dataclass(frozen=True, eq=False)
class Curve:
    """One animated property: times float64 [k] in seconds, values float64 [k, C], and how it moves between keys:
    LINEAR, STEP or CUBICSPLINE, whose values are [k, 3, C] with tangents."""

    times: np.ndarray
    values: np.ndarray
    interpolation: str

    def on(self, rate: Fraction) -> Curve:
        """The same curve with keys that lie on frames but for float32's rounding exactly on them, so that frames are
        read bit by bit."""
        places = self.times * float(rate)
        whole = np.round(places)
        if np.abs(places - whole).max() > 0.01:
            return self
        return replace(self, times=whole * rate.denominator / rate.numerator)

    def at(self, times: np.ndarray) -> np.ndarray:
        """Values float64 [n, C] at times in seconds; before the first key and after the last they stay."""
        keys = self.values[:, 1] if self.interpolation == "CUBICSPLINE" else self.values
        if len(self.times) == 1:
            return np.repeat(keys, len(times), axis=0)
        i = np.clip(np.searchsorted(self.times, times, side="right") - 1, 0, len(self.times) - 2)
        span = self.times[i + 1] - self.times[i]
        u = np.clip((times - self.times[i]) / span, 0, 1)[:, None]
        if self.interpolation == "STEP":
            return np.where(u < 1, keys[i], keys[i + 1])
        if self.interpolation == "LINEAR":
            return keys[i] + u * (keys[i + 1] - keys[i])
        out, into = self.values[i, 2] * span[:, None], self.values[i + 1, 0] * span[:, None]
        # Appendix C of the glTF 2.0 specification: a cubic Hermite spline.
        return (
            (2 * u**3 - 3 * u**2 + 1) * keys[i]
            + (u**3 - 2 * u**2 + u) * out
            + (3 * u**2 - 2 * u**3) * keys[i + 1]
            + (u**3 - u**2) * into
        )


class GltfFile:
    """A .glb file. document: its JSON object. Lists of it are reached by items(), so that a damaged one is told."""

    def __init__(self, source: Path | bytes):
        """source: the file, or its bytes."""
        if isinstance(source, Path) and source.stat().st_size > _MAX_FILE_BYTES:
            raise Unusable(f"has more than {_MAX_FILE_BYTES >> 20} MB")
        data = source.read_bytes() if isinstance(source, Path) else source
        if len(data) < 20 or data[:4] != b"glTF":
            raise Unusable("is no binary glTF: it does not begin with glTF")
        version, total = struct.unpack("<II", data[4:12])
        if version != 2 or total != len(data):
            raise Unusable(f"is glTF of version {version} with {len(data)} of {total} bytes: it is damaged or too old")
        try:
            self._gltf = parse_gltf(data)
        except InputError as e:
            raise Unusable(str(e).removeprefix("the head ")) from e
        self.document = self._gltf.document

    def items(self, key: str, inside: Any = None) -> list[dict]:
        """A list of objects of the document, or of one of its objects; [] where there is none."""
        found = (self.document if inside is None else inside).get(key, [])
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise Unusable(f"has {key} that are no list of objects")
        return found

    def item(self, key: str, index: Any) -> dict:
        """One of them, by an index of the file."""
        found = self.items(key)
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(found):
            raise Unusable(f"names number {index!r} of {len(found)} {key}")
        return found[index]

    def array(self, index: Any) -> np.ndarray:
        """An accessor as float64 [n] or [n, C]; normalised integers are divided."""
        accessor = self.item("accessors", index)
        n, size = accessor.get("count"), WIDTHS.get(accessor.get("type", ""))
        if size is None or accessor.get("componentType") not in COMPONENT_KINDS or not isinstance(n, int) or n < 1:
            raise Unusable(f"has an accessor that cannot be read, number {index}")
        if "bufferView" in accessor:
            self.item("bufferViews", accessor["bufferView"])
        if n * size * 8 > 4 * MAX_BYTES:
            raise Unusable(f"ends within the numbers of accessor {index}: it is damaged")
        try:
            values = raw_numbers(self._gltf, index)
        except InputError as e:
            if "sparse" in accessor or "bufferView" not in accessor:
                raise Unusable("has an animation in sparse or compressed accessors that cannot be read") from e
            raise Unusable(f"ends within the numbers of accessor {index}: it is damaged, or compressed") from e
        rows = values.astype(np.float64)
        if values.dtype.kind != "f" and accessor.get("normalized"):
            rows = np.maximum(rows / np.iinfo(values.dtype).max, -1)
        return rows[:, 0] if size == 1 else rows

    def animation(self) -> dict:
        """The animation that we added last, or else the first one."""
        animations = self.items("animations")
        if not animations:
            raise Unusable("has no animation")
        ours = [a for a in animations if re.fullmatch(rf"{ANIMATION_NAME}( \d+)?", str(a.get("name")))]
        return ours[-1] if ours else animations[0]

    def curves(self) -> list[tuple[int, str, Curve]]:
        """(node, path, curve) of every channel of animation()."""
        animation = self.animation()
        samplers = self.items("samplers", animation)
        found = []
        for channel in self.items("channels", animation):
            target, number = channel.get("target", {}), channel.get("sampler")
            if "node" not in target:
                continue
            if not isinstance(number, int) or not 0 <= number < len(samplers):
                raise Unusable(f"names number {number!r} of {len(samplers)} samplers")
            sampler = samplers[number]
            self.item("nodes", target["node"])
            found.append((target["node"], str(target.get("path")), self._curve(sampler)))
        return found

    def _curve(self, sampler: dict) -> Curve:
        times, values = self.array(sampler.get("input")), self.array(sampler.get("output"))
        kind = sampler.get("interpolation", "LINEAR")
        if times.ndim != 1 or not np.isfinite(times).all() or (np.diff(times) <= 0).any() or times[0] < 0:
            raise Unusable("has an animation whose times do not rise")
        n_parts = 3 if kind == "CUBICSPLINE" else 1
        if kind not in ("LINEAR", "STEP", "CUBICSPLINE") or values.size % (len(times) * n_parts):
            raise Unusable(f"has {values.size} values for {len(times)} keys of {kind} interpolation")
        shape = (len(times), 3, -1) if n_parts == 3 else (len(times), -1)
        return Curve(times, values.reshape(shape), kind)


def grid_of(curves: list[Curve], n_channels: int) -> tuple[Fraction, np.ndarray]:
    """(frame rate, times in seconds of every frame) that show curves: the rate of the one with the most keys."""
    longest = max(curves, key=lambda curve: len(curve.times))
    rate = rate_of(float(rate_of_times(longest.times)))
    n = round(max(float(c.times[-1]) for c in curves) * rate) + 1
    if n * n_channels * 4 > MAX_BYTES:
        raise Unusable(f"has {n} frames, more than {MAX_BYTES >> 20} MB")
    return rate, np.arange(n) * rate.denominator / rate.numerator
