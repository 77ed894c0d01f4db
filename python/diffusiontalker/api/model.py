"""An opened bundle on one backend."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.device import DeviceRig
from diffusiontalker.api.dials import Dials, native_dials
from diffusiontalker.api.framefile import FrameFile
from diffusiontalker.api.moods import Emotion, mood_pairs, named_moods
from diffusiontalker.api.numbers import decimal, stream_options, text, vector, whole
from diffusiontalker.api.opening import log_to_python, run_apart
from diffusiontalker.api.rig import Rig
from diffusiontalker.api.samples import as_float32, checked_rate
from diffusiontalker.api.scheduler import Scheduler
from diffusiontalker.api.seed import seed_of_sound
from diffusiontalker.api.sound import Loudest, Samples, opened
from diffusiontalker.api.stream import RESERVED_MS, Profile, Stream
from diffusiontalker.api.timeline import Timeline
from diffusiontalker.errors import InputError
from diffusiontalker.io.sound.reading import Sound
from diffusiontalker.names import chosen
from diffusiontalker.native import native
from diffusiontalker.spec import bundles
from diffusiontalker.trt_build import EngineProgress, Wish, open_model

Progress = Callable[[float], None]  # receives the seconds of audio that are done
DEFAULT_THREADS = 2  # dt_model_options
HISTORY_MS = 10_000  # of frames, that a stream keeps


def load(
    bundle: str | os.PathLike[str] | bytes = "base",
    *,
    backend: str = "auto",
    precision: str = "auto",
    n_threads: int | None = None,
    n_workers: int = 1,
    log: Callable | None = None,
    pin_threads: bool = False,
    cache_folder: str | os.PathLike[str] | None = None,
    engine_folder: str | os.PathLike[str] | None = None,
    device: int = 0,
    allow_host_code: bool = False,
    build_engines: bool | None = None,
    engine_progress: EngineProgress | None = None,
    profiles: Sequence[str] | None = None,
) -> Model:
    """Opens a bundle and compiles its networks.
    bundle: a name ("base"; see available_bundles()), the path of a bundle folder or of a packed bundle, or the bytes of
    a packed bundle (`diffusiontalker pack`).
    backend: "cpu", "openvino", "reference", "tensorrt", or "auto": tensorrt where it is installed and can run, else
    cpu, which is built in; a fallback is announced in the log, and kept in Model.opening_warnings.
    precision: "auto" (f16 for tensorrt, else f32), "f32", "f16" (tensorrt), "bf16" (cpu and openvino, on processors
    that have it).   n_threads: 1..256, default 2.
    n_workers: threads of yours that run windows at the same time (Scheduler.step, pulls of different streams), by
    n_threads / n_workers threads each; one per core is best for a crowd on a processor.
    log: called with (level, line) for notices, in this thread; level 1 is information, 2 a warning. None: they go to
    Python's logging, as of "diffusiontalker", which shows warnings. What it raises comes out of load(), as Ctrl-C does:
    at once, and the work that was begun ends in the background.
    pin_threads: bind the backend's threads to cores.   cache_folder: where compiled networks are kept; None: nowhere.
    engine_folder: tensorrt's engines; None: those of `diffusiontalker engine build` in the user's cache.
    device: number of the GPU.   allow_host_code: accept version-compatible engines, which carry native code that
    opening runs: only for files trusted like a program.
    build_engines: with the tensorrt backend and a GPU, build the engines that are missing or no longer fit into the
    user's cache; announced in the log, and in Python's logging where there is none. None: yes, unless
    $DIFFUSIONTALKER_BUILD_ENGINES is 0. Never into engine_folder.   engine_progress: called meanwhile with (plans done,
    plans in all, what is being done).
    profiles: latency profiles, ["live"], that opening prepares, n_workers windows of each side by side, so that no
    first frame waits for that. None: the default one, one window.
    Raises BundleError (missing, damaged, newer), BackendError (not available here), InputError (bad argument).
    """
    source = bundle if isinstance(bundle, bytes) else bundles.resolve(bundle)
    module = native()
    backend, precision = _known(module.backends(), backend, precision)
    prepared = _names("profiles", profiles)

    def open_native(name: str):
        return run_apart(
            lambda tell: module.Model(
                source if isinstance(source, bytes) else str(source), backend=name, precision=precision,
                n_threads=DEFAULT_THREADS if n_threads is None else n_threads, n_workers=n_workers,
                log=tell, pin_threads=pin_threads, cache_folder=os.fspath(cache_folder or ""),
                engine_folder=os.fspath(engine_folder or ""), device=device, allow_host_code=allow_host_code,
                profiles=prepared,
            ),
            log or log_to_python,
        )  # fmt: skip

    wish = Wish(source, backend, precision, device, bool(engine_folder), build_engines, log, engine_progress)
    return Model(open_model(open_native, wish), source)


def _names(option: str, values: Sequence[str] | None) -> list[str]:
    """[] for None. Raises InputError for what is no list of texts; one text is none, its letters are no names."""
    is_list = isinstance(values, Sequence) and not isinstance(values, str)
    if values is not None and not (is_list and all(isinstance(name, str) for name in values)):
        raise InputError(f'{option} is {values!r}, expected a list of names like ["live"]')
    return list(values or [])


def _known(backends: Sequence[Mapping], backend: str, precision: str) -> tuple[str, str]:
    """Backend and precision as the library spells them. Raises InputError for others."""
    precisions = dict.fromkeys(p for b in backends for p in b["precisions"])
    return (
        chosen("backend", backend, ["auto", *(b["name"] for b in backends)], "this library"),
        chosen("precision", precision, ["auto", *precisions], "this library"),
    )


class Model:
    """Made by load(). Immutable: one model serves any number of streams and threads."""

    def __init__(self, native_model, source: Path | bytes):
        self._native = native_model
        self._source = source
        self.path = source if isinstance(source, Path) else None  # of the folder or file; None: opened from bytes
        self.channels: tuple[str, ...] = tuple(native_model.channels)  # empty for vertices
        self.n_channels: int = native_model.n_channels
        self.has_head_pose: bool = native_model.has_head_pose  # whether frames have one beside their weights
        self.space: str = native_model.motion_space  # blendshapes, vertices or coefficients (Animation.space)
        self.identities: tuple[str, ...] = tuple(native_model.identities)
        self.emotions: tuple[str, ...] = tuple(native_model.emotions)  # empty: the model does not know emotions
        self.default_emotion: str | None = native_model.default_emotion
        self.fps_num: int = native_model.fps_num
        self.fps_den: int = native_model.fps_den
        self.sample_rate_hz: int = native_model.sample_rate_hz
        self.backend: str = native_model.backend_name
        self.precision: str = native_model.precision  # in use
        # What went less well than asked while the model was opened: another backend in use, networks that are slow.
        self.opening_warnings: tuple[str, ...] = tuple(native_model.opening_warnings.splitlines())
        self.d_identity: int = native_model.d_identity  # length of a style
        self.enroll_range_ms: tuple[int, int] | None = native_model.enroll_range_ms  # None: enroll() is not there
        self.profiles: dict[str, Profile] = {name: self.profile(name) for name in native_model.profiles}

    @property
    def fps(self) -> float:
        return self.fps_num / self.fps_den

    @cached_property
    def rig(self) -> Rig | None:
        """Template and basis of vertices or coefficients; None where the bundle has none."""
        rig = self.info().get("rig")
        if rig is None:
            return None
        file = rig["file"]
        label = file if self.path is None else f"{self.path}/{file}"
        return Rig(lambda: bundles.read_file(self._source, file), label, self.space, rig.get("unit_m"))

    def style(
        self, identity: str | None = None, emotion: Emotion | None = None, *, emotion_strength: float = 1.0
    ) -> np.ndarray:
        """The style of an identity with an emotion, float32 [d_identity]; None is the bundle's default.
        emotion: a name, or weights 0..2 of several, {"happy": 0.7, "surprised": 0.4}, 2 in all at most.
        emotion_strength: 0..2. style = neutral + emotion_strength * sum of weight * (emotion - neutral), neutral being
        the emotion of that name, or the default one where there is none.
        Raises InputError for unknown names, weights and strengths out of range.
        """
        identity, emotion = chosen("identity", identity, self.identities), named_moods(emotion, self.emotions)
        identity, emotion_strength = text("identity", identity), decimal("emotion_strength", emotion_strength)
        if emotion_strength == 1 and (emotion is None or isinstance(emotion, str)):
            return self._native.style(identity, emotion)
        return self._native.mix_emotions(identity, mood_pairs(emotion), emotion_strength)

    def blend_styles(self, styles: Mapping[str, float] | Sequence[tuple[np.ndarray, float]]) -> np.ndarray:
        """Weighted mean of styles, float32 [d_identity].
        styles: identity -> weight, or pairs of (style, weight); only the ratio of the weights counts.
        Raises InputError: unknown names, weights that are negative or all 0.
        """
        pairs = [(self.style(k), w) for k, w in styles.items()] if isinstance(styles, Mapping) else list(styles)
        if not pairs:
            raise InputError("there are no styles to blend")
        parts, weights = zip(*pairs, strict=True)
        return self._native.blend_styles(np.asarray(parts, np.float32), np.asarray(weights, np.float32))

    def enroll(
        self, audio, sample_rate: int, *, emotion: Emotion | None = None, emotion_strength: float = 1.0
    ) -> np.ndarray:
        """The style of the speaker of `audio`, float32 [d_identity].
        audio: array [n] or [n, channels], enroll_range_ms long.   emotion: None is the mood of the speech; a name or
        weights as for style(), of this speaker.   emotion_strength: as for style(), of the mood of the speech too.
        Raises UnsupportedError (the bundle has no style encoder), InputError (length, NaN, unknown emotion, a weight or
        a strength out of range).
        """
        moods, strength = mood_pairs(named_moods(emotion, self.emotions)), decimal("emotion_strength", emotion_strength)
        return self._native.enroll(as_float32(audio), checked_rate(sample_rate), moods, strength)

    def device_rig(self, neutral, deltas) -> DeviceRig:
        """A blendshape rig on the GPU, to pose frames of Stream.pull_device() without the host.
        neutral: float [V, 3].   deltas: float [n_channels, V, 3], offsets at weight 1; zeros cost nothing.
        Raises InputError for other shapes, UnsupportedError on a backend without a device.
        """
        return DeviceRig(self, self._native, neutral, deltas)

    def scheduler(self, *, max_batch: int = 4, warm_up: bool = True, max_wait_ms: float = 0) -> Scheduler:
        """A Scheduler for streams of this model. max_batch: a power of two up to 256.
        max_wait_ms: 0..1000, how long a window that is ready may wait for others to share its batch: more streams fit
        on a processor, for this much more latency.
        """
        return Scheduler(native().Scheduler(self._native, max_batch, warm_up, round(max_wait_ms * 1000)))

    def profile(self, name: str | None = None) -> Profile:
        """Window sizes of a latency profile; None is the bundle's default. Raises InputError for an unknown name."""
        sizes = self._native.profile(chosen("profile", name, self._native.profiles))
        return Profile(**{key: sizes[key] for key in Profile.__dataclass_fields__})

    def info(self) -> dict:
        """bundle.json of the model, as a dict."""
        return json.loads(self._native.metadata_json)

    def stream(
        self,
        *,
        identity: str | None = None,
        emotion: Emotion | None = None,
        emotion_strength: float = 1.0,
        style=None,
        seed: int = 0,
        profile: str | None = None,
        head_amount: float = 1.0,
        dials: Dials | None = None,
        max_buffered_ms: int = 600_000,
        history_ms: int | None = None,
        ease_out_frames: int | None = None,
        **options,
    ) -> Stream:
        """A new stream at frame 0.
        identity: one of `identities`, emotion: one of `emotions`, or weights of several; None is the bundle's default.
        emotion_strength: 0..2, how far the face goes from neutral to the emotion (style() has the formula).
        style: float [d_identity] instead of all three.
        head_amount: 0..2, multiplies the head pose of a model that has one; 0 gives none, and the weights as they are.
        dials: strength, sharpness, smoothing, blinks, gaze ...; None leaves every frame as it is. Its head_amount and
        emotion_strength multiply the arguments of that name, and its emotion takes the place of `emotion`.
        seed: 0 .. 2**64-1; the same audio, bundle, backend and seed give the same frames. Two streams of one seed blink
        at the same moments, so give each character its own.
        profile: one of `profiles`; None is the bundle's default.
        max_buffered_ms: audio that may wait to be pulled, 100..3600000; a push beyond it raises BufferFullError. The
        buffer grows to it as needed, by 64 bytes per ms.
        history_ms: 0..60000, how long pulled frames are kept for frame_at() and interrupt(shown_frame=...). None:
        10000, or 0 for vertices, whose frames are large.
        ease_out_frames: frames at the end that ease to rest, 0..lookahead_frames; None: 5, or fewer if need be.
        options: further fields of dt_stream_options (dt/stream.h): sample_rate_hz, offset_ms, smoothing_ms, lip_seal,
        silence_gate, gate_open_dbfs, gate_close_dbfs, gate_hold_ms, gate_ease_ms, deadline_ms.
        Raises InputError: an unknown identity, emotion or profile (lists those there are), a value out of range.
        """
        seed = whole("seed", seed, 0, 2**64 - 1)
        profile = chosen("profile", text("profile", profile), tuple(self.profiles))
        identity, emotion = chosen("identity", identity, self.identities), named_moods(emotion, self.emotions)
        window = self.profile(profile)
        if history_ms is None:
            history_ms = 0 if self.space == "vertices" else HISTORY_MS
        if ease_out_frames is None:
            ease_out_frames = min(5, window.lookahead_frames)
        numbers = _buffered(max_buffered_ms) | stream_options(
            {"head_amount": head_amount, "history_ms": history_ms, "ease_out_frames": ease_out_frames, **options}
        )
        emotion_strength = decimal("emotion_strength", emotion_strength)
        mixture = None if emotion is None or isinstance(emotion, str) else emotion  # for the dials: it has no name
        if mixture is not None and style is not None:
            raise InputError("style and emotion are both given: a style holds the emotion, leave one away")
        if style is not None:
            style = vector("style", style, self._native.d_identity)
        stream = native().Stream(
            self._native, identity=text("identity", identity), emotion=None if mixture else emotion,
            emotion_strength=emotion_strength, style=style, seed=seed, profile=profile,
            dials=native_dials(dials or Dials(), self.channels, self.emotions, mixture), **numbers,
        )  # fmt: skip
        return Stream(self, stream, window, mixture)

    def animate(
        self,
        audio,
        sample_rate: int | None = None,
        *,
        identity: str | None = None,
        emotion: Emotion | None = None,
        emotion_strength: float = 1.0,
        style=None,
        seed: int | None = None,
        profile: str | None = None,
        head_amount: float = 1.0,
        dials: Dials | None = None,
        timeline: Timeline | str | os.PathLike[str] | Sequence[Mapping] | None = None,
        channel: int | None = None,
        raw: str | None = None,
        raw_channels: int = 1,
        progress: Progress | None = None,
    ) -> Animation:
        """Animates a whole recording through one stream; files are read in blocks.
        audio: a sound file (WAV, FLAC, OGG, MP3 ...; more with PyAV) as its path, its bytes or a file open in binary
        mode; or an array [n] or [n, channels] with sample_rate in Hz.
        seed: None makes one of the first second of sound, so that voices do not blink alike.
        timeline: changes of identity, emotion and dials at moments, exact to the frame in every profile: a Timeline, or
        the file or list of objects that holds it.
        channel: 1..64, the only channel that is animated; None mixes all of them (dt_stream_push).
        raw: the file has no header, but samples in this form at sample_rate: "s16le", "f32le", "mulaw" ... (docs/
        sound-input.md), with raw_channels (1..64) interleaved channels.
        progress: called with the seconds of audio done so far.   Other arguments as for stream().
        What is missing in a file, or that nobody speaks in it, is a warning of the logger "diffusiontalker".
        Returns an Animation with ceil(duration * fps) frames.
        Raises InputError: unreadable or empty audio, NaN samples, a bad argument.
        """

        used = (dials or Dials()).over(emotion, emotion_strength, head_amount)
        changes = None if timeline is None else Timeline.given(timeline)

        def open_stream(of_sound: int) -> Stream:
            stream = self.stream(
                identity=identity, emotion=emotion, emotion_strength=emotion_strength, style=style, seed=of_sound,
                profile=profile, head_amount=head_amount, dials=dials,
            )  # fmt: skip
            if changes is not None:
                changes.apply(stream, identity, used, dials or Dials())
            return stream

        stream = open_stream if seed is None else open_stream(seed)
        with opened(audio, sample_rate, channel=channel, raw=raw, raw_channels=raw_channels) as sound:
            weights, head_pose = self.animate_into_file(stream, sound, progress)
            path = sound.path if raw is None else None
        pose = None if head_pose is None else np.asarray(head_pose)
        return replace(self.animation(np.asarray(weights), path, pose), dials=used)

    def animation(self, weights, audio_path=None, head_pose=None) -> Animation:
        """An Animation of this model's channels and rate around float32 [n_frames, n_channels], and for a model with a
        head pose float32 [n_frames, 3]."""
        path = None if audio_path is None else Path(audio_path)
        return Animation(
            weights, self.channels, self.fps_num, self.fps_den, path, self.space, self.rig, head_pose=head_pose
        )

    def animate_into_file(
        self,
        stream: Stream | Callable[[int], Stream],
        sound: Sound | Samples,
        progress: Progress | None = None,
    ) -> tuple[FrameFile, FrameFile | None]:
        """Pushes a sound through `stream`, flushes it, and gives weights [n_frames, n_channels] and head pose
        [n_frames, 3] (None for a model without one); memory does not grow with the length.
        stream: a stream, or what makes one of the seed that the sound gives (api.seed.seed_of_sound).
        sound: of api.sound.opened().   progress: as for animate().
        """
        blocks, loudest = sound.blocks(), Loudest()
        if not isinstance(stream, Stream):
            seed, blocks = seed_of_sound(blocks)
            stream = stream(seed)
        weights = FrameFile(self.n_channels)
        head_pose = FrameFile(3) if self.has_head_pose else None
        n_samples = 0
        for block, rate in blocks:
            try:
                stream.push(block, rate)
            except InputError as e:
                raise InputError(f"{sound.name}, in the block at {n_samples / rate:.2f} s: {e}") from e
            n_samples += len(block)
            loudest.add(block, rate)
            _drain(stream, weights, head_pose)
            if progress:
                progress(n_samples / rate)
        if not n_samples:
            raise InputError(f"{sound.name} holds no samples: there is nothing to animate")
        if advice := loudest.advice(sound.name):
            sound.warn(advice)
        stream.flush()
        _drain(stream, weights, head_pose)
        return weights, head_pose


def _buffered(max_buffered_ms: int) -> dict[str, int]:
    """Options of a stream whose buffer grows to so much audio."""
    most = whole("max_buffered_ms", max_buffered_ms)
    return {"max_buffered_ms": min(RESERVED_MS, most), "grow_to_ms": most}


def _drain(stream: Stream, weights: FrameFile, head_pose: FrameFile | None) -> None:
    while True:
        _, block, pose = stream.pull_block_with_pose()
        if not len(block):
            return
        weights.append(block)
        if head_pose is not None and pose is not None:
            head_pose.append(pose)
