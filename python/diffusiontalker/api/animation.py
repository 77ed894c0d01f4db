"""The result of animating a recording."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from diffusiontalker.api.outputs import OutputSet
from diffusiontalker.api.rig import Rig
from diffusiontalker.blocks import block_frames
from diffusiontalker.errors import InputError
from diffusiontalker.names import chosen

if TYPE_CHECKING:
    from diffusiontalker.api.dials import Dials
    from diffusiontalker.api.edits import Edits
    from diffusiontalker.io.formats import Cue


@dataclass(frozen=True, eq=False)
class Animation:
    """Motion over time. Frame k belongs to the audio at k * fps_den / fps_num seconds.
    space: what `weights` are. "blendshapes": weights, nominal 0..1; "vertices": offsets from the template, x, y, z of
    vertex 0, 1, ..; "coefficients": of the rig's linear basis.
    """

    weights: np.ndarray  # float32 [n_frames, n_channels]
    channels: tuple[str, ...]  # names; empty for vertices
    fps_num: int
    fps_den: int = 1
    audio_path: Path | None = None  # the recording it belongs to, when it came from a file
    space: str = "blendshapes"
    rig: Rig | None = None
    # float32 [n_frames, 3]: yaw, pitch, roll of the head in radians, about the neck by R_y(yaw) R_x(pitch) R_z(roll),
    # right-handed with x to the subject's left, y up, z out of the face: yaw > 0 turns the face to the subject's left,
    # pitch > 0 nods it down, roll > 0 tilts the head to the right shoulder. None: a motion without a head pose.
    head_pose: np.ndarray | None = None
    head: str = "default"  # face of the built-in head that shows blendshapes, one of diffusiontalker.head.HEAD_SHAPES
    # The mouth cues that the weights were posed from, for a motion that was read from a cue track, and their alphabet,
    # "rhubarb" or "oculus": a cue track of the same alphabet is written from them unchanged.
    cues: tuple[Cue, ...] | None = None
    alphabet: str = ""
    dials: Dials | None = None  # that it was made with, for files that keep them; None: all at their defaults

    @property
    def n_frames(self) -> int:
        return len(self.weights)

    @property
    def n_channels(self) -> int:
        return self.weights.shape[1]

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
        """One channel's curve, float32 [n_frames]. Raises InputError when there is no such channel."""
        if not self.channels:
            raise InputError(f"these {self.space} have no named channels")
        column = self.channels.index(chosen("channel", name, self.channels, "the animation"))
        return np.asarray(self.weights[:, column])

    def blocks(self, n_frames: int = 1800) -> Iterator[np.ndarray]:
        """The weights in consecutive float32 arrays of at most n_frames frames."""
        for start in range(0, self.n_frames, n_frames):
            yield np.asarray(self.weights[start : start + n_frames])

    @property
    def n_vertices(self) -> int:
        """V of vertices(). Raises InputError as vertices() does."""
        return len(self._still())

    def vertices(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Geometry of frames start .. stop - 1 (all of them by default), float32 [n, V, 3]: the rig's template plus
        offsets, in units of rig.unit_m; for blendshapes the built-in head, in metres, turned by head_pose.
        Beside the result, memory for a few frames only; ask for parts of a long animation.
        Raises InputError: a motion without a rig, channels or a shape that the head does not have.
        """
        still = self._still()
        frames = range(*slice(start, stop).indices(self.n_frames))
        out = np.empty((len(frames), *still.shape), np.float32)
        step = block_frames(still.size)
        for i in range(0, len(frames), step):
            rows = slice(frames.start + i, min(frames.stop, frames.start + i + step))
            pose = None if self.head_pose is None else np.asarray(self.head_pose[rows])
            out[i : i + step] = self._geometry(np.asarray(self.weights[rows]), pose)
        return out

    def _still(self) -> np.ndarray:
        """The face without movement, [V, 3]."""
        if self.space == "blendshapes":
            from diffusiontalker.head import shaped_head

            return shaped_head(self.head).positions
        if self.rig is None:
            raise InputError(
                f"these {self.space} come without a rig, so there is no template to add them to: animate with a "
                "bundle that has one"
            )
        return self.rig.template

    def _geometry(self, weights: np.ndarray, pose: np.ndarray | None) -> np.ndarray:
        if self.rig is not None:
            return self.rig.vertices(weights)
        from diffusiontalker.head import in_head_order, shaped_head, turned

        head = shaped_head(self.head)
        still = head.vertices(in_head_order(head, self.channels, weights))
        return still if pose is None else turned(head, still, pose)

    def resampled(self, fps_num: int, fps_den: int = 1) -> Animation:
        """The same motion at another frame rate (30000, 1001 for 29.97), with the same duration to half a new frame.
        Frames at the time of an old frame are that frame exactly; others lie on the straight line between two. Where
        the lips close between two new frames, the nearer one shows them closed.
        Raises InputError: a rate outside 0.1..1000 frames a second.
        """
        from diffusiontalker.api.resample import resampled

        return resampled(self, fps_num, fps_den)

    def edited(self, edits: Edits | str | os.PathLike[str] | Sequence[Mapping]) -> Animation:
        """The same motion with an artist's corrections: keys that pin channels at moments or add to them, and come and
        go softly. Everything else stays as it is.   edits: Edits, or the file or list of objects that holds them.
        Raises InputError: an unreadable file, a channel that is not there, a key behind the end, another motion than
        blendshapes.
        """
        from diffusiontalker.api.edits import Edits, edited

        return edited(self, Edits.given(edits))

    def save(self, *paths: str | os.PathLike[str], force: bool = False, vertices: bool = False) -> None:
        """Writes one file per path, in the format its ending names (.glb, .csv, .json, ...; docs/output-formats.md).
        All files are written or none. force: overwrite existing files.   vertices: store vertices() in .npz too.
        Raises InputError: an ending that names no format, a format that does not hold this motion space.
        OutputError: folder missing, file exists, disk full.
        """
        from diffusiontalker.io import check_formats, save_animation

        targets = [Path(p) for p in paths]
        check_formats(self.space, [p.name for p in targets], vertices)
        with OutputSet(paths, force) as outputs:
            for target in targets:
                with outputs.naming(target) as staged:
                    save_animation(self, staged, force=True, vertices=vertices, name=target.name)
            outputs.commit()
