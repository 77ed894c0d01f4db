"""One character's stream: audio goes in as it arrives, timestamped frames come out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffusiontalker.api.samples import as_float32, checked_rate
from diffusiontalker.blocks import block_frames
from diffusiontalker.errors import BufferFullError, InputError
from diffusiontalker.native import native

if TYPE_CHECKING:
    from diffusiontalker._native import DeviceArray
    from diffusiontalker.api.model import Model


@dataclass(frozen=True)
class Frame:
    """One animation frame."""

    index: int  # since the start of the stream
    time_s: float  # index * fps_den / fps_num
    weights: np.ndarray  # float32 [n_channels]
    head_pose: np.ndarray | None = None  # float32 [3], as Animation.head_pose; None for a model without one


@dataclass(frozen=True)
class Profile:
    """Sizes of one window, in animation frames; *_samples at the model's sample rate."""

    past_frames: int
    hop_frames: int
    lookahead_frames: int
    lookahead_samples: int  # future audio that a hop waits for
    hop_samples: int
    front_end_samples: int  # the log-mel window's share of lookahead_samples
    latency_ms: float  # what the first frame of a hop waits after its own time; compute time comes on top
    min_latency_ms: float  # what the last frame of a hop waits
    stream_bytes: int  # memory of a native stream with the C library's default options


