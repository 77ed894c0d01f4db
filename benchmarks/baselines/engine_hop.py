"""Hops on the bundle's engines, measured by the C++ benchmark of a checkout (tests/gpu), which has the CUDA loop."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path

from diffusiontalker.errors import BackendError, InputError
from diffusiontalker.spec import bundles

# What the program calls its ways of running, and the rows of the document.
WAYS = {
    "one graph": "engine-graph",
    "enqueued piece by piece": "engine-eager",
    "host loop, a step at a time": "engine-host-loop",
}
TIMEOUT_S = 500


class EngineHopRunner:
    """row: program, engines ("" takes the cache's), bundle, precision, live_profile. All ways run in one process."""

    def __init__(self, row: dict):
        self.row = row
        if not Path(row["program"]).is_file():
            raise InputError(f"there is no program {row['program']}: tests/gpu/run.sh builds it, dt_gpu_bench")
        self.folder = bundles.resolve(row["bundle"])
        self.load_s: float | None = None
        self.build_s = None

    def describe(self) -> dict:
        return {"stream_bytes": None}

    def hop(self, _audio, batches: list[int], n_calls: int) -> dict:
        """{"ways": {name of a row: its `hop` object}}. The program and the engines have their own calls and batches."""
        with tempfile.TemporaryDirectory(prefix="diffusiontalker-bench-") as folder:
            out = Path(folder) / "hops.json"
            command = [self.row["program"], out, self.folder, self.row["engines"], self.row["precision"]]
            started = time.perf_counter()
            try:
                result = subprocess.run(
                    list(map(str, command)), capture_output=True, text=True, timeout=TIMEOUT_S, errors="replace"
                )
            except (OSError, subprocess.TimeoutExpired) as e:
                raise BackendError(f"{self.row['program']} did not end well: {e}") from e
            if result.returncode:
                said = " ".join((result.stderr or result.stdout).split())[-300:]
                raise BackendError(said or f"{self.row['program']} ended with {result.returncode}")
            self.load_s = time.perf_counter() - started
            return {"ways": hops_of(json.loads(out.read_text()), self.row["live_profile"])}


def hops_of(document: dict, profile: str) -> dict:
    """What dt_gpu_bench wrote -> {name of a row: its `hop` object}, of one latency profile."""
    found: dict[str, dict] = {}
    for one in document.get("hops", []):
        name = WAYS.get(one["way"])
        if name is None or one["profile"] != profile:
            continue
        rows = found.setdefault(name, {"profile": profile, "calls": one.get("calls"), "batches": {}})
        spread = {p: one.get(f"{p}_ms") for p in ("p50", "p95", "p99", "max")}
        device = {p: one[f"device_{p}_ms"] for p in spread if f"device_{p}_ms" in one}
        rows["batches"][str(one["batch"])] = {
            "ms": spread,
            "device_ms": device if len(device) == len(spread) else None,
            "frames_per_s": one.get("frames_per_s"),
        }
    return found
