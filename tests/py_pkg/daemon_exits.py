"""Processes that end while a daemon thread is inside a native call. A program too, for many rounds:

python tests/py_pkg/daemon_exits.py --rounds 100
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

SETUP = """
import sys, threading, time
import numpy as np
import diffusiontalker as dt
from diffusiontalker import _native
bundle, backend, call, wait = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])
sound = (np.sin(np.arange(160000) * 0.05) * 0.2).astype(np.float32)
model = dt.load(bundle, backend=backend)
own = threading.local()  # a stream belongs to a thread
scheduler = model.scheduler(warm_up=False)
grid = np.random.default_rng(0).random((900, 3), np.float32)
triangles = np.arange(900, dtype=np.int32).reshape(300, 3)
colours = np.ones((900, 4), np.float32)


def stream():
    if not hasattr(own, "stream"):
        own.stream = model.stream(profile="live")
    return own.stream


def push():
    stream().push(sound[:1600], 16000)
    stream().reset()


def step():
    other = model.stream(profile="live")
    scheduler.add(other)
    other.push(sound[:8000], 16000)
    scheduler.step()
    scheduler.remove(other)


def pull():
    stream().push(sound[:16000], 16000)
    stream().pull()


def flush():
    stream().push(sound[:1600], 16000)
    stream().flush()
    stream().ready_frames
    stream().reset()


def moment():
    stream().push(sound[:16000], 16000)
    stream().frame_at(0.3)
    stream().reset()


def interrupt():
    stream().push(sound[:16000], 16000)
    stream().interrupt(100, shown_frame=stream().info()["next_frame"] - 1)


def idle():
    stream().idle(0.5)
    stream().reset()


calls = dict(
    load=lambda: dt.load(bundle, backend=backend),
    load_with_log=lambda: _native.Model(str(bundle), backend="auto", log=lambda *record: time.sleep(0.001)),
    animate=lambda: model.animate(sound, 16000),
    stream=lambda: model.stream(profile="live"),
    push=push,
    pull=pull,
    flush=flush,
    moment=moment,
    interrupt=interrupt,
    idle=idle,
    step=step,
    enroll=lambda: model.enroll(sound[:80000], 16000),
    log_mel=lambda: model._native.log_mel(sound),
    resample=lambda: _native.resample(sound, 16000, 44100),
    probe=lambda: _native.probe_backend(backend),
    draw=lambda: _native.raster_draw(grid, triangles, colours, (0.5, 0.5, 3), (0.5, 0.5, 0), 200, 200),
)
if call == "names":
    print(*calls)
    sys.exit()
calls[call]()
started = threading.Event()


def work():
    while True:
        started.set()
        calls[call]()


for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
started.wait()
time.sleep(wait)
"""


def calls(bundle: Path, backend: str) -> list[str]:
    """Names of the native calls that drop the interpreter lock."""
    arguments = [sys.executable, "-c", SETUP, str(bundle), backend, "names", "0"]
    return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.split()


def failures(bundle: Path, backend: str, names: Iterable[str], rounds: int) -> list[str]:
    """Ends `rounds` processes inside each call. One line for each that did not end with 0 and without a word."""
    found = []
    for name in names:
        for k in range(rounds):
            wait = 0.002 * (k % 25)
            arguments = [sys.executable, "-c", SETUP, str(bundle), backend, name, str(wait)]
            done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
            if done.returncode or done.stderr:
                found.append(f"{name}, {wait} s: status {done.returncode} {done.stderr[-300:]}")
    return found


def main() -> int:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from bundles import write_bundle

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--backend", default="openvino")
    parser.add_argument("--call", action="append", help="repeatable (default: all)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundle = write_bundle(Path(folder) / "tiny")
        n_failed = 0
        for name in args.call or calls(bundle, args.backend):
            found = failures(bundle, args.backend, [name], args.rounds)
            n_failed += len(found)
            print(f"{name}: {args.rounds - len(found)} of {args.rounds} ended well", *found[:3], sep="\n  ", flush=True)
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
