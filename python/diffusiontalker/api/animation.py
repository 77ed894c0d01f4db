"""The result of animating a recording."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffusiontalker.api.outputs import OutputSet


@dataclass(frozen=True, eq=False)
class Animation:
    """Blendshape weights over time. Frame k belongs to the audio at k * fps_den / fps_num seconds."""

    weights: np.ndarray  # float32 [n_frames, n_channels], nominal 0..1
    channels: tuple[str, ...]
    fps_num: int
    fps_den: int = 1
    audio_path: Path | None = None  # the recording it belongs to, when it came from a file

    @property
    def n_frames(self) -> int:
        return len(self.weights)

    @property
    def fps(self) -> float:
        return self.fps_num / self.fps_den

    @property
    def times(self) -> np.ndarray:
        """Time of each frame in seconds, float64 [n_frames]."""
        return np.arange(self.n_frames, dtype=np.float64) * self.fps_den / self.fps_num

    @property
    def duration_s(self) -> float:
        return self.n_frames * self.fps_den / self.fps_num

    def channel(self, name: str) -> np.ndarray:
        """One channel's curve, float32 [n_frames]. Raises ValueError when there is no such channel."""
        return np.asarray(self.weights[:, self.channels.index(name)])

    def blocks(self, n_frames: int = 1800) -> Iterator[np.ndarray]:
        """The weights in consecutive float32 arrays of at most n_frames frames."""
        for start in range(0, self.n_frames, n_frames):
            yield np.asarray(self.weights[start : start + n_frames])

    def save(self, *paths: str | os.PathLike[str], force: bool = False) -> None:
        """Writes one file per path, in the format its ending names (.npz, .csv, .json, .glb; docs/cli.md).
        All files are written or none. force: overwrite existing files.
        Raises InputError: an ending that names no format. OutputError: folder missing, file exists, disk full.
        """
        from diffusiontalker.io import save_animation

        outputs = OutputSet([Path(p) for p in paths], force)
        with outputs:
            for target, staged in outputs.staged.items():
                with outputs.naming(target):
                    save_animation(self, staged)
            outputs.commit()
