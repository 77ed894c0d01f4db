"""Frames of a long recording outside the process's memory."""

from __future__ import annotations

import tempfile

import numpy as np

from diffusiontalker.errors import OutputError

# About 80 s of 52 channels stay in memory; more goes to a temporary file.
MEMORY_LIMIT_BYTES = 512 * 1024


class FrameFile:
    """A float32 array [n_frames, n_channels] that grows at its end and is read in pieces.
    Slices along the first axis read only those frames; numpy.asarray() reads everything.
    The temporary file has no name, so nothing is left behind when the process ends in whatever way.
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, n_channels: int):
        self.n_channels = n_channels
        self._n_frames = 0
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_LIMIT_BYTES)

    @property
    def shape(self) -> tuple[int, int]:
        return self._n_frames, self.n_channels

    def __len__(self) -> int:
        return self._n_frames

    def append(self, block: np.ndarray) -> None:
        """Adds float32 [n, n_channels]. Raises OutputError when the temporary folder is full."""
        try:
            self._file.seek(0, 2)
            self._file.write(np.ascontiguousarray(block, np.float32).tobytes())
            self._n_frames += len(block)
        except OSError as e:
            raise OutputError(
                f"frames cannot be kept in the temporary folder{_temporary_folder()}: {e.strerror or e}; free space "
                "there or set TMPDIR to another folder"
            ) from e

    def _read(self, start: int, stop: int) -> np.ndarray:
        row_bytes = self.n_channels * 4
        self._file.seek(start * row_bytes)
        data = bytearray(self._file.read(max(0, stop - start) * row_bytes))
        return np.frombuffer(data, np.float32).reshape(-1, self.n_channels)

    def __getitem__(self, key) -> np.ndarray:
        rows, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(rows, slice):
            start, stop, step = rows.indices(self._n_frames)
            picked = self._read(start, stop)[::step] if step > 0 else np.asarray(self)[rows]
        elif isinstance(rows, (int, np.integer)):
            index = int(rows) + (self._n_frames if rows < 0 else 0)
            if not 0 <= index < self._n_frames:
                raise IndexError(f"frame {rows} is outside 0..{self._n_frames - 1}")
            picked = self._read(index, index + 1)[0]
            return picked[tuple(rest)] if rest else picked
        else:
            picked = np.asarray(self)[rows]
        columns = (slice(None), *rest)
        return picked[columns] if rest else picked

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        everything = self._read(0, self._n_frames)
        return everything if dtype is None else everything.astype(dtype)


def _temporary_folder() -> str:
    try:
        return f" {tempfile.gettempdir()}"
    except OSError:  # none takes files
        return ""
