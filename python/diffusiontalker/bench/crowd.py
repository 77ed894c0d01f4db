"""The crowd scenario: many live streams stepped by one scheduler."""

from __future__ import annotations

import threading
import time

import numpy as np

from diffusiontalker.api.model import Model
from diffusiontalker.bench.live import native_stream, playback_numbers, warm_up, windows
from diffusiontalker.bench.numbers import per_frame, percentiles, phases_s
from diffusiontalker.bench.pacing import CHUNK_SAMPLES, LEAD_S, POLL_S, Microphone, Playback, play
from diffusiontalker.native import native

MAX_STREAMS = 256  # where the search ends


class Stepper(threading.Thread):
    """The host's worker thread: steps the scheduler as long as there is work, else looks again after 1 ms."""

    def __init__(self, scheduler) -> None:
        super().__init__(daemon=True)
        self.steps: list[tuple[float, int]] = []  # (seconds, windows) of the steps that ran any
        self._scheduler = scheduler
        self._halt = threading.Event()
        self._error: Exception | None = None

    def run(self) -> None:
        try:
            while not self._halt.is_set():
                began = time.perf_counter()
                done = self._scheduler.step()
                if done["n_windows"]:
                    self.steps.append((time.perf_counter() - began, done["n_windows"]))
                else:
                    time.sleep(POLL_S)
        except Exception as e:  # told by finish(), in the thread that waits for the result
            self._error = e

    def finish(self) -> None:
        """Stops, waits and raises what went wrong in the thread."""
        self._halt.set()
        self.join()
        if self._error is not None:
            raise self._error


class Crowd:
    """One scheduler that serves run after run. Making it compiles the networks for all batch sizes.
    n_workers: threads that step it, as many as the model was opened for.
    max_wait_ms: how long a ready window waits for others to share its batch; the host allows for it.
    """

    def __init__(self, model: Model, profile: str, n_workers: int = 1, max_wait_ms: int = 0):
        self.model, self.profile, self.n_workers, self.max_wait_ms = model, profile, n_workers, max_wait_ms
        self._sizes = model.profile(profile)
        self._scheduler = native().Scheduler(model._native, max_wait_us=1000 * max_wait_ms)
        stream = native_stream(model, profile)
        started = time.perf_counter()
        self._scheduler.add(stream)
        self.build_s = time.perf_counter() - started
        self._scheduler.remove(stream)

    def measure(self, audio: np.ndarray, seconds: float, n_streams: int, find: bool) -> dict:
        """Returns the `crowd` object of docs/benchmarks.md."""
        warm_up(self.model, self.profile, audio)
        result = self.run(audio, seconds, n_streams)
        trials: list[dict] = []
        if find:
            trials = [{"streams": n_streams, "sustained": result["sustained"]}]
            greatest_sustained(lambda n: self.run(audio, seconds, n)["sustained"], trials)
        held = [t["streams"] for t in trials if t["sustained"]]
        return result | {"sustained_streams": max(held, default=0) if find else None, "trials": trials}

    def run(self, audio: np.ndarray, seconds: float, n_streams: int) -> dict:
        """One run; the streams begin spread evenly over one hop, as nobody speaks in step with others."""
        streams = [native_stream(self.model, self.profile, seed) for seed in range(n_streams)]
        chunks_per_hop = self._sizes.hop_samples / CHUNK_SAMPLES
        starts = [int(i * chunks_per_hop / n_streams) for i in range(n_streams)]
        for stream in streams:
            self._scheduler.add(stream)
        before = self._scheduler.stats()
        began = time.perf_counter() + LEAD_S
        until = began + seconds
        playbacks = [self._playback(s, began + start / 100) for s, start in zip(streams, starts, strict=True)]
        microphone = Microphone(streams, starts, audio, began, seconds)
        steppers = [Stepper(self._scheduler) for _ in range(self.n_workers)]
        for thread in (microphone, *steppers):
            thread.start()
        try:
            play(playbacks, until)
        finally:
            for stepper in steppers:
                stepper.finish()
            microphone.finish()
        after = self._scheduler.stats()
        for stream in streams:
            self._scheduler.remove(stream)
        change = {key: after[key] - before[key] for key in ("n_windows", "n_batches", "run_ns")}
        return self._result(streams, playbacks, microphone, steppers, change, (seconds, until)) | {
            "scheduler_bytes": after["memory_bytes"]
        }

    def _playback(self, stream, began: float) -> Playback:
        period_s = self.model.fps_den / self.model.fps_num
        wait_s = self.max_wait_ms / 1000
        return Playback(stream, began, self._sizes.latency_ms / 1000, period_s, self._sizes.hop_frames, wait_s)

    def _result(self, streams, playbacks, microphone, steppers, change: dict, span: tuple[float, float]) -> dict:
        seconds, until = span
        stats = [stream.stats() for stream in streams]
        n_misses = sum(s["n_deadline_misses"] for s in stats)
        played = playback_numbers(playbacks, until)
        hop = self._sizes.hop_frames
        first = [p.first_frame_s for p in playbacks if p.first_frame_s is not None]
        compute_s = change["run_ns"] / 1e9 + sum(s["front_end_ns"] for s in stats) / 1e9
        return {
            "profile": self.profile,
            "seconds": seconds,
            "streams": len(streams),
            "workers": self.n_workers,
            "max_wait_ms": self.max_wait_ms,
            **windows(self._sizes),
            "build_s": self.build_s,
            "first_frame_ms": percentiles(first, 1000),
            "ms_per_frame": percentiles([s * 1000 / (n * hop) for stepper in steppers for s, n in stepper.steps]),
            "rtf": compute_s / (seconds * len(streams)),
            "busy_share": compute_s / (seconds * self.n_workers),
            "windows_per_batch": change["n_windows"] / change["n_batches"] if change["n_batches"] else None,
            "pull_ms": percentiles([s for p in playbacks for s in p.pull_s], 1000),
            "push_ms": percentiles(microphone.push_s, 1000),
            **played,
            "n_deadline_misses": n_misses,
            "max_deadline_lateness_ms": max(s["max_lateness_ns"] for s in stats) / 1e6,
            "n_lost_chunks": microphone.n_lost,
            "microphone_late_ms": percentiles(microphone.late_s, 1000),
            "sustained": not (n_misses or played["n_late_frames"] or microphone.n_lost),
            "phases_ms_per_frame": per_frame(phases_s(stats), sum(s["n_hops"] for s in stats) * hop),
            "stream_bytes": streams[0].info()["memory_bytes"],
        }


def greatest_sustained(sustains, trials: list[dict]) -> None:
    """Looks for the greatest number of streams: doubles or halves from the first trial, then halves the interval.
    sustains: called with a number, tells whether it held.   trials: begins with one trial; the others are appended.
    """

    def held(n: int) -> bool:
        trials.append({"streams": n, "sustained": bool(sustains(n))})
        return trials[-1]["sustained"]

    good, bad = 0, MAX_STREAMS + 1
    n = trials[0]["streams"]
    if trials[0]["sustained"]:
        good = n
        while bad > MAX_STREAMS and good < MAX_STREAMS:
            n = min(2 * good, MAX_STREAMS)
            good, bad = (n, bad) if held(n) else (good, n)
    else:
        bad = n
        while not good and bad > 1:
            n = bad // 2
            good, bad = (n, bad) if held(n) else (good, n)
    while bad <= MAX_STREAMS and bad - good > 1:
        n = (good + bad) // 2
        good, bad = (n, bad) if held(n) else (good, n)
