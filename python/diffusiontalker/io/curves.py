"""Weights as JSON and NPZ, written block by block so that memory does not grow with the length."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

JSON_FORMAT, JSON_VERSION = "diffusiontalker-weights", 1
_BLOCK_FRAMES = 300


def weight_blocks(anim, n_frames: int = _BLOCK_FRAMES) -> Iterator[np.ndarray]:
    """The weights in order, float32 [at most n_frames, C]."""
    for start in range(0, len(anim.weights), n_frames):
        yield np.ascontiguousarray(anim.weights[start : start + n_frames], np.float32)


def write_json(anim, f: BinaryIO) -> None:
    """One JSON object (docs/output-formats.md); nine digits keep every float32 exactly."""
    head = {
        "format": JSON_FORMAT,
        "format_version": JSON_VERSION,
        "fps_num": int(anim.fps_num),
        "fps_den": int(anim.fps_den),
        "n_frames": len(anim.weights),
        "channels": list(anim.channels),
    }
    f.write(json.dumps(head, indent=1)[:-2].encode() + b',\n "weights": [')
    separator = "\n  "
    for block in weight_blocks(anim):
        rows = ["[" + ",".join([f"{w:.9g}" for w in row]) + "]" for row in block.tolist()]
        f.write((separator + ",\n  ".join(rows)).encode())
        separator = ",\n  "
    f.write(b"\n ]\n}\n")


def write_npz(anim, f: BinaryIO) -> None:
    """weights float32 [n, C], channels str [C], fps float64, times float64 [n] in seconds.
    The same animation gives the same bytes (np.savez would put the time of day in).
    """
    n = len(anim.weights)
    with zipfile.ZipFile(f, "w", zipfile.ZIP_DEFLATED) as archive:
        header = {"descr": "<f4", "fortran_order": False, "shape": (n, len(anim.channels))}
        with archive.open(_member("weights"), "w", force_zip64=True) as member:
            np.lib.format.write_array_header_1_0(member, header)
            for block in weight_blocks(anim):
                member.write(block.astype("<f4", copy=False).tobytes())
        with archive.open(_member("times"), "w", force_zip64=True) as member:
            np.lib.format.write_array_header_1_0(member, {"descr": "<f8", "fortran_order": False, "shape": (n,)})
            for start in range(0, n, _BLOCK_FRAMES):
                indices = np.arange(start, min(n, start + _BLOCK_FRAMES), dtype="<f8")
                member.write((indices * anim.fps_den / anim.fps_num).tobytes())
        arrays = {"channels": np.array(anim.channels), "fps": np.float64(anim.fps_num / anim.fps_den)}
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asanyarray(array), allow_pickle=False)
            archive.writestr(_member(name), buffer.getvalue())


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    return info
