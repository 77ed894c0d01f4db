"""Runs the rows of a benchmark, each in its own process: offline interleaved, the paced scenarios one by one."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffusiontalker.bench.results import by_way, compare_with_baselines, row_result
from diffusiontalker.errors import DiffusionTalkerError, InternalError
from diffusiontalker.io.temporary import spool_prefix
from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from diffusiontalker.trt_build import DEFAULT_BATCHES


@dataclass(frozen=True)
class Plan:
    """What is measured of every row; baselines have the offline scenario only."""

    scenarios: tuple[str, ...] = ("offline", "live")
    n_rounds: int = 5  # offline
    seconds: float = 10.0  # of each live and crowd run
    n_streams: int = 8
    find_streams: bool = False
    max_wait_ms: int = 0  # of a crowd's scheduler
    n_workers: int = 1  # that step a crowd
    batches: tuple[int, ...] = DEFAULT_BATCHES  # of hops
    n_calls: int = 100  # of each hop
    peak: Callable[[], float] | None = None  # GFLOP/s that the processor could do, once in each offline round

    def n_runs(self, rows: list[dict]) -> int:
        """How often run_rows() calls tick, when no row fails."""
        n_streams = sum(row["kind"] == "stream" for row in rows)
        n_hops = sum(is_hop(row) for row in rows)
        offline = (len(rows) - n_hops) * (1 + self.n_rounds) if "offline" in self.scenarios else 0
        return offline + n_hops + n_streams * sum(s in ("live", "crowd") for s in self.scenarios)


def is_hop(row: dict) -> bool:
    """Whether a row has the hop scenario, and no other."""
    return row["kind"].startswith("hop-")


class RowError(DiffusionTalkerError):
    """A row that cannot run here."""

    def __init__(self, message: str, exit_code: int):
        super().__init__(message)
        self.exit_code = exit_code


class Row:
    """One process that is measured. row: kind, backend, bundle, precision, threads, profile, live_profile, and
    what its runner wants besides.
    failure: why the row cannot run, or could not go on; it answers nothing more then.
    """

    def __init__(self, row: dict):
        self.row = row
        self.failure: DiffusionTalkerError | None = None
        self.opened: dict = {}
        self.rounds: list[dict] = []
        self.paced: dict[str, dict | None] = {"live": None, "crowd": None, "hop": None}
        self.frames: np.ndarray | None = None
        forced = {"DT_CPU_ISA": row["isa"]} if row.get("isa") else {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "diffusiontalker.bench.worker"],
            env=os.environ | forced,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for us, who then end it
        )

    def ask(self, **request) -> dict | None:
        """The answer; None when the row has failed before or fails now."""
        if self.failure is not None:
            return None
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self.failure = InternalError(f"the process that measures {self.row['backend']} ended with code {code}")
            return None
        answer = json.loads(line)
        if "error" in answer:
            self.failure = RowError(answer["error"], answer["exit_code"])
            return None
        return answer

    def stop(self) -> None:
        """Ends the process in the middle of its work."""
        self._process.kill()
        self.close()

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
def _opened(rows: list[dict], clip: Path) -> Iterator[list[Row]]:
    """Opens the rows one after the other, so that load times are not taken side by side."""
    running: list[Row] = []
    try:
        for row in rows:
            running.append(Row(row))
            running[-1].opened = running[-1].ask(do="open", row=row, audio=str(clip)) or {}
        yield running
    except BaseException:
        for r in running:
            r.stop()
        raise
    for r in running:
        r.close()


def run_rows(
    rows: list[dict], audio: np.ndarray, plan: Plan, tick: Callable[[], None]
) -> tuple[list[dict], list[float]]:
    """Measures all rows.
    audio: float32 [n] at 16 kHz.   tick: called after each run.   Returns one JSON-ready result per row, and what
    plan.peak gave; a row that cannot run has `error`. Raises the first row's error when no row can run.
    """
    peaks: list[float] = []
    with tempfile.TemporaryDirectory(prefix=spool_prefix()) as folder:
        clip = Path(folder) / "clip.npy"
        np.save(clip, audio)
        with _opened(rows, clip) as running:
            if "offline" in plan.scenarios:
                clips = [r for r in running if not is_hop(r.row)]
                peaks = _offline(clips, Path(folder) / "frames.npy", plan, tick)
            paced = {"seconds": plan.seconds}
            crowd = paced | {"n_streams": plan.n_streams, "find": plan.find_streams, "max_wait_ms": plan.max_wait_ms}
            crowd |= {"n_workers": plan.n_workers}
            for scenario, options in (("live", paced), ("crowd", crowd)):
                for r in running:
                    if scenario in plan.scenarios and r.row["kind"] == "stream":
                        r.paced[scenario] = r.ask(do=scenario, options=options)
                        tick()
            for r in running:
                if is_hop(r.row):
                    r.paced["hop"] = r.ask(do="hop", options={"batches": plan.batches, "n_calls": plan.n_calls})
                    tick()
            for r in running:
                r.opened |= r.ask(do="memory") or {}
            if all(r.failure for r in running):
                raise running[0].failure or InternalError("there are no rows")
            results = [row_result(r, len(audio) / SAMPLE_RATE_HZ) for r in running]
    compare_with_baselines(results, [r.frames for r in running])
    return [one for result in results for one in by_way(result)], peaks


def _offline(running: list[Row], path: Path, plan: Plan, tick: Callable[[], None]) -> list[float]:
    """A warm-up, then the rounds, in a random order each. Returns the peak in each of them."""
    order, peaks = random.Random(0), []
    for r in running:
        r.ask(do="offline")  # warm-up: first-touch memory, thread pools, lazy compilation
        tick()
    for _ in range(plan.n_rounds):
        if plan.peak is not None:
            peaks.append(plan.peak())
        for r in order.sample(running, len(running)):
            timing = r.ask(do="offline")
            r.rounds += [timing] if timing else []
            tick()
    for r in running:
        if r.ask(do="frames", path=str(path)) is not None:
            r.frames = np.load(path)
    return peaks
