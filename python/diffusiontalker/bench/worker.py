"""The process of one benchmark row: takes JSON lines on standard input, answers with JSON lines."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

import numpy as np

from diffusiontalker.bench.environment import StealMeter, peak_rss_bytes
from diffusiontalker.errors import DiffusionTalkerError


def open_runner(row: dict):
    """The runner a row describes."""
    if row["kind"] in ("torch", "torch-reencode"):
        from diffusiontalker.bench.torch_eager import TorchRunner

        return TorchRunner(row)
    if row["kind"] == "hop-torch":
        from diffusiontalker.bench.torch_hop import TorchHopRunner

        return TorchHopRunner(row)
    if row["kind"] == "hop-engine":
        from diffusiontalker.bench.engine_hop import EngineHopRunner

        return EngineHopRunner(row)
    if row["kind"] == "onnxruntime":
        from diffusiontalker.bench.onnx_runtime import OnnxRuntimeRunner

        return OnnxRuntimeRunner(row)
    from diffusiontalker.bench.runners import StreamRunner

    return StreamRunner(row)


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
