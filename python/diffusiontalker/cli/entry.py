"""Where the process of a command begins and ends. Imports little, so that a signal is answered from the start on."""

from __future__ import annotations

import os
import sys

from diffusiontalker.cli.handlers import SIGNALS, answer, leave_at_once


def main() -> int:
    """Runs the command line of this process. Returns the exit code."""
    answer(leave_at_once)
    from diffusiontalker.cli import streams
    from diffusiontalker.cli.main import main as run

    streams.prepare()
    code = run()
    answer(leave_at_once)
    streams.flush()
    if code in {128 + number for number in SIGNALS}:
        os._exit(code)  # what still runs in other threads is not waited for
    return code


if __name__ == "__main__":
    sys.exit(main())
