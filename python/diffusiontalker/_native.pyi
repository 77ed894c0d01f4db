"""Stub of the compiled module (csrc/bindings). Every failed call raises a class of diffusiontalker.errors."""

from collections.abc import Callable, Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

LOG_INFO: int
LOG_WARNING: int
tensorrt_library: str  # "tensorrt" or "tensorrt-rtx", for which the backend was built; "": it was not built

class BackendDescription(TypedDict):
    """What a backend says of itself, installed or not."""

    name: str
    precisions: list[str]
    default_precision: str  # what precision "auto" means for it
    auto_rank: int  # backend "auto" tries the smallest first
    remedy: str  # what to do where it is not installed; "": it always is

class ProfileInfo(TypedDict):
    """dt_profile_info of dt/model.h."""

    past_frames: int
    hop_frames: int
    lookahead_frames: int
    lookahead_samples: int
    hop_samples: int
    front_end_samples: int
    latency_ms: float
    min_latency_ms: float
    stream_bytes: int

class StreamInfo(TypedDict):
    """dt_stream_info of dt/stream.h."""

    next_frame: int
    audio_frame: int
    memory_bytes: int
    free_samples: int
    sample_rate_hz: int
    resampler_samples: int
    latency_ms: float
    is_flushed: bool
    is_paused: bool
    in_scheduler: bool
    is_failed: bool
    utterance: int
    next_audio_frame: int
    buffered_frames: int
    first_kept_frame: int

class StreamStats(TypedDict):
    """dt_stream_stats of dt/stream.h."""

    n_hops: int
    n_frames: int
    front_end_ns: int
    encoder_ns: int
    denoiser_ns: int
    update_ns: int
    post_ns: int
    n_overruns: int
    n_underruns: int
    n_deadline_misses: int
    max_lateness_ns: int

class StepInfo(TypedDict):
    """dt_step_info of dt/scheduler.h."""

    n_windows: int
    n_batches: int
    n_ready: int
    n_late: int
    n_failed: int
    next_deadline_ns: int

class SchedulerStats(TypedDict):
    """dt_scheduler_stats of dt/scheduler.h."""

    n_streams: int
    n_steps: int
    n_windows: int
    n_batches: int
    n_deadline_misses: int
    max_lateness_ns: int
    run_ns: int
    memory_bytes: int

class Model:
    """An opened bundle on a backend; may be shared by threads."""

    def __init__(
        self,
        source: str | bytes,
        backend: str = "auto",
        precision: str = "auto",
        n_threads: int = 2,
        n_workers: int = 1,
        log: Callable[[int, str], None] | None = None,
        pin_threads: bool = False,
        cache_folder: str = "",
        engine_folder: str = "",
        device: int = 0,
        allow_host_code: bool = False,
        profiles: Sequence[str] = [],
    ) -> None: ...
    @property
    def opening_warnings(self) -> str: ...
    @property
    def channels(self) -> list[str]: ...
    @property
    def identities(self) -> list[str]: ...
    @property
    def emotions(self) -> list[str]: ...
    @property
    def default_emotion(self) -> str | None: ...
    @property
    def motion_space(self) -> str: ...
    @property
    def profiles(self) -> list[str]: ...
    @property
    def n_channels(self) -> int: ...
    @property
    def has_head_pose(self) -> bool: ...
    @property
    def fps_num(self) -> int: ...
    @property
    def fps_den(self) -> int: ...
    @property
    def sample_rate_hz(self) -> int: ...
    @property
    def n_steps(self) -> int: ...
    @property
    def d_identity(self) -> int: ...
    @property
    def n_mels(self) -> int: ...
    @property
    def backend_name(self) -> str: ...
    @property
    def precision(self) -> str: ...
    @property
    def n_threads(self) -> int: ...
    @property
    def enroll_range_ms(self) -> tuple[int, int] | None: ...
    @property
    def metadata_json(self) -> str: ...
    def profile(self, name: str | None = None) -> ProfileInfo: ...
    def style(self, identity: str | None = None, emotion: str | None = None) -> NDArray[np.float32]: ...
    def blend_styles(self, styles: ArrayLike, weights: ArrayLike) -> NDArray[np.float32]: ...
    def mix_emotions(
        self, identity: str | None, moods: Sequence[tuple[str, float]], strength: float
    ) -> NDArray[np.float32]: ...
    def enroll(
        self, samples: ArrayLike, sample_rate_hz: int, moods: Sequence[tuple[str, float]], strength: float
    ) -> NDArray[np.float32]: ...
    def log_mel(self, samples: ArrayLike) -> NDArray[np.float32]: ...

