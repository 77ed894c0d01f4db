"""Streams in threads of their own, sessions one after the other, some of them done again on a fresh stream."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.soak.script import Clip, Conversation, Session, replay
from diffusiontalker.api.model import Model

STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Plan:
    bundle: str
    backend: str
    precision: str
    profiles: tuple[str, ...]  # one stream each; the first one is a single conversation
    hours: float  # of audio for each stream
    minutes: float  # of wall time, after which everything ends
    check_every: int  # sessions, of which one is done again on a fresh stream
    seed: int
    longest_replay_s: float  # of the conversation, whose first seconds are done again where it is longer


@dataclass
class Done:
    """What is known of a session after it: enough to do it again."""

    seed: tuple[int, ...]
    seconds: float | None
    n_steps: int
    digest: str
    early_steps: int = 0  # of a conversation that is longer than the longest replay: the steps of its beginning
    early_digest: str = ""


def rss_mb() -> float | None:
    """Resident size of this process in MB; None where the system does not tell."""
    try:
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1000
    except OSError:
        pass  # not Linux
    return None


class Soaked:
    """One stream for the whole time. `run` is for a thread of its own; what it counts may be read meanwhile."""

    def __init__(self, plan: Plan, number: int, model: Model, clip: Clip, deadline: float):
        self.plan, self.number, self.model, self.clip, self.deadline = plan, number, model, clip, deadline
        self.profile = plan.profiles[number]
        self.is_continuous = number == 0
        self.audio_s, self.n_frames, self.n_sessions, self.n_compared, self.n_equal = 0.0, 0, 0, 0, 0
        self.compared_s = 0.0  # seconds of audio that were done again
        self.lowest, self.highest = np.inf, -np.inf
        self.operations: Counter[str] = Counter()
        self.faults: list[str] = []
        self.stream_bytes: list[int] = []
        self.last: Done | None = None
        self.session: Session | None = None  # of the last session
        self.running = 0.0  # seconds of audio of the session that runs

    def stream(self, model: Model):
        return model.stream(profile=self.profile, seed=self.plan.seed + self.number)

    def run(self) -> None:
        try:
            stream = self.stream(self.model)
            wanted = self.plan.hours * 3600
            while self.audio_s < wanted and time.monotonic() < self.deadline:
                self._one_session(stream, wanted if self.is_continuous else None)
                if self.n_sessions % self.plan.check_every == 0 and not self.is_continuous:
                    self.compare(self.model)
                stream.reset()
        except Exception as e:  # a thread's exception is a fault of the run
            self.faults.append(f"{type(e).__name__}: {e}")

    def _one_session(self, stream, seconds: float | None) -> None:
        seed = (self.plan.seed, self.number, self.n_sessions)
        early_s = self.plan.longest_replay_s if self.is_continuous else np.inf
        conversation = Conversation(self.model, stream, self.clip, seed, seconds, early_s)
        while not conversation.is_over and time.monotonic() < self.deadline:
            conversation.step()
            self.running = conversation.session.audio_s
        session = conversation.finish()
        self.stream_bytes.append(stream.info()["memory_bytes"])
        is_long = session.early_steps < session.n_steps
        early = (session.early_steps, session.early_digest) if is_long else (0, "")
        self.last = Done(seed, seconds, session.n_steps, session.digest, *early)
        self.session, self.running = session, 0.0
        self.n_sessions += 1
        self.audio_s += session.audio_s
        self.n_frames += session.n_frames
        self.operations.update(session.operations)
        self.lowest, self.highest = min(self.lowest, session.lowest), max(self.highest, session.highest)
        self.faults += [f"session {self.n_sessions - 1}: {fault}" for fault in session.faults]

    def compare(self, model: Model) -> None:
        """The last session again, on a fresh stream of the model."""
        last = self.last
        assert last is not None
        again = replay(model, self.stream(model), self.clip, last.seed, last.seconds, last.n_steps)
        self.note_comparison(again.digest == last.digest, again.audio_s, "on a fresh stream")

    def note_comparison(self, is_equal: bool, seconds: float, where: str) -> None:
        assert self.last is not None
        self.n_compared += 1
        self.compared_s += seconds
        if is_equal:
            self.n_equal += 1
        else:
            self.faults.append(f"session {self.last.seed[2]}: other frames {where}")


def run(plan: Plan, model: Model, clip: Clip, say) -> tuple[list[Soaked], list[dict]]:
    """All streams until they have their hours or the time is over; and the memory every while."""
    began = time.monotonic()
    soaked = [Soaked(plan, i, model, clip, began + plan.minutes * 60) for i in range(len(plan.profiles))]
    threads = [threading.Thread(target=one.run, daemon=True) for one in soaked]
    for thread in threads:
        thread.start()
    memory: list[dict] = []
    while any(thread.is_alive() for thread in threads):
        for thread in threads:
            thread.join(timeout=5 / len(threads))
        hours = sum(one.audio_s + one.running for one in soaked) / 3600
        memory.append({"wall_s": round(time.monotonic() - began, 1), "audio_h": round(hours, 4), "rss_mb": rss_mb()})
        if len(memory) % 12 == 0:
            say(f"{hours:.2f} h of audio after {memory[-1]['wall_s'] / 60:.1f} min, {memory[-1]['rss_mb']} MB")
    return soaked, memory
