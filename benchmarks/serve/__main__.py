"""`python -m benchmarks.serve`: clients that speak in real time to a server in a process of its own.

Each sends 20 ms of speech at a time, begins at its own moment, and notes when each frame arrives. The delay of a frame
is its arrival after the moment of its sound. What the profile waits for (lookahead and hop) is part of it. `beyond_ms`
is the delay without that: computing, waiting for other streams, and the wire. A frame is late when it arrives more than
--allowed milliseconds beyond. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import soundfile
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from diffusiontalker.bench.environment import stamp

ROOT = Path(__file__).resolve().parents[2]
PIECE_S = 0.02
TOKEN = "a-token-of-the-benchmark"


def parsed(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("--streams", type=int, default=16, help="clients at the same time (default: 16)")
    parser.add_argument("--seconds", type=float, default=60, help="of speech of each (default: 60)")
    parser.add_argument("--max-streams", type=int, help="of the server (default: --streams)")
    parser.add_argument("--profile", default="live")
    parser.add_argument("--bundle", default="base")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--max-wait-ms", type=float, default=0)
    parser.add_argument("--allowed", type=float, default=50, help="ms beyond the latency of the profile (default: 50)")
    parser.add_argument("--audio", type=Path, default=ROOT / "examples" / "speech.wav")
    parser.add_argument("--out", type=Path, help="JSON file for the result")
    return parser.parse_args(argv)


def started(args: argparse.Namespace) -> tuple[subprocess.Popen, dict]:
    """The server, and what it tells of itself."""
    process = subprocess.Popen(
        [sys.executable, "-m", "diffusiontalker", "serve", "--port", "0", "--json", "--quiet", "--bundle", args.bundle,
         "--precision", args.precision, "--threads", str(args.threads), "--max-wait-ms", str(args.max_wait_ms),
         "--max-streams", str(args.max_streams or args.streams)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "DIFFUSIONTALKER_TOKEN": TOKEN},
    )  # fmt: skip
    assert process.stdout is not None
    text = ""
    while not text.endswith("}\n"):
        line = process.stdout.readline()
        if not line:
            raise SystemExit("the server did not start")
        text += line
    return process, json.loads(text)


async def speak(url: str, pcm: np.ndarray, rate: int, args: argparse.Namespace, wait_s: float) -> dict:
    """Delays of the frames of one client, in ms, or the status that it was refused with."""
    await asyncio.sleep(wait_s)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    address = f"{url}?format=binary&sample_rate={rate}&profile={args.profile}"
    try:
        connection = await connect(address, additional_headers=headers, compression=None)
    except InvalidStatus as e:
        return {"status": e.response.status_code}
    delays: list[float] = []
    async with connection as socket:
        session = json.loads(await socket.recv())["session"]
        began = 0.0

        async def send() -> None:
            nonlocal began
            step, sent = int(rate * PIECE_S), 0
            began = time.perf_counter()
            while sent < args.seconds * rate:
                at = sent % len(pcm)
                await socket.send(pcm[at : at + step].tobytes())
                sent += len(pcm[at : at + step])
                await asyncio.sleep(max(0.0, began + sent / rate - time.perf_counter()))
            await socket.send(json.dumps({"type": "flush"}))

        sending = asyncio.create_task(send())
        async for message in socket:
            now = time.perf_counter()
            if isinstance(message, str):
                if json.loads(message)["type"].endswith(".done"):
                    break
                continue
            n, first = int.from_bytes(message[2:4], "little"), int.from_bytes(message[12:16], "little")
            delays += [1000 * (now - began - k / session["fps"]) for k in range(first, first + n)]
        await sending
    return {"status": 101, "delays": delays, "latency_ms": session["latency_ms"], "fps": session["fps"]}


def summary(found: list[dict], args: argparse.Namespace) -> dict:
    """Figures of all clients together."""
    taken = [client for client in found if client["status"] == 101]
    refused = [client["status"] for client in found if client["status"] != 101]
    if not taken:
        return {"n_taken": 0, "refused": refused}
    latency = taken[0]["latency_ms"]
    delays = np.concatenate([client["delays"] for client in taken])
    # The last frames of the speech do not wait for what follows: they are left out.
    whole = np.concatenate([client["delays"][: -int(client["fps"])] for client in taken])
    expected = len(taken) * int(np.ceil(args.seconds * taken[0]["fps"]))
    beyond = whole - latency
    return {
        "n_taken": len(taken), "refused": refused, "latency_ms": latency,
        "n_frames": len(delays), "n_frames_missing": expected - len(delays),
        "delay_ms": percentiles(whole),
        "beyond_ms": percentiles(beyond),
        "n_late": int((beyond > args.allowed).sum()),
    }  # fmt: skip


def percentiles(values: np.ndarray) -> dict[str, float]:
    return dict(zip(("p50", "p99", "max"), np.percentile(values, [50, 99, 100]).round(1).tolist(), strict=True))


async def run(told: dict, args: argparse.Namespace) -> list[dict]:
    samples, rate = soundfile.read(args.audio, dtype="int16", always_2d=True)
    pcm, spread_s = np.ascontiguousarray(samples[:, 0]), 1.0
    clients = [
        speak(told["url"], np.roll(pcm, -k * rate // 2), rate, args, spread_s * k / args.streams)
        for k in range(args.streams)
    ]
    return list(await asyncio.gather(*clients))


def main(argv: list[str] | None = None) -> int:
    args = parsed(argv)
    process, told = started(args)
    try:
        found = asyncio.run(run(told, args))
        request = urllib.request.Request(f"http://127.0.0.1:{told['port']}/metrics?token={TOKEN}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
    finally:
        process.terminate()
        process.wait(60)
    metrics = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#") and "{" not in line)
    options = {k: str(v) if isinstance(v, Path) else v for k, v in vars(args).items() if k != "out"}
    result = {
        "schema": "diffusiontalker.serve-load/1", "options": options, "backend": told["backend"],
        **summary(found, args),
        "server": {k.removeprefix("diffusiontalker_"): float(v) for k, v in metrics.items()}, "environment": stamp(),
    }  # fmt: skip
    text = json.dumps(result, indent=2, default=str)
    if args.out:
        args.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
