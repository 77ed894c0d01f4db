"""One of this package's backends, through the public model and stream; a row of the benchmark in its own process."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

import numpy as np

from diffusiontalker.api.model import Model, load
from diffusiontalker.api.stream import Stream
from diffusiontalker.bench.crowd import Crowd
from diffusiontalker.bench.environment import rss_bytes
from diffusiontalker.bench.gpu import device_bytes
from diffusiontalker.bench.live import run_live
from diffusiontalker.bench.numbers import phases_s
from diffusiontalker.spec.rates import SAMPLE_RATE_HZ


@dataclass
class Timing:
    """Wall times in seconds of the whole clip."""

    hop_s: list[float]  # one per window
    hop_frames: int
    n_frames: int = 0
    total_s: float = 0.0  # everything from samples in memory to frames in memory
    phases_s: dict[str, float | None] = field(default_factory=dict)  # None: not taken


class StreamRunner:
    """row: bundle, backend, precision, threads, profile, live_profile."""

    def __init__(self, row: dict):
        self.row = row
        if row["backend"] == "tensorrt":
            self._load(build_engines=None)  # what is missing is built, which is not what load_s tells
        self.rss: dict[str, int | None] = {"start_rss_bytes": rss_bytes()}
        started = time.perf_counter()
        self.model = self._load()
        self.load_s = time.perf_counter() - started
        self.rss["loaded_rss_bytes"] = rss_bytes()
        self.profile, self.live_profile = row["profile"], row["live_profile"]
        started = time.perf_counter()
        stream = self.model.stream(profile=self.profile)  # the first stream of a profile compiles its networks
        self.build_s = time.perf_counter() - started
        self.stream_bytes = stream.profile.stream_bytes
        self.first_window_s = self._first_window(stream)
        self.rss["streaming_rss_bytes"] = rss_bytes()
        self.frames = np.zeros((0, self.model.n_channels), np.float32)
        self._crowd: Crowd | None = None

    def _load(self, n_workers: int = 1, build_engines: bool | None = False) -> Model:
        row = self.row
        return load(
            row["bundle"],
            backend=row["backend"],
            precision=row["precision"],
            n_threads=row["threads"],
            n_workers=n_workers,
            build_engines=build_engines,
        )

    @staticmethod
    def _first_window(stream: Stream) -> float:
        """Seconds from the audio of a window in memory to the first frames that this process has."""
        profile = stream.profile
        silence = np.zeros(profile.hop_samples + profile.lookahead_samples, np.float32)
        started = time.perf_counter()
        stream.push(silence, SAMPLE_RATE_HZ)
        stream.pull_block(1)
        return time.perf_counter() - started

    def describe(self) -> dict:
        return {"stream_bytes": self.stream_bytes, "first_window_s": self.first_window_s, **self.rss}

    def device_bytes(self) -> int | None:
        """Of the GPU, for this process as the driver counts it."""
        return device_bytes(os.getpid()) if self.model.backend == "tensorrt" else None

    def offline(self, audio: np.ndarray) -> Timing:
        """The whole clip in pushes of one second, one hop per pull."""
        # Without head pose the weights are those that the networks give, as the baselines' are.
        stream = self.model.stream(profile=self.profile, head_amount=0)
        hop = stream.profile.hop_frames
        timing = Timing([], hop)
        blocks: list[np.ndarray] = []
        for start in range(0, len(audio) + SAMPLE_RATE_HZ, SAMPLE_RATE_HZ):
            began = time.perf_counter()
            if start < len(audio):
                stream.push(audio[start : start + SAMPLE_RATE_HZ], SAMPLE_RATE_HZ)
            else:
                stream.flush()
            timing.total_s += time.perf_counter() - began
            while True:
                began = time.perf_counter()
                _, weights = stream.pull_block(hop)
                took = time.perf_counter() - began
                timing.total_s += took
                if not len(weights):
                    break
                blocks.append(weights)
                if len(weights) == hop:  # the last one may be cut short by the end of the audio
                    timing.hop_s.append(took)
        self.frames = np.concatenate(blocks)
        timing.n_frames = len(self.frames)
        timing.phases_s = phases_s([stream.stats()])
        return timing

    def live(self, audio: np.ndarray, seconds: float) -> dict:
        """One stream in real time; see run_live()."""
        return run_live(self.model, self.live_profile, audio, seconds)

    def crowd(
        self, audio: np.ndarray, seconds: float, n_streams: int, find: bool, max_wait_ms: int, n_workers: int
    ) -> dict:
        """Many streams in real time; see Crowd.   find: also look for the greatest number that is sustained."""
        if self._crowd is None:
            self._crowd = Crowd(self._load(n_workers), self.live_profile, n_workers, max_wait_ms)
        measured = self._crowd.measure(audio, seconds, n_streams, find)
        return measured | {"rss_bytes": rss_bytes()}
