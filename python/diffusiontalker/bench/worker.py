"""The process of one benchmark row: takes JSON lines on standard input, answers with JSON lines."""

from __future__ import annotations

import importlib
import json
import os
import sys
from dataclasses import asdict

import numpy as np

from diffusiontalker.bench.environment import StealMeter, peak_rss_bytes
from diffusiontalker.errors import DiffusionTalkerError


def open_runner(row: dict):
    """The runner that a row describes. row: its `runner` is "module:Class"; none is a backend of this package."""
    module, _, name = row.get("runner", "diffusiontalker.bench.runners:StreamRunner").partition(":")
    return getattr(importlib.import_module(module), name)(row)


def answer(request: dict, runner, audio: np.ndarray) -> dict:
    """What an open row does: offline, frames, memory, live, crowd, hop."""
    what = request["do"]
    if what == "frames":
        np.save(request["path"], runner.frames)
        return {}
    if what == "memory":
        on_device = runner.device_bytes() if hasattr(runner, "device_bytes") else None
        return {"peak_rss_bytes": peak_rss_bytes(), "peak_device_bytes": on_device}
    steal = StealMeter()
    taken = asdict(runner.offline(audio)) if what == "offline" else getattr(runner, what)(audio, **request["options"])
    return taken | {"steal_share": steal.share()}


def serve(requests, reply) -> None:
    """Answers requests until the pipe closes; `open` comes first."""
    runner, audio = None, np.zeros(0, np.float32)
    for line in requests:
        request = json.loads(line)
        try:
            if request["do"] == "open":
                audio = np.load(request["audio"])
                runner = open_runner(request["row"])
                reply({"load_s": runner.load_s, "build_s": runner.build_s, **runner.describe()})
            else:
                reply(answer(request, runner, audio))
        except DiffusionTalkerError as e:
            reply({"error": str(e), "exit_code": e.exit_code})


def main() -> None:
    # Whatever a library prints must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def reply(document: dict) -> None:
        answers.write(json.dumps(document) + "\n")
        answers.flush()

    serve(sys.stdin, reply)


if __name__ == "__main__":
    main()
