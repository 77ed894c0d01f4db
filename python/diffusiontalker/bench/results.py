"""What the rows of a benchmark sum up to; docs/benchmarks.md describes every key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from diffusiontalker.bench.numbers import PHASES, per_frame, percentiles

if TYPE_CHECKING:
    from diffusiontalker.bench.measure import Row

BASELINES = ("torch", "torch-reencode", "onnxruntime")
ENGINE_HOPS = "engines"  # one process for all of its ways


def row_result(r: Row, audio_s: float) -> dict:
    """One element of `rows`."""
    return {
        "name": r.row["backend"],
        "precision": r.row["precision"],
        "isa": r.row.get("isa") or None,
        "threads": r.row["threads"],
        "error": None if r.failure is None else str(r.failure),
        "load_s": r.opened.get("load_s"),
        "build_s": r.opened.get("build_s"),
        "first_window_s": r.opened.get("first_window_s"),
        "memory": {
            "start_rss_bytes": r.opened.get("start_rss_bytes"),
            "loaded_rss_bytes": r.opened.get("loaded_rss_bytes"),
            "streaming_rss_bytes": r.opened.get("streaming_rss_bytes"),
            "peak_rss_bytes": r.opened.get("peak_rss_bytes"),
            "peak_device_bytes": r.opened.get("peak_device_bytes"),
            "stream_bytes": r.opened.get("stream_bytes"),
        },
        "offline": None if r.failure or not r.rounds else _offline(r, audio_s),
        "live": None if r.failure else r.paced["live"],
        "crowd": None if r.failure else r.paced["crowd"],
        "hop": None if r.failure else r.paced["hop"],
        "against": {},
    }


def by_way(result: dict) -> list[dict]:
    """The row itself, or, where one process measured several ways to run the engines, a row for each."""
    hop = result["hop"]
    if result["name"] != ENGINE_HOPS or not hop:
        return [result]
    steal = {"steal_share": hop["steal_share"]}
    return [result | {"name": name, "hop": one | steal, "against": {}} for name, one in hop["ways"].items()]


def _offline(r: Row, audio_s: float) -> dict:
    hop_frames, n_frames = r.rounds[0]["hop_frames"], r.rounds[0]["n_frames"]
    total_s = float(np.median([one["total_s"] for one in r.rounds]))
    hops = [s for one in r.rounds for s in one["hop_s"]]
    sums = {name: [one["phases_s"].get(name) for one in r.rounds] for name in PHASES}
    stolen = [one["steal_share"] for one in r.rounds]
    phases = {name: None if None in taken else float(np.median(taken)) for name, taken in sums.items()}
    return {
        "profile": r.row["profile"],
        "rounds": len(r.rounds),
        "n_frames": n_frames,
        "ms_per_frame": percentiles(hops, 1000 / hop_frames),
        "frames_per_s": n_frames / total_s,
        "rtf": total_s / audio_s,
        "times_real_time": audio_s / total_s,
        "gflops": None
        if not r.row.get("window_flops")
        else r.row["window_flops"] / hop_frames * n_frames / total_s / 1e9,
        "phases_ms_per_frame": per_frame(phases, n_frames),
        "steal_share": None if None in stolen else float(np.mean(stolen)),
    }


def compare_with_baselines(results: list[dict], frames: list[np.ndarray | None]) -> None:
    """Fills `against`: speed and differences of the weights against every baseline that ran beside."""
    for baseline, baseline_frames in zip(results, frames, strict=True):
        if baseline["name"] not in BASELINES or not baseline["offline"]:
            continue
        for result, own in zip(results, frames, strict=True):
            if own is None or not result["offline"] or baseline_frames is None:
                continue
            n = max(0, len(own) - 5)  # the runtime eases the last frames to rest
            off = own[:n].astype(np.float64) - baseline_frames[:n, : own.shape[1]]  # a head pose stays behind
            result["against"][baseline["name"]] = {
                "speed": result["offline"]["frames_per_s"] / baseline["offline"]["frames_per_s"],
                "max_difference": float(np.abs(off).max()) if n else None,
                "rms_difference": float(np.sqrt((off**2).mean())) if n else None,
            }
