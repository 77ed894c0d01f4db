"""Many streams of one model, stepped in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffusiontalker.api.stream import Stream


class Scheduler:
    """Made by Model.scheduler(). Any thread; as many steps as load() was told n_workers go on side by side. They let
    other Python threads run.

    scheduler.add(stream); then, again and again: stream.push(...) of each, scheduler.step(), stream.pull() of each.
    A stream in a scheduler runs no networks in pull(): it gives what the steps have finished. A push beyond
    max_buffered_ms raises BufferFullError: nothing makes room but a step.
    """

    def __init__(self, native_scheduler):
        self._native = native_scheduler

    def add(self, stream: Stream) -> None:
        """Joins a stream of the same model; the first one of a profile compiles the batch sizes, which takes seconds.
        Raises InputError (another model), BusyError (it is in a scheduler already).
        """
        self._native.add(stream._native)

    def remove(self, stream: Stream) -> None:
        """The stream leaves, and pulls for itself again. Raises InputError when it is not in here."""
        self._native.remove(stream._native)

    def step(self, budget_us: int = -1, max_windows: int = -1) -> dict[str, int]:
        """Runs windows that are ready, oldest deadline first, until none is left or the budget is spent; one batch runs
        in any case.   budget_us: wall time; -1: no limit.   max_windows: -1: no limit.
        Returns the fields of dt_step_info: n_windows, n_batches, n_ready, n_late, n_failed, next_deadline_ns.
        """
        return dict(self._native.step(budget_us, max_windows))

    def stats(self) -> dict[str, int]:
        """The fields of dt_scheduler_stats since creation."""
        return dict(self._native.stats())
