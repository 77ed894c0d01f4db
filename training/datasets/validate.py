"""Checks of a data set as it lies on disk; the first thing that is wrong ends them."""

from __future__ import annotations

from collections import Counter

import numpy as np

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.datasets.take import DataError, DataSet, Description, Take, TakeRef, limited

MIN_FRAMES = 2


def check_take(take: Take, about: Description, tolerance: float) -> Take:
    """The take with audio and motion of one length, in whole frames.

    Raises DataError when they differ by more than `tolerance` frames, or a take is too short or of another width."""
    n = len(take.motion)
    if take.motion.ndim != 2 or take.motion.shape[1] != about.motion.n_channels:
        raise DataError(f"{take.name}: motion has shape {take.motion.shape}, expected (n, {about.motion.n_channels})")
    audio_frames = len(take.audio) * about.motion.fps / SAMPLE_RATE_HZ
    if not abs(audio_frames - n) <= tolerance + 1e-6:
        raise DataError(
            f"{take.name}: motion has {n} frames and its audio lasts {audio_frames:.1f}, over {tolerance:g} apart: "
            "replace one of them, or pass --length-tolerance"
        )
    n = min(n, max(int(np.ceil(audio_frames - 1e-6)), 0))
    if n < MIN_FRAMES:
        raise DataError(f"{take.name}: has {n} frames, expected at least {MIN_FRAMES}: leave the take out")
    n_samples = -(-n * SAMPLE_RATE_HZ * about.motion.fps_den // about.motion.fps_num)
    return Take(take.name, take.audio[:n_samples], take.motion[:n], take.speaker, take.emotion, take.split)


def read_checked(data: DataSet, ref: TakeRef, about: Description) -> Take:
    return check_take(data.read(ref), about, data.options.length_tolerance)


def validate(data: DataSet, limit: int | None = None, progress=lambda refs: refs) -> str:
    """Reads every take (or `limit` of each split). Returns what was counted, as lines to print.
    progress: wraps the list of takes.   Raises DataError naming the first wrong thing."""
    about = data.describe()
    takes: Counter[str] = Counter()
    frames: Counter[str] = Counter()
    speakers: dict[str, set[str]] = {}
    for ref in progress(limited(data.refs(), limit)):
        take = read_checked(data, ref, about)
        takes[take.split] += 1
        frames[take.split] += len(take.motion)
        speakers.setdefault(take.split, set()).add(take.speaker)
    lines = [
        f"{split}: {takes[split]} takes, {len(speakers[split])} speakers, {frames[split]} frames, "
        f"{frames[split] / about.motion.fps / 60:.1f} min"
        for split in ("train", "val", "test", "test_b")
        if takes[split]
    ]
    space = about.motion
    lines.append(f"motion: {space.kind}, {space.n_channels} channels at {space.fps:g} fps")
    if space.kind == "vertices":
        regions = ", ".join(f"{name} {len(ids)}" for name, ids in data.regions().items())
        lines.append(f"regions: {regions or 'none (scores of lips and upper face need regions/lve.txt and fdd.txt)'}")
    return "\n".join(lines)