class Stream:
    """Made by Model.stream(). Used by one thread at a time.

    stream.push(samples, sample_rate); for frame in stream.pull(): ...; at the end stream.flush() and pull once more.
    """

    def __init__(self, model: Model, native_stream, profile: Profile, max_buffered_ms: int):
        self.model = model
        self.profile = profile
        self._native = native_stream
        self._block_frames = block_frames(model.n_channels)  # asked from the native stream at once
        self._piece_s = max_buffered_ms / 4000  # pieces of a quarter of the buffer always fit after a pull
        self._waiting: deque[tuple[int, np.ndarray, np.ndarray]] = (
            deque()
        )  # pulled early to make room, not asked for yet

    def push(self, samples, sample_rate: int) -> None:
        """Appends audio of any length; frames that no longer fit the native buffer wait in this object.
        samples: float [n] or [n, channels], nominal -1..1, or int8, int16, int32, uint8; channels are mixed to mono.
        sample_rate: Hz, 1000..768000, fixed by the first push.
        Raises InputError (type, shape, rate, NaN or infinite samples), StreamClosedError after flush().
        """
        array, rate = as_float32(samples), checked_rate(sample_rate)
        piece = max(1, int(rate * self._piece_s))
        for start in range(0, max(1, len(array)), piece):
            part = array[start : start + piece]
            try:
                self._native.push(part, rate)
            except BufferFullError:
                while self._pull_native():
                    pass
                self._native.push(part, rate)

    def _pull_native(self, max_frames: int | None = None) -> int:
        n = self._block_frames if max_frames is None else max_frames
        first, weights, head_pose = self._native.pull_with_pose(n)
        if len(weights):
            self._waiting.append((first, weights, head_pose))
        return len(weights)

    def pull_block(self, max_frames: int | None = None) -> tuple[int, np.ndarray]:
        """At most max_frames finished frames (None: a few MB) as (index of the first, float32 [n, n_channels]).
        n is 0 when more audio is needed. A max_frames of one hop computes no more than one window.
        """
        return self.pull_block_with_pose(max_frames)[:2]

    def pull_block_with_pose(self, max_frames: int | None = None) -> tuple[int, np.ndarray, np.ndarray | None]:
        """As pull_block(), with the head pose float32 [n, 3] (Animation.head_pose); None for a model without one."""
        has_pose = self.model.has_head_pose
        if not self._waiting and not self._pull_native(max_frames):
            none = np.zeros((0, self.model.n_channels), np.float32)
            return 0, none, np.zeros((0, 3), np.float32) if has_pose else None
        first, weights, pose = self._waiting.popleft()
        if max_frames is not None and len(weights) > max_frames:
            self._waiting.appendleft((first + max_frames, weights[max_frames:], pose[max_frames:]))
        return first, weights[:max_frames], pose[:max_frames] if has_pose else None

    def pull(self) -> list[Frame]:
        """All frames that are finished, computing them as needed; [] when more audio is needed."""
        frames: list[Frame] = []
        period = self.model.fps_den / self.model.fps_num
        while True:
            first, weights, pose = self.pull_block_with_pose()
            if not len(weights):
                return frames
            poses = [None] * len(weights) if pose is None else pose
            frames += [
                Frame(first + i, (first + i) * period, w, p)
                for i, (w, p) in enumerate(zip(weights, poses, strict=True))
            ]

    def pull_device(self, max_frames: int | None = None, out: DeviceArray | None = None) -> tuple[int, DeviceArray]:
        """Finished frames on the device, for consumers that work there: (index of the first, float32 [n, n_channels]).
        The array speaks __dlpack__ (torch.from_dlpack, jax, cupy) and, on a GPU, __cuda_array_interface__. The frames
        are those of pull(), bit by bit. n is 0 when more audio is needed.
        max_frames: at most so many, None: all that are ready.   out: an array of an earlier call to be written again,
        which nobody may read meanwhile; None makes a new one.
        Raises InputError when frames wait in this object (push less at a time, or pull_block() them first),
        UnsupportedError on a backend without a device.
        """
        return self.pull_device_with_pose(max_frames, out)[:2]

    def pull_device_with_pose(
        self, max_frames: int | None = None, out: DeviceArray | None = None
    ) -> tuple[int, DeviceArray, np.ndarray | None]:
        """As pull_device(), with the head pose float32 [n, 3] on the host; None for a model without one."""
        if self._waiting:
            n = sum(len(w) for _, w, _ in self._waiting)
            raise InputError(f"{n} frames are on the host already: take them with pull_block(), or push less at a time")
        if out is None:
            ready = self._native.ready_frames()
            n = max(1, ready if max_frames is None else min(ready, max_frames))
            out = native().DeviceArray(self.model._native, [n, self.model.n_channels])
        elif max_frames is not None:
            raise InputError("max_frames and out are both given: out tells how many frames are taken")
        first, n, pose = self._native.pull_device_with_pose(out)
        return first, out.head(n), pose if self.model.has_head_pose else None

    @property
    def ready_frames(self) -> int:
        """Frames that pull() would give now."""
        return self._native.ready_frames() + sum(len(w) for _, w, _ in self._waiting)

    def flush(self) -> None:
        """Ends the audio: the remaining frames become ready and ease to rest; ceil(duration * fps) in all."""
        self._native.flush()

    def reset(self) -> None:
        """Back to frame 0 and the rest pose, as after creation; the rate may change."""
        self._waiting.clear()
        self._native.reset()

    def seek(self, frame: int) -> None:
        """As reset(), but the next audio begins at animation frame `frame`; time stamps and noise are that frame's."""
        self._waiting.clear()
        self._native.seek(frame)

    def interrupt(self, ease_ms: int = 200) -> int:
        """Barge-in: drops all audio and frames that wait, and eases to the rest pose from the pose pulled last.
        Returns the index of the frame that the next pushed sample belongs to.   ease_ms: 0..10000.
        """
        self._waiting.clear()
        return self._native.interrupt(ease_ms)

    def pause(self) -> None:
        """No frames until resume(); audio may be pushed as far as the buffer goes."""
        self._native.pause(True)

    def resume(self) -> None:
        self._native.pause(False)

    def set_style(self, style, blend_ms: int = 300) -> None:
        """Changes the style from the next window on, blended over blend_ms (0..60000) of animation.
        style: float [d_identity], of Model.style(), blend_styles() or enroll().   Raises InputError.
        """
        style = np.ascontiguousarray(style, np.float32)
        if style.shape != (self.model.d_identity,):
            raise InputError(f"style has shape {style.shape}, expected [{self.model.d_identity}]")
        self._native.set_style(style, blend_ms)

    def info(self) -> dict:
        """State, memory and latency of the native stream (dt_stream_info)."""
        return dict(self._native.info())

    def stats(self) -> dict[str, int]:
        """Hops, frames and nanoseconds spent per phase since creation or reset."""
        return dict(self._native.stats())