class DeviceArray:
    """float32 on the model's device; see dt/device.h."""

    def __init__(self, model: Model, shape: Sequence[int]) -> None: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def device(self) -> str: ...
    @property
    def pointer(self) -> int: ...
    @property
    def event(self) -> int: ...
    def head(self, n: int) -> DeviceArray: ...
    def wait(self, stream: int = 0) -> None: ...
    @property
    def __cuda_array_interface__(self) -> dict: ...
    def __dlpack_device__(self) -> tuple[int, int]: ...
    def __dlpack__(
        self,
        *,
        stream: int | None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> object: ...

class DeviceRig:
    """Blendshapes to vertices on the device; see dt/device.h."""

    def __init__(self, model: Model, neutral: ArrayLike, deltas: ArrayLike) -> None: ...
    def pose(self, frames: DeviceArray, vertices: DeviceArray) -> None: ...

class Stream:
    """One character: audio in, frames out. Threads as dt/dt.h says."""

    def __init__(
        self,
        model: Model,
        identity: str | None = None,
        style: ArrayLike | None = None,
        seed: int = 0,
        profile: str | None = None,
        max_buffered_ms: int = 30000,
        ease_out_frames: int = 5,
        emotion: str | None = None,
        sample_rate_hz: int = 0,
        offset_ms: int = 0,
        smoothing_ms: int = 0,
        lip_seal: int = 1,
        silence_gate: int = 0,
        gate_open_dbfs: float = -45,
        gate_close_dbfs: float = -51,
        gate_hold_ms: int = 200,
        gate_ease_ms: int = 200,
        deadline_ms: int = -1,
        emotion_strength: float = 1,
        head_amount: float = 1,
        grow_to_ms: int = 0,
        history_ms: int = -1,
        dials: dict | None = None,
    ) -> None: ...
    def push(self, samples: ArrayLike, sample_rate_hz: int, utterance: int | None = None) -> None: ...
    def idle(self, n_frames: int) -> None: ...
    def pull(self, capacity: int | None = None) -> tuple[int, NDArray[np.float32]]: ...
    def pull_with_pose(self, capacity: int | None = None) -> tuple[int, NDArray[np.float32], NDArray[np.float32]]: ...
    def pull_utterance(
        self, capacity: int | None = None
    ) -> tuple[int, NDArray[np.float32], NDArray[np.float32], int]: ...
    def pull_device(self, array: DeviceArray) -> tuple[int, int]: ...
    def pull_device_with_pose(self, array: DeviceArray) -> tuple[int, int, NDArray[np.float32]]: ...
    def ready_frames(self) -> int: ...
    def frame_at(self, time_s: float, max_hops: int) -> tuple[float, NDArray[np.float32], NDArray[np.float32]]: ...
    def flush(self, utterance: int | None = None) -> None: ...
    def reset(self) -> None: ...
    def seek(self, frame: int) -> None: ...
    def interrupt(self, ease_ms: int, shown_frame: int | None = None) -> tuple[int, int]: ...
    def pause(self, paused: bool) -> None: ...
    def set_style(self, style: ArrayLike, blend_ms: int, frame: int | None = None) -> None: ...
    def set_dials(self, dials: dict, blend_ms: int, frame: int | None = None) -> None: ...
    def info(self) -> StreamInfo: ...
    def stats(self) -> StreamStats: ...

class Scheduler:
    """Steps many streams of one model in batches; see dt/scheduler.h."""

    def __init__(self, model: Model, max_batch: int = 4, warm_up: bool = True, max_wait_us: int = 0) -> None: ...
    def add(self, stream: Stream) -> None: ...
    def remove(self, stream: Stream) -> None: ...
    def step(self, budget_us: int = -1, max_windows: int = -1) -> StepInfo: ...
    def stats(self) -> SchedulerStats: ...

def version() -> str: ...
def backends() -> list[BackendDescription]: ...
def probe_backend(name: str) -> tuple[bool, str]: ...
def noise(seed: int, first_frame: int, n_frames: int, n_channels: int) -> NDArray[np.float32]: ...
def bundle_check(path: object) -> None: ...
def bundle_read(source: object, name: str) -> bytes: ...
def resample(samples: ArrayLike, rate_in_hz: int, rate_out_hz: int) -> NDArray[np.float32]: ...
def raster_draw(
    positions: ArrayLike,
    triangles: ArrayLike,
    colors: ArrayLike,
    eye: tuple[float, float, float],
    target: tuple[float, float, float],
    width: int,
    height: int,
    *,
    smooth_group: ArrayLike | None = None,
    up: tuple[float, float, float] = (0, 1, 0),
    fov_y_deg: float = 30.0,
    samples_per_axis: int = 2,
    background_top: tuple[float, float, float] = (0.93, 0.94, 0.95),
    background_bottom: tuple[float, float, float] = (0.78, 0.80, 0.83),
) -> NDArray[np.uint8]: ...
