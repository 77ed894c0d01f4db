"""Small sums that all scenarios share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

PHASES = ("front_end", "encoder", "denoiser", "update", "post")


def percentiles(values: Sequence[float], scale: float = 1.0) -> dict[str, float] | None:
    """p50, p95, p99 and max of values * scale; None when there are none."""
    if not len(values):
        return None
    array = np.asarray(values, np.float64) * scale
    p50, p95, p99 = np.percentile(array, (50, 95, 99))
    return {"p50": float(p50), "p95": float(p95), "p99": float(p99), "max": float(array.max())}


def phases_s(stats: Iterable[Mapping[str, int]]) -> dict[str, float | None]:
    """Seconds per phase, the sum of the statistics of streams."""
    table = list(stats)
    return {name: sum(one[f"{name}_ns"] for one in table) / 1e9 for name in PHASES}


def per_frame(seconds: Mapping[str, float | None], n_frames: int) -> dict[str, float | None]:
    """Milliseconds per frame of each phase; None where a phase was not taken or there are no frames."""
    whole = {name: seconds.get(name) for name in PHASES}
    return {name: None if s is None or not n_frames else s * 1000 / n_frames for name, s in whole.items()}
