"""What the counts of a soak say: memory, drift, and whether everything held."""

from __future__ import annotations

import numpy as np

from benchmarks.soak.runner import Soaked
from benchmarks.soak.script import Clip, Session
from diffusiontalker.api.model import Model

LOWEST, HIGHEST = 0.0, 1.0  # of a blendshape's weight
WARM_UP = 0.1  # share of the audio after which memory has to be flat
MOST_GROWTH_MB = 8.0  # from then on; a stream is 0.3 MB, and the allocator's own arenas move by some MB
ENOUGH_SESSIONS = 40  # for each half to meet the five rates
MOST_LAG_FRAMES = 0.1  # between the end of a conversation and its beginning


def memory_of(samples: list[dict]) -> dict:
    """Resident size after the warm-up: first, last, least, most (MB), and the slope of a line through it (MB/h)."""
    after = [s for s in samples if s["audio_h"] >= WARM_UP * samples[-1]["audio_h"] and s["rss_mb"] is not None]
    if len(after) < 3:
        return {"growth_mb": None, "slope_mb_per_audio_h": None, "samples": samples}
    hours, sizes = np.array([[s["audio_h"], s["rss_mb"]] for s in after]).T
    fifth = max(1, len(sizes) // 5)
    kept = samples[:: max(1, len(samples) // 60)]
    return {
        "warm_up_audio_h": round(float(hours[0]), 3),
        "least_mb": float(sizes.min()),
        "most_mb": float(sizes.max()),
        "growth_mb": round(float(np.median(sizes[-fifth:]) - np.median(sizes[:fifth])), 2),
        "slope_mb_per_audio_h": round(float(np.polyfit(hours, sizes, 1)[0]), 3) if np.ptp(hours) > 0 else None,
        "samples": kept if kept[-1] is samples[-1] else [*kept, samples[-1]],
    }


def _by_turn(weights: np.ndarray, first: int, frames_per_turn: float, n_bins: int = 400) -> np.ndarray:
    """Mean of a curve over the turns of the clip, at n_bins phases of it."""
    phase = (np.arange(first, first + len(weights)) % frames_per_turn) / frames_per_turn
    bins = np.minimum((phase * n_bins).astype(int), n_bins - 1)
    total, n = np.bincount(bins, weights, n_bins), np.bincount(bins, minlength=n_bins)
    known = n > 0
    return np.interp(np.arange(n_bins), np.nonzero(known)[0], total[known] / n[known])


def lag_frames(session: Session, clip: Clip, model: Model) -> float | None:
    """How far the jaw's curve at the end of a conversation lies behind that of its beginning, both folded over the
    clip, in frames; None for one that is too short, and for models without jawOpen. Parabola through the three
    highest values of the circular correlation.
    """
    if session.beginning is None or session.end is None or "jawOpen" not in model.channels:
        return None
    turn = clip.seconds * model.fps
    if min(len(session.beginning), len(session.end)) < 2 * turn:
        return None
    jaw = model.channels.index("jawOpen")
    n = 400
    early = _by_turn(session.beginning[:, jaw], 0, turn, n)
    late = _by_turn(session.end[:, jaw], session.end_first, turn, n)
    early, late = early - early.mean(), late - late.mean()
    correlation = np.fft.irfft(np.fft.rfft(late) * np.conj(np.fft.rfft(early)), n)
    best = int(np.argmax(correlation))
    before, at, after = (correlation[(best + k) % n] for k in (-1, 0, 1))
    bend = before - 2 * at + after
    shift = best + (0.5 * (before - after) / bend if bend != 0 else 0.0)
    return float(((shift + n / 2) % n - n / 2) * turn / n)


def bytes_of(one: Soaked) -> dict:
    """The most that the stream itself held after the sessions of the first half, and of the second. Rates differ in
    their tables, so that halves can be compared once both have met every rate.
    """
    middle = len(one.stream_bytes) // 2
    first, second = one.stream_bytes[:middle], one.stream_bytes[middle:]
    return {"first_half": max(first, default=None), "second_half": max(second, default=None)}


def row_of(one: Soaked, clip: Clip, model: Model) -> dict:
    return {
        "profile": one.profile,
        "kind": "one conversation" if one.is_continuous else "sessions",
        "audio_h": round(one.audio_s / 3600, 4),
        "n_frames": one.n_frames,
        "n_sessions": one.n_sessions,
        "operations": dict(sorted(one.operations.items())),
        "n_compared": one.n_compared,
        "n_equal": one.n_equal,
        "compared_h": round(one.compared_s / 3600, 4),
        "lowest_weight": one.lowest if one.n_frames else None,
        "highest_weight": one.highest if one.n_frames else None,
        "stream_bytes": bytes_of(one),
        "lag_frames": lag_frames(one.session, clip, model) if one.is_continuous and one.session else None,
        "faults": one.faults[:20],
    }


def broken(rows: list[dict], memory: dict) -> list[str]:
    """Sentences on what did not hold; empty when all did."""
    found = [f"stream {i}: {fault}" for i, row in enumerate(rows) for fault in row["faults"]]
    for i, row in enumerate(rows):
        if row["n_frames"] == 0:
            found.append(f"stream {i} gave no frame")
        if row["n_frames"] and not (row["lowest_weight"] >= LOWEST and row["highest_weight"] <= HIGHEST):
            found.append(f"stream {i}: weights from {row['lowest_weight']} to {row['highest_weight']}")
        first, second = row["stream_bytes"]["first_half"], row["stream_bytes"]["second_half"]
        if row["n_sessions"] >= ENOUGH_SESSIONS and not second <= first:
            found.append(f"stream {i}: it held {first} bytes in the first half of its sessions, {second} in the second")
        if row["lag_frames"] is not None and not abs(row["lag_frames"]) <= MOST_LAG_FRAMES:
            found.append(f"stream {i}: the end lies {row['lag_frames']:.2f} frames behind the beginning")
        if row["n_compared"] == 0:
            found.append(f"stream {i}: nothing was compared with a fresh run")
    if memory["growth_mb"] is not None and not memory["growth_mb"] <= MOST_GROWTH_MB:
        found.append(f"memory grew by {memory['growth_mb']} MB")
    return found
