"""Runs the rows of a benchmark interleaved, each in its own process, and sums them up."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from diffusiontalker.errors import DiffusionTalkerError, InternalError


class RowError(DiffusionTalkerError):
    """A row that cannot run here."""

    def __init__(self, message: str, exit_code: int):
        super().__init__(message)
        self.exit_code = exit_code


class Row:
    """One process that is measured. row: kind, bundle, backend, precision, threads, profile, live_profile."""

    def __init__(self, row: dict, audio: Path):
        self.row = row
        self.rounds: list[dict] = []
        self.live: dict | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "diffusiontalker.bench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.opened = self.ask({"do": "open", "row": row, "audio": str(audio)})
        except BaseException:
            self.close()
            raise

    def ask(self, request: dict) -> dict:
        """Raises RowError for an error of the row, InternalError when its process died."""
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise InternalError(f"the process that measures {self.row['backend']} ended with code {code}")
        answer = json.loads(line)
        if "error" in answer:
            raise RowError(answer["error"], answer["exit_code"])
        return answer

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def _opened(rows: list[dict], audio: Path) -> Iterator[list[Row]]:
    running: list[Row] = []
    try:
        for row in rows:
            running.append(Row(row, audio))
        yield running
    finally:
        for r in running:
            r.close()


def run_rows(rows: list[dict], audio: np.ndarray, n_rounds: int, tick: Callable[[], None]) -> list[dict]:
    """Measures all rows: a warm-up, n_rounds of offline in a random order each, then live for the streams.
    audio: float32 [n] at 16 kHz.   tick: called after each run.   Returns one JSON-ready result per row.
    """
    order = random.Random(0)
    with tempfile.TemporaryDirectory(prefix="diffusiontalker-bench-") as folder:
        clip = Path(folder) / "clip.npy"
        np.save(clip, audio)
        with _opened(rows, clip) as running:
            for r in running:
                r.ask({"do": "offline"})  # warm-up: first-touch memory, thread pools, lazy compilation
                tick()
            for _ in range(n_rounds):
                for r in order.sample(running, len(running)):
                    r.rounds.append(r.ask({"do": "offline"}))
                    tick()
            frames = []
            for i, r in enumerate(running):
                path = Path(folder) / f"{i}.npy"
                rss = r.ask({"do": "frames", "path": str(path)})["peak_rss_bytes"]
                frames.append(np.load(path))
                if r.row["kind"] == "stream":
                    r.live = r.ask({"do": "live"})
                    tick()
                r.opened["peak_rss_bytes"] = rss
            results = [_result(r, len(audio) / 16000) for r in running]
    _compare(results, frames)
    return results


def n_runs(rows: list[dict], n_rounds: int) -> int:
    """How often run_rows() calls tick."""
    return len(rows) * (1 + n_rounds) + sum(row["kind"] == "stream" for row in rows)


def _percentiles(hop_s: list[float], hop_frames: int) -> dict:
    p50, p95, p99 = np.percentile(np.asarray(hop_s) * 1000 / hop_frames, (50, 95, 99))
    return {"p50": float(p50), "p95": float(p95), "p99": float(p99)}


def _result(r: Row, audio_s: float) -> dict:
    hops = [t for one in r.rounds for t in one["hop_s"]]
    total_s = float(np.median([one["total_s"] for one in r.rounds]))
    n_frames = r.rounds[0]["n_frames"]
    result = {
        "name": r.opened["backend"],
        "precision": r.row["precision"],
        "threads": r.row["threads"],
        "load_s": r.opened["load_s"],
        "peak_rss_bytes": r.opened["peak_rss_bytes"],
        "offline": {
            "ms_per_frame": _percentiles(hops, r.rounds[0]["hop_frames"]),
            "frames_per_s": n_frames / total_s,
            "rtf": total_s / audio_s,
            "times_real_time": audio_s / total_s,
            "phases_s": r.rounds[-1]["phases_s"],
        },
        "live": None,
    }
    if r.live:
        result["live"] = {
            "profile": r.row["live_profile"],
            "ms_per_frame": _percentiles(r.live["hop_s"], r.live["hop_frames"]),
            "first_frame_compute_ms": r.live["first_frame_s"] * 1000,
            "first_frame_audio_ms": r.live["first_frame_audio_s"] * 1000,
            "hop_ms": r.opened["hop_s"] * 1000,
            "lookahead_ms": r.opened["lookahead_s"] * 1000,
        }
    return result


def _compare(results: list[dict], frames: list[np.ndarray]) -> None:
    """Adds speed and difference against the PyTorch row, where there is one."""
    for baseline, baseline_frames in zip(results, frames, strict=True):
        if baseline["name"] == "torch-eager":
            for result, own in zip(results, frames, strict=True):
                n = len(own) - 5  # the runtime eases the last frames to rest
                result["speed_against_torch"] = result["offline"]["frames_per_s"] / baseline["offline"]["frames_per_s"]
                result["max_difference_to_torch"] = float(np.abs(own[:n] - baseline_frames[:n]).max())
