"""Weights as JSON and NPZ, written block by block so that memory does not grow with the length."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import numpy as np

from diffusiontalker.blocks import MAX_BLOCK_FRAMES, block_frames
from diffusiontalker.errors import InputError
from diffusiontalker.io.dials import kept_dials

JSON_FORMAT, JSON_VERSION = "diffusiontalker-weights", 1


def weight_blocks(anim) -> Iterator[np.ndarray]:
    """The weights in order, float32 [a few frames, C]. Raises InputError for weights that are not finite numbers, which
    no program that reads the file could use."""
    n_frames = block_frames(anim.weights.shape[1])
    for start in range(0, len(anim.weights), n_frames):
        block = np.ascontiguousarray(anim.weights[start : start + n_frames], np.float32)
        if not np.isfinite(block).all():
            row, column = np.argwhere(~np.isfinite(block))[0]
            name = anim.channels[column] if column < len(anim.channels) else f"value {column}"
            raise InputError(
                f"{name} of frame {start + row} is {block[row, column]}, not a finite number: it is not saved"
            )
        yield block


def pose_of(anim) -> np.ndarray | None:
    """The head pose float32 [n, 3]; None where the animation has none. Raises InputError for another shape."""
    from diffusiontalker.head.pose import check_pose

    pose = getattr(anim, "head_pose", None)
    return None if pose is None else check_pose(pose, len(anim.weights))


def write_json(anim, f: BinaryIO) -> None:
    """One JSON object (docs/output-formats.md); nine digits keep every float32 exactly."""
    pose = pose_of(anim)
    head = {
        "format": JSON_FORMAT,
        "format_version": JSON_VERSION,
        "fps_num": int(anim.fps_num),
        "fps_den": int(anim.fps_den),
        "n_frames": len(anim.weights),
        "channels": list(anim.channels),
    }
    if (dials := kept_dials(anim)) is not None:
        head["dials"] = dials
    f.write(json.dumps(head, indent=1)[:-2].encode())
    write_rows(f, "weights", weight_blocks(anim))
    if pose is not None:
        write_rows(f, "head_pose", [pose])
    f.write(b"\n}\n")


def write_rows(f: BinaryIO, key: str, blocks: Iterable[np.ndarray]) -> None:
    """A further key of an open JSON object: rows of numbers with the nine digits that keep every float32."""
    f.write(f',\n "{key}": ['.encode())
    separator = "\n  "
    for block in blocks:
        rows = ["[" + ",".join([f"{w:.9g}" for w in row]) + "]" for row in block.tolist()]
        f.write((separator + ",\n  ".join(rows)).encode())
        separator = ",\n  "
    f.write(b"\n ]")


def write_npz(anim, f: BinaryIO, vertices: bool = False) -> None:
    """weights float32 [n, C], channels str [C] (none for vertices), fps float64, times float64 [n] in seconds;
    head_pose float32 [n, 3] where there is one; `space` str for other motions than blendshapes; `dials` str, JSON,
    where one is not at its default.
    vertices: also anim.vertices(), float32 [n, V, 3].
    The same animation gives the same bytes (np.savez would put the time of day in).
    """
    n = len(anim.weights)
    pose = pose_of(anim)
    with zipfile.ZipFile(f, "w", zipfile.ZIP_DEFLATED) as archive:
        _write_blocks(archive, "weights", "<f4", tuple(anim.weights.shape), weight_blocks(anim))
        _write_blocks(archive, "times", "<f8", (n,), _time_blocks(anim, n))
        if pose is not None:
            _write_blocks(archive, "head_pose", "<f4", (n, 3), [pose])
        if vertices:
            step = block_frames(3 * anim.n_vertices)
            blocks = (anim.vertices(i, i + step) for i in range(0, n, step))
            _write_blocks(archive, "vertices", "<f4", (n, anim.n_vertices, 3), blocks)
        arrays = {"channels": np.array(anim.channels, str), "fps": np.float64(anim.fps_num / anim.fps_den)}
        if getattr(anim, "space", "blendshapes") != "blendshapes":
            arrays["space"] = np.array(anim.space)
        if (dials := kept_dials(anim)) is not None:
            arrays["dials"] = np.array(json.dumps(dials))
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asanyarray(array), allow_pickle=False)
            archive.writestr(_member(name), buffer.getvalue())


def _write_blocks(archive: zipfile.ZipFile, name: str, descr: str, shape: tuple, blocks: Iterable) -> None:
    with archive.open(_member(name), "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(member, {"descr": descr, "fortran_order": False, "shape": shape})
        for block in blocks:
            member.write(block.astype(descr, copy=False).tobytes())


def _time_blocks(anim, n: int) -> Iterator[np.ndarray]:
    for start in range(0, n, MAX_BLOCK_FRAMES):
        yield np.arange(start, min(n, start + MAX_BLOCK_FRAMES), dtype="<f8") * anim.fps_den / anim.fps_num


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    return info
