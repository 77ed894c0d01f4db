"""Sessions done again in a process that has done nothing else."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.soak.runner import Done, Plan, Soaked
from benchmarks.soak.script import Clip, replay
from diffusiontalker.api.model import Model, load
from diffusiontalker.bench.clip import recording


def open_model(plan: Plan) -> Model:
    return load(plan.bundle, backend=plan.backend, precision=plan.precision, n_threads=len(plan.profiles),
                n_workers=len(plan.profiles))  # fmt: skip


def digest_in_a_fresh_process(plan: Plan, audio: Path, number: int, last: Done) -> str:
    model = open_model(plan)
    stream = model.stream(profile=plan.profiles[number], seed=plan.seed + number)
    return replay(model, stream, Clip(recording(audio)), last.seed, last.seconds, last.n_steps).digest


def compare_with_fresh_processes(plan: Plan, audio: Path, soaked: list[Soaked], longest_s: float) -> None:
    """The last session of every stream; of a conversation only when it is not longer than longest_s."""
    context = multiprocessing.get_context("spawn")
    for one in soaked:
        last = one.last
        if last is None or (one.is_continuous and one.audio_s > longest_s):
            continue
        with ProcessPoolExecutor(1, mp_context=context) as fresh:
            digest = fresh.submit(digest_in_a_fresh_process, plan, audio, one.number, last).result()
        one.n_compared += 1
        if digest == last.digest:
            one.n_equal += 1
        else:
            one.faults.append(f"session {last.seed[2]}: other frames in a fresh process")
