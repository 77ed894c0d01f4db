"""How far a build of engines is, for `engine build` and for the commands that find none to run."""

from __future__ import annotations

import time

from diffusiontalker.cli.console import Console, Progress


class EngineBar:
    """Progress bar on a terminal, else a line for each plan. It is made at the first report, when the number of plans
    is known; without a report nothing is shown. Context manager."""

    def __init__(self, console: Console):
        self.console, self.label, self.done = console, "", 0.0
        self.bar: Progress | None = None
        self.started: float | None = None

    def __call__(self, done: float, total: int, label: str) -> None:
        """As Report of trt_build/engine/build_set.py."""
        if not total:
            self.console.notice(label)
            return
        if self.bar is None:
            self.started = time.perf_counter()
            self.bar = self.console.progress(total, "building engines", "plans")
        if label and label != self.label:
            self.label = label
            if not self.bar.shown:
                self.console.notice(f"building {label}")
        if done - self.done >= 0.02 or done >= total:  # libraries report thousands of steps
            self.done = done
            self.bar(done)

    @property
    def seconds(self) -> float | None:
        """Since the first report; None when nothing was built."""
        return None if self.started is None else time.perf_counter() - self.started

    def __enter__(self) -> EngineBar:
        return self

    def __exit__(self, *exc) -> None:
        if self.bar is not None:
            self.bar.__exit__(*exc)
