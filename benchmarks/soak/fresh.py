"""Sessions done again in a process that has done nothing else."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.soak.runner import Done, Plan, Soaked
from benchmarks.soak.script import Clip, replay, replay_beginning
from diffusiontalker.api.model import Model, load
from diffusiontalker.bench.clip import recording


def open_model(plan: Plan) -> Model:
    return load(plan.bundle, backend=plan.backend, precision=plan.precision, n_threads=len(plan.profiles),
                n_workers=len(plan.profiles))  # fmt: skip


def digest_in_a_fresh_process(plan: Plan, audio: Path, number: int, last: Done) -> str:
    model = open_model(plan)
    stream = model.stream(profile=plan.profiles[number], seed=plan.seed + number)
    clip = Clip(recording(audio))
    if last.early_steps:
        return replay_beginning(model, stream, clip, last.seed, last.seconds, last.early_steps)
    return replay(model, stream, clip, last.seed, last.seconds, last.n_steps).digest


def compare_with_fresh_processes(plan: Plan, audio: Path, soaked: list[Soaked]) -> None:
    """The last session of every stream; of a conversation longer than plan.longest_replay_s its beginning."""
    context = multiprocessing.get_context("spawn")
    for one in soaked:
        last = one.last
        if last is None:
            continue
        with ProcessPoolExecutor(1, mp_context=context) as fresh:
            digest = fresh.submit(digest_in_a_fresh_process, plan, audio, one.number, last).result()
        is_whole = not last.early_steps
        seconds = one.session.audio_s if is_whole and one.session is not None else plan.longest_replay_s
        one.note_comparison(digest == (last.digest if is_whole else last.early_digest), seconds, "in a fresh process")
