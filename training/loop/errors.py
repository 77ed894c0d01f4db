"""What ends a run early, each with one sentence that says what is wrong and what to do."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable

from diffusiontalker.errors import DiffusionTalkerError


class CheckpointError(OSError):
    """A checkpoint or log cannot be written or read; what was there before is untouched."""


class NonFiniteLoss(FloatingPointError):
    """The loss or its gradient is not a finite number; nothing of this step was applied or saved."""


class Stopped(SystemExit):
    """SIGTERM or SIGINT arrived, the step was finished and saved. Ends the process with status 128 + signal, so that
    a script of several stages does not go on with half a model. Only one process of a node says so (in_charge):
    launchers kill the others as soon as one ends with another status than 0."""

    def __init__(self, signal_number: int, in_charge: bool = True):
        super().__init__(128 + signal_number if in_charge else 0)


def reports_errors(main: Callable[..., None]) -> Callable[..., None]:
    """Decorator for a command's main: the errors above, and wrong or missing input, become one line on stderr and exit
    status 1."""

    @functools.wraps(main)
    def wrapped(*args, **kwargs) -> None:
        try:
            main(*args, **kwargs)
        except (CheckpointError, NonFiniteLoss, ValueError, FileNotFoundError, DiffusionTalkerError) as error:
            print(f"error: {error}", file=sys.stderr, flush=True)
            raise SystemExit(1) from error

    return wrapped
