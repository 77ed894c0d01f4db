"""One character's stream: audio goes in as it arrives, timestamped frames come out."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffusiontalker.api import stream_frames
from diffusiontalker.api.dials import Dials, native_dials
from diffusiontalker.api.moods import Emotion
from diffusiontalker.api.samples import as_samples, checked_rate
from diffusiontalker.api.stream_frames import Listeners
from diffusiontalker.blocks import block_frames
from diffusiontalker.errors import InputError, StaleUtteranceError
from diffusiontalker.native import native

if TYPE_CHECKING:
    from diffusiontalker._native import DeviceArray
    from diffusiontalker.api.model import Model

RESERVED_MS = 1000  # of audio that a stream has room for from the start; beyond it the buffer grows


@dataclass(frozen=True)
class Frame:
    """One animation frame."""

    index: int  # since the start of the stream
    time_s: float  # index * fps_den / fps_num; of frame_at(): the moment of the pose
    weights: np.ndarray  # float32 [n_channels]
    head_pose: np.ndarray | None = None  # float32 [3], as Animation.head_pose; None for a model without one
    utterance: int = 0  # that the frame belongs to (Stream.utterance); the easing after an interrupt is of the new one


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
    """Made by Model.stream().

    stream.push(samples, sample_rate); for frame in stream.pull(): ...; at the end stream.flush() and pull once more.

    Threads: push, idle and flush belong to one thread at a time; a second one at the same moment gets BusyError and
    changes nothing. They never compute and never wait. Everything else: any thread at any time. Only pull and frame_at
    compute; they take turns, and nothing else waits for them.
    """

    def __init__(self, model: Model, native_stream, profile: Profile, emotion: Emotion | None = None):
        self.model = model
        self._emotion = emotion  # a mixture that the stream was made with; None: the native stream knows
        self.profile = profile
        self._native = native_stream
        self._period_s = model.fps_den / model.fps_num
        self._block_frames = block_frames(model.n_channels)  # asked from the native stream at once
        self._pulls = threading.Lock()  # held by who takes frames, so that they stay in order; before _lock
        self._lock = threading.Lock()  # of the lines below; held for moments
        self._ahead: deque[Frame] = deque()  # computed for frames(), not given out yet
        self._fill_from: int | None = None  # first frame that is being computed for frames()
        self._listeners = Listeners()

    # ---- Audio in ----

    def push(self, samples, sample_rate: int, *, dtype: str | None = None, utterance: int | None = None) -> bool:
        """Appends audio; only buffers, whatever the length: pull() and frame_at() compute.
        samples: float [n] or [n, channels], nominal -1..1, or int8, int16, int32, uint8; channels are mixed to mono. Or
        the bytes of one channel, as synthesisers send them, with their dtype: an encoding of diffusiontalker.pcm, such
        as "s16le", "f32le" or "mulaw", or a name of numpy.
        sample_rate: Hz, 1000..768000, fixed by the first push until the next reset(), seek() or interrupt().
        utterance: number that the audio is of (Stream.utterance); None: the one at hand.
        Returns True, or False when that utterance is over: the samples are dropped, push no more of it.
        Raises InputError (type, shape, rate, NaN or infinite samples), BufferFullError (more than max_buffered_ms would
        wait; nothing is taken), StreamClosedError after flush(), BusyError.
        """
        array, rate = as_samples(samples, dtype), checked_rate(sample_rate)
        try:
            self._native.push(array, rate, utterance)
        except StaleUtteranceError:
            return False
        self._listeners.tell()
        return True

    async def apush(self, samples, sample_rate: int, *, dtype: str | None = None, utterance: int | None = None) -> bool:
        """push(), which waits for room instead of raising BufferFullError: a fast synthesiser is slowed down. When the
        utterance ends meanwhile it returns False."""
        return await stream_frames.push_when_room(self, samples, sample_rate, dtype, utterance)

    def idle(self, seconds: float) -> int:
        """Appends silence: up to the end of the frame at hand, and ceil(seconds * fps) whole frames. Eyes, brows and
        head go on, and the mouth rests. The frames are those of pushed zeros, the same for a seed however it is cut.
        Returns the index of the frame that the next pushed sample belongs to.
        Raises InputError (negative, not finite), BufferFullError, StreamClosedError after flush(), BusyError.
        """
        if not 0 <= seconds <= 3600:
            raise InputError(f"seconds is {seconds}, expected 0 to 3600")
        self._idle_frames(math.ceil(round(seconds / self._period_s, 6)))
        return self.next_audio_frame

    def _idle_frames(self, n: int) -> None:
        self._native.idle(n)
        self._listeners.tell()

    def flush(self, *, utterance: int | None = None) -> bool:
        """Ends the audio: the remaining frames become ready and ease to rest; ceil(duration * fps) in all.
        utterance: number of the one that ends; None: the one at hand. Returns False when it is over already.
        Raises StreamClosedError the second time, BusyError.
        """
        try:
            self._native.flush(utterance)
        except StaleUtteranceError:
            return False
        self._listeners.tell()
        return True

    # ---- Frames out ----

    def pull_block(self, max_frames: int | None = None) -> tuple[int, np.ndarray]:
        """At most max_frames finished frames (None: a few MB) as (index of the first, float32 [n, n_channels]).
        n is 0 when more audio is needed. A max_frames of one hop computes no more than one window.
        """
        return self.pull_block_with_pose(max_frames)[:2]

    def pull_block_with_pose(self, max_frames: int | None = None) -> tuple[int, np.ndarray, np.ndarray | None]:
        """As pull_block(), with the head pose float32 [n, 3] (Animation.head_pose); None for a model without one."""
        with self._pulls:
            ahead = self._take_ahead(max_frames)
            if ahead:
                poses = [f.head_pose for f in ahead if f.head_pose is not None]
                return ahead[0].index, np.stack([f.weights for f in ahead]), np.stack(poses) if poses else None
            first, weights, pose = self._native.pull_with_pose(self._block_frames if max_frames is None else max_frames)
        self._listeners.tell()
        return first, weights, pose if self.model.has_head_pose else None

    def pull(self) -> list[Frame]:
        """All frames that are finished, computing them as needed; [] when more audio is needed. When another thread
        interrupts, resets or pauses the stream meanwhile, the frames so far: never those of two utterances.
        """
        with self._pulls:
            frames = self._take_ahead(None)
            while True:
                block = self._pull_frames(self._block_frames)
                if frames and block and block[0].utterance != frames[-1].utterance:
                    return self._keep_ahead(block, frames)
                frames += block
                if not block:
                    return frames

    def frame_at(self, time_s: float, *, compute: bool = True) -> Frame:
        """The pose of a moment, mixed linearly from the two frames around it: a player with a clock of its own calls
        it once per picture. Frames are taken as by pull(), as far as the moment needs, and kept for history_ms.
        time_s: seconds since frame 0.   compute: False never computes and never waits for a thread that does.
        Returns a Frame whose time_s is time_s, or that of the newest frame, held, when the frames have not come. Its
        index is that of the frame at or before it; before the first frame it is the rest pose.
        Raises InputError (not finite; before the frames that are kept), UnsupportedError (history_ms is 0).
        """
        pose_s, weights, pose = self._native.frame_at(time_s, -1 if compute else 0)
        index = math.floor(round(pose_s / self._period_s, 6))
        return Frame(index, pose_s, weights, pose if self.model.has_head_pose else None, self.utterance)

    def frames(
        self, *, clock: Callable[[], float] | None = None, idle: bool = False, sleep_s: float = 0.005
    ) -> AsyncIterator[Frame]:
        """Frames for `async for`, until flush() and the last one. The networks run in a worker thread, a hop at a time.
        An interrupt is followed by the frames of its easing. Ending or cancelling the loop loses no frame.
        clock: None gives frames as they are computed. Else a function of no argument, the seconds of sound that the
        listener has heard: every frame is given when its time has come (diffusiontalker.stopwatch() is one).
        idle: with a clock, silence is appended when no frame is there for its time, so that the face lives on.
        sleep_s: how often a clock is looked at, at least.
        """
        return stream_frames.frames(self, clock, idle, sleep_s)

    def _pull_frames(self, most: int) -> list[Frame]:
        first, weights, poses, utterance = self._native.pull_utterance(most)
        self._listeners.tell()
        has_pose = self.model.has_head_pose
        return [
            Frame(first + i, (first + i) * self._period_s, w, p if has_pose else None, utterance)
            for i, (w, p) in enumerate(zip(weights, poses, strict=True))
        ]

    def _take_ahead(self, most: int | None) -> list[Frame]:
        with self._lock:
            n = len(self._ahead) if most is None else min(most, len(self._ahead))
            return [self._ahead.popleft() for _ in range(n)]

    def _keep_ahead(self, block: list[Frame], frames: list[Frame]) -> list[Frame]:
        with self._lock:
            if block[0].utterance == self.utterance:
                self._ahead.extendleft(reversed(block))
        return frames

    def _fill(self) -> None:
        """Computes at most a hop for frames(); in a thread of its own, which goes on when the loop is cancelled."""
        with self._pulls:
            self._fill_ahead()

    def _fill_ahead(self) -> None:
        with self._lock:
            self._fill_from = self._native.info()["next_frame"]
        block: list[Frame] = []
        try:
            block = self._pull_frames(self.profile.hop_frames)
        finally:
            with self._lock:
                self._fill_from = None
                if block and block[0].utterance == self.utterance:  # else an interrupt came: they were never shown
                    self._ahead.extend(block)

    def pull_device(self, max_frames: int | None = None, out: DeviceArray | None = None) -> tuple[int, DeviceArray]:
        """Finished frames on the device, for consumers that work there: (index of the first, float32 [n, n_channels]).
        The array speaks __dlpack__ (torch.from_dlpack, jax, cupy) and, on a GPU, __cuda_array_interface__. The frames
        are those of pull(), bit by bit. n is 0 when more audio is needed.
        max_frames: at most so many, None: all that are ready.   out: an array of an earlier call to be written again,
        which nobody may read meanwhile; None makes a new one.
        Raises InputError when frames() has computed ahead (pull_block() those first), UnsupportedError on a backend
        without a device.
        """
        return self.pull_device_with_pose(max_frames, out)[:2]

    def pull_device_with_pose(
        self, max_frames: int | None = None, out: DeviceArray | None = None
    ) -> tuple[int, DeviceArray, np.ndarray | None]:
        """As pull_device(), with the head pose float32 [n, 3] on the host; None for a model without one."""
        if self._ahead:
            raise InputError(f"{len(self._ahead)} frames are on the host already: take them with pull_block()")
        if out is None:
            ready = self._native.ready_frames()
            n = max(1, ready if max_frames is None else min(ready, max_frames))
            out = native().DeviceArray(self.model._native, [n, self.model.n_channels])
        elif max_frames is not None:
            raise InputError("max_frames and out are both given: out tells how many frames are taken")
        with self._pulls:
            first, n, pose = self._native.pull_device_with_pose(out)
        return first, out.head(n), pose if self.model.has_head_pose else None

    # ---- Control ----

    def reset(self) -> None:
        """Back to frame 0 and the rest pose, as after creation; the rate may change."""
        self._restart(self._native.reset)

    def seek(self, frame: int) -> None:
        """As reset(), but the next audio begins at animation frame `frame`; time stamps and noise are that frame's."""
        self._restart(lambda: self._native.seek(frame))

    def _restart(self, restart: Callable[[], None]) -> None:
        with self._lock:
            restart()
            self._ahead.clear()
        self._listeners.tell()

    def interrupt(self, ease_ms: int = 200, *, shown_frame: int | None = None) -> int:
        """Barge-in: drops all audio and frames that wait, and eases to the rest pose. Waits for no network: a hop that
        another thread computes is dropped. A new utterance begins; `utterance` is its number.
        ease_ms: 0..10000.   shown_frame: index of the frame that the player shows, at most history_ms old, or the one
        before the first when nothing was shown: the easing starts from it with frame shown_frame + 1, so drop the
        frames after it. None: from the frame pulled last.
        Returns the index of the frame that the next pushed sample belongs to.
        Raises InputError (ease_ms; a frame that was not pulled, or is kept no longer).
        """
        with self._lock:
            next_frame = self._interrupt_given(ease_ms) if shown_frame is None else None
            if next_frame is None:
                next_frame, _ = self._native.interrupt(ease_ms, shown_frame)
            self._ahead.clear()
        self._listeners.tell()
        return next_frame

    def _interrupt_given(self, ease_ms: int) -> int | None:
        """From the last frame that was given out, when frames() has computed more; None where that is not known."""
        first_unseen = self._ahead[0].index if self._ahead else self._fill_from
        if first_unseen is None:
            return None
        try:
            return self._native.interrupt(ease_ms, first_unseen - 1)[0]
        except InputError:
            return None

    def pause(self) -> None:
        """No frames until resume(); audio may be pushed as far as the buffer goes."""
        self._native.pause(True)

    def resume(self) -> None:
        self._native.pause(False)
        self._listeners.tell()

    def set_style(self, style, blend_ms: int = 300, *, frame: int | None = None) -> None:
        """Changes the style, blended over blend_ms (0..60000) of animation.
        style: float [d_identity], of Model.style(), blend_styles() or enroll().
        frame: index of the first frame that differs, in every profile; next_audio_frame is that of the sound to come.
        Changes of several frames may wait. None, or a frame whose window has begun: the first window after it.
        Raises InputError.
        """
        style = np.ascontiguousarray(style, np.float32)
        if style.shape != (self.model.d_identity,):
            raise InputError(f"style has shape {style.shape}, expected [{self.model.d_identity}]")
        self._native.set_style(style, blend_ms, frame)

    def set_dials(self, dials: Dials, blend_ms: int = 300, *, frame: int | None = None) -> None:
        """Changes the dials, blended over blend_ms (0..60000) of animation: every number goes to its new value.
        frame: as for set_style().
        Raises InputError: an unknown channel or emotion, another offset_ms than the stream was made with, a dial that
        the model has no channels for, another emotion for a stream with a style of your own.
        """
        values = native_dials(dials, self.model.channels, self.model.emotions, self._emotion)
        self._native.set_dials(values, blend_ms, frame)

    # ---- Queries ----

    @property
    def ready_frames(self) -> int:
        """Frames that pull() would give now."""
        return self._native.ready_frames() + len(self._ahead)

    @property
    def utterance(self) -> int:
        """Number of the utterance that the next pushed sample belongs to: 1, and one more after every interrupt(),
        reset() and seek(). A task that speaks keeps it and gives it to push(), so that it cannot speak into the next
        answer when it is cancelled."""
        return self._native.info()["utterance"]

    @property
    def next_audio_frame(self) -> int:
        """Index of the frame that the next pushed sample belongs to."""
        return self._native.info()["next_audio_frame"]

    @property
    def buffered_s(self) -> float:
        """Seconds of audio that were pushed and whose frames were not pulled yet."""
        return self._native.info()["buffered_frames"] * self._period_s + len(self._ahead) * self._period_s

    def info(self) -> dict:
        """State, memory and latency of the native stream (dt_stream_info)."""
        return dict(self._native.info())

    def stats(self) -> dict[str, int]:
        """Hops, frames and nanoseconds spent per phase since creation or reset."""
        return dict(self._native.stats())
