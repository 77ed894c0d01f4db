"""Features beside prepared clips: features.bin, float16 [rows, D] with the rows of motion.bin, and features.json."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from diffusiontalker.io.atomic import write_text
from training.encoders.frozen import FrozenEncoder
from training.prepared.clips import Clip, ClipSet

FORMAT_VERSION = 1
DATA, INDEX, PARTIAL = "features.bin", "features.json", "features.json.partial"


@dataclass(frozen=True)
class FeatureInfo:
    """What made the features of a folder; those of another value are not comparable."""

    encoder: str
    layer: int
    dim: int
    weights_sha256: str

    @staticmethod
    def of(encoder: FrozenEncoder) -> FeatureInfo:
        return FeatureInfo(encoder.name, encoder.layer, encoder.dim, encoder.weights_sha256)

    def __str__(self) -> str:
        return f"{self.encoder} layer {self.layer} (weights {self.weights_sha256[:8]})"


def _read_index(path: Path) -> tuple[FeatureInfo, int]:
    """(info, n_frames)."""
    index = json.loads(path.read_text())
    if index.pop("version", None) != FORMAT_VERSION:
        raise ValueError(f"{path} is not of format {FORMAT_VERSION}: extract the features again")
    n_frames = index.pop("n_frames")
    return FeatureInfo(**index), n_frames


class FeatureWriter:
    """Appends the features of a folder's clips, in the order of their first_frame, so that rows equal motion rows.

    resume: go on behind the whole rows that a killed run left; n_frames says how many there are, and keep() drops those
    of a clip that was cut short. Without resume what is there is replaced. features.json appears at close(); as a
    context manager it is not written after an exception.
    Raises ValueError when resume finds features of another encoder, layer or weights."""

    def __init__(self, folder: Path, info: FeatureInfo, resume: bool = False):
        self.folder, self.info = Path(folder), info
        self.folder.mkdir(parents=True, exist_ok=True)
        self._row_bytes = info.dim * np.dtype(np.float16).itemsize
        index = next((p for n in (INDEX, PARTIAL) if (p := self.folder / n).is_file()), None)
        resume = resume and (self.folder / DATA).is_file()
        if resume and index and (found := _read_index(index)[0]) != info:
            raise ValueError(f"{self.folder} has features of {found}, expected {info}: delete {DATA} and {index.name}")
        resume = resume and index is not None
        self._write_index(PARTIAL, 0)
        (self.folder / INDEX).unlink(missing_ok=True)
        self._file = open(self.folder / DATA, "r+b" if resume else "wb")
        self.n_frames = 0
        self.keep(os.path.getsize(self.folder / DATA) // self._row_bytes)

    def keep(self, n_frames: int) -> None:
        """Drops all rows behind the first n_frames; the next add() goes there."""
        self._file.truncate(n_frames * self._row_bytes)
        self._file.seek(0, os.SEEK_END)
        self.n_frames = n_frames

    def add(self, features: np.ndarray) -> None:
        """features: [n, D], of encode_clip. Raises ValueError for another width or values that are not finite."""
        if features.ndim != 2 or features.shape[1] != self.info.dim:
            raise ValueError(f"features have shape {features.shape}, expected [n_frames, {self.info.dim}]")
        values = np.ascontiguousarray(features, np.float16)
        if not np.isfinite(values).all():
            raise ValueError("features have values that are not finite in float16")
        self._file.write(values.tobytes())
        self.n_frames += len(values)

    def _write_index(self, name: str, n_frames: int) -> None:
        index = {"version": FORMAT_VERSION} | asdict(self.info) | {"n_frames": n_frames}
        write_text(self.folder / name, json.dumps(index, indent=1) + "\n")

    def close(self) -> None:
        """Ends the file and writes features.json."""
        self._file.close()
        self._write_index(INDEX, self.n_frames)
        (self.folder / PARTIAL).unlink(missing_ok=True)

    def __enter__(self) -> FeatureWriter:
        return self

    def __exit__(self, kind, value, trace) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()


class FeatureSet:
    """The features of all clips of a ClipSet, read on demand.   info: of the encoder; dim: their width.

    Raises FileNotFoundError when a folder has none; ValueError when they do not match the clips or each other."""

    def __init__(self, clips: ClipSet):
        self._arrays: list[np.ndarray] = []
        for shard, folder in enumerate(clips.folders):
            if not (folder / INDEX).is_file():
                raise FileNotFoundError(f"no {folder / INDEX}: extract the features first")
            info, n_frames = _read_index(folder / INDEX)
            rows = max((c.first_frame + c.n_frames for c in clips.clips if c.shard == shard), default=0)
            if n_frames != rows or os.path.getsize(folder / DATA) != rows * info.dim * 2:
                raise ValueError(f"{folder / DATA} has {n_frames} frames, expected {rows}: extract the features again")
            if shard == 0:
                self.info = info
            if info != self.info:
                raise ValueError(f"{folder} has features of {info}, {clips.folders[0]} of {self.info}: redo one")
            self._arrays.append(np.memmap(folder / DATA, np.float16, mode="r").reshape(-1, info.dim))

    @property
    def dim(self) -> int:
        return self.info.dim

    def clip_features(self, clip: Clip) -> np.ndarray:
        """float16 [n_frames, D], row k at frame k of the clip's motion."""
        return self._arrays[clip.shard][clip.first_frame : clip.first_frame + clip.n_frames]
