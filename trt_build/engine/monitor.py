"""How far a build is, from the library's own phases; also the way to stop one."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

Progress = Callable[[float], None]  # 0..1


def make_monitor(trt: ModuleType, progress: Progress):
    """A progress monitor of the library, or None where it has none (before TensorRT 8.6)."""
    if not hasattr(trt, "IProgressMonitor"):
        return None

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc, name-defined]
        """interruption: what was raised while the library called, to be raised again once it has returned; it must not
        pass through the library's own frames."""

        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self.phases: dict[str, tuple[float, float, int]] = {}  # start, share of the whole, steps
            self.done = 0.0
            self.interruption: BaseException | None = None

        def phase_start(self, phase_name, parent_phase, num_steps):
            start, share, steps = self.phases.get(parent_phase, (self.done, 1.0 - self.done, 1))
            begin = max(start, self.done) if parent_phase else start
            self.phases[phase_name] = (begin, share / max(steps, 1), max(num_steps, 1))

        def step_complete(self, phase_name, step):
            begin, share, steps = self.phases.get(phase_name, (self.done, 0.0, 1))
            try:
                self._report(begin + share * min(step + 1, steps) / steps)
            except BaseException as e:  # Ctrl-C and SIGTERM among them
                self.interruption = e
            return self.interruption is None

        def phase_finish(self, phase_name):
            self.phases.pop(phase_name, None)

        def _report(self, done: float) -> None:
            self.done = min(max(self.done, done), 1.0)
            progress(self.done)

    return Monitor()
