"""What is timed: a row of the benchmark is one runner in one process."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from diffusiontalker.api.model import Model, load
from diffusiontalker.bench.clip import RATE_HZ

LIVE_PIECE_SAMPLES = RATE_HZ // 50  # 20 ms, what a microphone or a TTS voice gives at once


@dataclass
class Timing:
    """Wall times in seconds."""

    hop_s: list[float]  # one per window
    hop_frames: int
    n_frames: int
    total_s: float  # everything from samples in memory to frames in memory
    phases_s: dict[str, float]
    first_frame_s: float | None = None  # compute until the first frame is out
    first_frame_audio_s: float | None = None  # audio that had been pushed by then


class StreamRunner:
    """One of this package's backends, through the public stream."""

    def __init__(self, bundle: str, backend: str, precision: str, threads: int, profile: str, live_profile: str):
        started = time.perf_counter()
        self.model: Model = load(bundle, backend=backend, precision=precision, n_threads=threads)
        self.load_s = time.perf_counter() - started
        self.profile, self.live_profile = profile, live_profile
        self.frames = np.zeros((0, self.model.n_channels), np.float32)

    def describe(self) -> dict:
        stream = self.model.stream(profile=self.live_profile)
        return {
            "backend": self.model.backend,
            "hop_s": stream.latency.hop_s,
            "lookahead_s": stream.latency.lookahead_s,
        }

    def offline(self, audio: np.ndarray) -> Timing:
        """The whole clip in pushes of one second, one hop per pull."""
        return self._run(audio, RATE_HZ, self.profile)

    def live(self, audio: np.ndarray) -> Timing:
        """The whole clip in pushes of 20 ms, not waiting in between."""
        return self._run(audio, LIVE_PIECE_SAMPLES, self.live_profile)

    def _run(self, audio: np.ndarray, piece: int, profile: str) -> Timing:
        stream = self.model.stream(profile=profile)
        hop = stream.profile.hop_frames
        timing = Timing([], hop, 0, 0.0, {})
        blocks: list[np.ndarray] = []
        for start in range(0, len(audio) + piece, piece):
            began = time.perf_counter()
            if start < len(audio):
                stream.push(audio[start : start + piece], RATE_HZ)
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
                if timing.first_frame_s is None:
                    timing.first_frame_s = timing.total_s
                    timing.first_frame_audio_s = min(len(audio), start + piece) / RATE_HZ
        self.frames = np.concatenate(blocks)
        timing.n_frames = len(self.frames)
        timing.phases_s = {k[:-3]: v / 1e9 for k, v in stream.stats().items() if k.endswith("_ns")}
        return timing
