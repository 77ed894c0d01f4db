"""Features for clips that are prepared already and whose recordings were not changed in preparation."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import cast

import numpy as np
import soundfile as sf
from tqdm import tqdm

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.encoders.cache import FeatureInfo, FeatureWriter
from training.encoders.choice import EncoderChoice
from training.encoders.frozen import FrozenEncoder
from training.encoders.resample import encode_clip
from training.encoders.worker import load_in_worker, worker_encoder
from training.prepared.clips import Clip, ClipSet
from training.prepared.motion_space import MotionSpace

SUFFIXES = (".flac", ".wav")
AHEAD = 64  # clips in flight: bounds the memory while one slow clip holds the others up


def find_recording(folder: Path, utterance: str) -> Path:
    """Raises FileNotFoundError when the folder has none of that name."""
    for suffix in SUFFIXES:
        path = Path(folder) / f"{utterance}{suffix}"
        if path.is_file():
            return path
    raise FileNotFoundError(f"no {utterance}{SUFFIXES[0]} or {SUFFIXES[1]} in {folder}: give the clips' recordings")


def clip_signal(path: Path, clip: Clip, motion: MotionSpace) -> np.ndarray:
    """float32: the recording with the clip's silence before it.
    Raises ValueError for another rate or a length that is not the clip's, as an augmented speed makes it."""
    audio, rate = sf.read(path, dtype="float32", always_2d=True)
    if rate != SAMPLE_RATE_HZ:
        raise ValueError(f"{path} has {rate} Hz, expected {SAMPLE_RATE_HZ}")
    frames = len(audio) / SAMPLE_RATE_HZ * motion.fps
    if abs(frames - clip.speech_frames) > 1:
        raise ValueError(
            f"{path} lasts {frames:.1f} frames, its clip {clip.speech_frames}: "
            "clips with augmentation get their features while they are prepared"
        )
    lead = clip.speech_frame * SAMPLE_RATE_HZ * motion.fps_den // motion.fps_num
    return np.concatenate([np.zeros(lead, np.float32), audio.mean(axis=1)])


def _features(job: tuple[Path, Clip, MotionSpace], encoder: FrozenEncoder | None = None) -> np.ndarray:
    path, clip, motion = job
    encoder = encoder or cast(FrozenEncoder, worker_encoder())
    return encode_clip(encoder, clip_signal(path, clip, motion), clip.n_frames, motion)


def _in_processes(choice: EncoderChoice, jobs: list, n_processes: int) -> Iterator[np.ndarray]:
    """Results of _features in the order of the jobs, at most AHEAD of them begun or waiting."""
    fresh = multiprocessing.get_context("spawn")  # PyTorch's threads do not survive a fork
    with ProcessPoolExecutor(n_processes, fresh, initializer=load_in_worker, initargs=(choice,)) as pool:
        waiting: deque[Future] = deque()
        for job in jobs:
            waiting.append(pool.submit(_features, job))
            if len(waiting) == AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def extract(clips_folder: Path, audio_folder: Path, choice: EncoderChoice, jobs: int = 1) -> int:
    """Writes features.bin and features.json beside the clips; goes on where a killed run stopped.

    audio_folder: UTTERANCE.flac or .wav, 16 kHz.   jobs: 1, in this process; more, so many processes of one thread.
    Returns the number of clips encoded now.
    Raises FileNotFoundError and ValueError for what is missing or does not match."""
    clips = ClipSet(clips_folder)
    ordered = sorted(clips.clips, key=lambda c: c.first_frame)
    paths = [find_recording(audio_folder, c.utterance) for c in ordered]
    encoder = choice.load()
    with FeatureWriter(clips_folder, FeatureInfo.of(encoder), resume=True) as writer:
        done = sum(c.first_frame + c.n_frames <= writer.n_frames for c in ordered)
        writer.keep(ordered[done - 1].first_frame + ordered[done - 1].n_frames if done else 0)
        todo = [(p, c, clips.info.motion) for p, c in zip(paths[done:], ordered[done:], strict=True)]
        results = _in_processes(choice, todo, jobs) if jobs > 1 else (_features(job, encoder) for job in todo)
        for features in tqdm(results, total=len(todo), desc="extract"):
            writer.add(features)
    return len(todo)
