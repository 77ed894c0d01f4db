"""Processes that end while a daemon thread is inside a native call. A program too, for many rounds:

python tests/py_pkg/daemon_exits.py --rounds 100
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

# Each round is a fork of a process that has imported everything and opened nothing. It ends as a program does: by
# coming to its last line.
PROGRAM = """
import json, os, signal, sys, tempfile, threading, time
import numpy as np
import diffusiontalker as dt
from diffusiontalker import _native
bundle, backend, call, rounds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
sound = (np.sin(np.arange(160000) * 0.05) * 0.2).astype(np.float32)
grid = np.random.default_rng(0).random((900, 3), np.float32)
triangles = np.arange(900, dtype=np.int32).reshape(300, 3)
colours = np.ones((900, 4), np.float32)
own = threading.local()  # streams and arrays belong to a thread


def native_model(log=None):
    return _native.Model(str(bundle), backend=backend, log=log)


def stream():
    if not hasattr(own, "stream"):
        own.stream = _native.Stream(native, profile="live", history_ms=1000)
    own.stream.reset()
    return own.stream


def fed(n=16000):
    made = stream()
    made.push(sound[:n], 16000)
    return made


def arrays():
    if not hasattr(own, "arrays"):
        own.arrays = [_native.DeviceArray(native, s) for s in ([16, native.n_channels], [16, 900, 3])]
        own.rig = _native.DeviceRig(native, grid, np.ones((native.n_channels, 900, 3), np.float32))
    return own.arrays


def member():
    made = _native.Stream(native, profile="live")
    scheduler.add(made)
    made.push(sound[:8000], 16000)
    return made


def step():
    made = member()
    scheduler.step()
    scheduler.remove(made)


def mood():
    return [(native.emotions[0], 1.0)] if native.emotions else None


style = lambda: np.ones(native.d_identity, np.float32)
calls = {
    "load": lambda: dt.load(bundle, backend=backend),
    "animate": lambda: model.animate(sound, 16000),
    "Model": native_model,
    "Model with a log": lambda: native_model(lambda *record: time.sleep(0.001)),
    "Model.style": lambda: native.style(),
    "Model.blend_styles": lambda: native.blend_styles(np.ones((2, native.d_identity), np.float32), [1, 2]),
    "Model.mix_emotions": lambda: native.mix_emotions(None, mood() or [], 1),
    "Model.enroll": lambda: native.enroll(sound[:80000], 16000, mood(), 1),
    "Model.log_mel": lambda: native.log_mel(sound),
    "Model.profile": lambda: native.profile("live"),
    "Stream": lambda: _native.Stream(native, profile="live"),
    "Stream.push": lambda: fed(1600),
    "Stream.idle": lambda: stream().idle(10),
    "Stream.pull": lambda: fed().pull(),
    "Stream.pull_with_pose": lambda: fed().pull_with_pose(),
    "Stream.pull_utterance": lambda: fed().pull_utterance(),
    "Stream.pull_device": lambda: fed().pull_device(arrays()[0]),
    "Stream.pull_device_with_pose": lambda: fed().pull_device_with_pose(arrays()[0]),
    "Stream.ready_frames": lambda: fed(1600).ready_frames(),
    "Stream.frame_at": lambda: fed().frame_at(0.3, -1),
    "Stream.flush": lambda: fed(1600).flush(),
    "Stream.reset": lambda: fed(1600).reset(),
    "Stream.seek": lambda: stream().seek(1000),
    "Stream.interrupt": lambda: fed().interrupt(100, shown_frame=-1),
    "Stream.pause": lambda: (stream().pause(True), own.stream.pause(False)),
    "Stream.set_style": lambda: stream().set_style(style(), 100),
    "Stream.set_dials": lambda: stream().set_dials(dict(strength=1.1), 100),
    "Stream.info": lambda: stream().info(),
    "Stream.stats": lambda: stream().stats(),
    "Scheduler": lambda: _native.Scheduler(native, 4, False, 0),
    "Scheduler.add": lambda: scheduler.remove(member()),
    "Scheduler.remove": lambda: scheduler.remove(member()),
    "Scheduler.step": step,
    "Scheduler.stats": lambda: scheduler.stats(),
    "DeviceArray": lambda: _native.DeviceArray(native, [16, native.n_channels]),
    "DeviceArray.head": lambda: arrays()[0].head(8),
    "DeviceArray.wait": lambda: arrays()[0].wait(),
    "DeviceRig": lambda: _native.DeviceRig(native, grid, np.ones((native.n_channels, 900, 3), np.float32)),
    "DeviceRig.pose": lambda: (arrays(), own.rig.pose(*arrays())),
    "backends": _native.backends,
    "bundle_check": lambda: _native.bundle_check(bundle),
    "bundle_read": lambda: _native.bundle_read(bundle, "bundle.json"),
    "noise": lambda: _native.noise(1, 0, 900, 52),
    "probe_backend": lambda: _native.probe_backend(backend),
    "raster_draw": lambda: _native.raster_draw(grid, triangles, colours, (0.5, 0.5, 3), (0.5, 0.5, 0), 200, 200),
    "resample": lambda: _native.resample(sound, 16000, 44100),
    "version": _native.version,
}
if call == "names":
    print(json.dumps(list(calls)))
    sys.exit()


def child_of(errors):
    number = os.fork()
    if number == 0:
        os.dup2(errors.fileno(), 2)
    return number


def ended(number):
    until = time.monotonic() + 120
    while True:
        done, status = os.waitpid(number, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.kill(number, signal.SIGKILL)
        time.sleep(0.002)


for k in range(rounds):
    wait = 0.002 * (k % 25)
    with tempfile.TemporaryFile() as errors:
        number = child_of(errors)
        if number == 0:
            break
        status = ended(number)
        errors.seek(0)
        text = errors.read().decode(errors="replace")[-300:]
        print(json.dumps([wait, status, text]) if status or text else "[]", flush=True)
else:
    sys.exit()

model = dt.load(bundle, backend=backend) if call == "animate" else None
native = native_model()
scheduler = _native.Scheduler(native, 4, False, 0)
calls[call]()
started = threading.Event()


def work():
    calls[call]()
    started.set()
    while True:
        calls[call]()


for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
started.wait()
time.sleep(wait)
"""


def _output(*arguments: object) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.splitlines()


def calls(bundle: Path, backend: str) -> list[str]:
    """Names of all native calls, and of two of the package on top of them."""
    return json.loads(_output(bundle, backend, "names", 0)[0])


def failures(bundle: Path, backend: str, names: Iterable[str], rounds: int) -> list[str]:
    """Ends `rounds` processes inside each call. One line for each that did not end with 0 and without a word."""
    found = []
    for name in names:
        rows = [json.loads(line) for line in _output(bundle, backend, name, rounds)]
        assert len(rows) == rounds, f"{name}: {len(rows)} of {rounds} rounds"
        found += [f"{name}, {row[0]} s: status {row[1]} {row[2]}" for row in rows if row]
    return found


def main() -> int:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from bundles import KINDS, write_bundle

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--backend", default="cpu")
    parser.add_argument("--call", action="append", help="repeatable (default: all)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundle = write_bundle(Path(folder) / "emotions", kind=KINDS["emotions"])
        n_failed = 0
        for name in args.call or calls(bundle, args.backend):
            found = failures(bundle, args.backend, [name], args.rounds)
            n_failed += len(found)
            print(f"{name}: {args.rounds - len(found)} of {args.rounds} ended well", *found[:3], sep="\n  ", flush=True)
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
