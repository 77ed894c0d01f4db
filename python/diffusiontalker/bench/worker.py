"""The process of one benchmark row: takes JSON lines on standard input, answers with JSON lines."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

import numpy as np

from diffusiontalker.bench.environment import peak_rss_bytes
from diffusiontalker.bench.runners import StreamRunner
from diffusiontalker.errors import DiffusionTalkerError


def open_runner(row: dict):
    """The runner a row describes."""
    if row["kind"] == "torch":
        from diffusiontalker.bench.torch_eager import TorchRunner

        return TorchRunner(row["bundle"], row["threads"], row["profile"])
    return StreamRunner(
        row["bundle"], row["backend"], row["precision"], row["threads"], row["profile"], row["live_profile"]
    )


def serve(requests, reply) -> None:
    """Answers requests until the pipe closes: open, offline, live, frames."""
    runner, audio = None, np.zeros(0, np.float32)
    for line in requests:
        request = json.loads(line)
        try:
            if request["do"] == "open":
                audio = np.load(request["audio"])
                runner = open_runner(request["row"])
                reply({"load_s": runner.load_s, **runner.describe()})
            elif runner is None:
                reply({"error": "the row is not open", "exit_code": 70})
            elif request["do"] == "frames":
                np.save(request["path"], runner.frames)
                reply({"peak_rss_bytes": peak_rss_bytes()})
            else:
                reply(asdict(getattr(runner, request["do"])(audio)))
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
