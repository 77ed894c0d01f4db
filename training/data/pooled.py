"""Clips made by a pool of processes, written in the order of the jobs."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tqdm import tqdm

from training.encoders.cache import FeatureInfo, FeatureWriter
from training.encoders.choice import EncoderChoice
from training.encoders.worker import load_in_worker
from training.prepared.clips import ClipSetInfo, ClipWriter


def write_clips(
    out: Path, info: ClipSetInfo, jobs: list, clips_of: Callable, n_processes: int, choice: EncoderChoice | None
) -> str:
    """clips_of(job), called in a process that has the encoder of choice (worker_encoder), gives dicts of what
    ClipWriter.add takes, with `features` when there is an encoder. Returns a line that says how much was written."""
    fresh = multiprocessing.get_context("spawn")  # PyTorch's threads do not survive a fork
    with ExitStack() as stack:
        features = stack.enter_context(FeatureWriter(out, FeatureInfo.of(choice.load()))) if choice else None
        writer = stack.enter_context(ClipWriter(out, info))
        pool = stack.enter_context(ProcessPoolExecutor(n_processes, fresh, load_in_worker, (choice,)))
        for clips in tqdm(pool.map(clips_of, jobs, chunksize=8), total=len(jobs), desc="clips"):
            for clip in clips:
                if features is not None:
                    features.add(clip.pop("features"))
                writer.add(**clip)
    return f"{len(jobs)} recordings, {writer.n_frames / info.motion.fps / 3600:.2f} h with variants -> {out}"
