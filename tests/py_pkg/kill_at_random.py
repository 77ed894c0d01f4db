"""Commands that are killed at random moments, which gives them no chance to tidy up. A program too, for many kills:

    python tests/py_pkg/kill_at_random.py --kills 200

After each kill an output is whole or not there. The next run succeeds, gives the same bytes and leaves nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

COMMAND = [sys.executable, "-m", "diffusiontalker"]


@dataclass
class Job:
    """A command line and what it makes. outputs: files, or folders whose files are compared by name and size only,
    since engines are not the same bytes each time. verify: another command that must succeed on them."""

    name: str
    arguments: list[str]
    outputs: list[Path]
    refuses_to_overwrite: bool = False
    verify: list[str] | None = None


class Place:
    """A folder for jobs, with a cache and a temporary folder of its own."""

    def __init__(self, folder: Path, bundle: Path):
        self.folder, self.bundle = folder, bundle
        self.tmp, self.cache, self.out = (folder / name for name in ("tmp", "cache", "out"))
        for made in (self.tmp, self.cache, self.out):
            made.mkdir()
        tone = 0.3 * np.sin(np.arange(16000 * 20) * 0.09) * np.sin(np.arange(16000 * 20) * 0.0015)
        soundfile.write(folder / "in.wav", tone, 16000)
        for n in range(3):
            soundfile.write(folder / f"{n}.wav", tone[: 16000 * (4 + n)], 16000)

    def jobs(self) -> list[Job]:
        model = ["--bundle", str(self.bundle), "--backend", "reference"]
        names = [self.out / f"a.{ending}" for ending in ("glb", "csv", "npz")]
        animate = ["animate", str(self.folder / "in.wav"), *map(str, names), "--force", *model]
        several = self.out / "several"
        several.mkdir(exist_ok=True)
        inputs = [str(self.folder / f"{n}.wav") for n in range(3)]
        batch = ["animate", *inputs, "--out-dir", str(several), "-o", ".glb", "-o", ".npz", "--skip-existing", *model]
        found = [
            Job("animate", animate, names),
            Job("animate several", batch, [several / f"{n}.{end}" for n in range(3) for end in ("glb", "npz")]),
            Job("pack", ["pack", str(self.bundle), "-o", str(self.out / "b.dtb")], [self.out / "b.dtb"], True),
        ]
        if importlib.util.find_spec("tensorrt_rtx"):
            build = [
                "engine",
                "build",
                str(self.bundle),
                "--library",
                "tensorrt-rtx",
                "--profile",
                "low",
                "--batches",
                "1",
            ]
            found.append(Job("engine build", build, [self.cache / "diffusiontalker"], verify=["engine", "verify"]))
        return found

    def environment(self) -> dict[str, str]:
        return {**os.environ, "TMPDIR": str(self.tmp), "XDG_CACHE_HOME": str(self.cache)}

    def start(self, arguments: list[str]) -> subprocess.Popen:
        return subprocess.Popen(
            [*COMMAND, *arguments], cwd=self.folder, env=self.environment(), stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def finish(self, arguments: list[str]) -> None:
        process = self.start(arguments)
        text = process.communicate(timeout=300)[1]
        assert process.returncode == 0, f"{arguments[0]} ends with {process.returncode}: {text}"

    def content(self, job: Job) -> dict[str, str]:
        """Name -> hash of each output that is there; of folders the names."""
        found = {}
        for path in job.outputs:
            for file in [path] if path.is_file() else path.rglob("*"):
                if file.is_file() and ".dt-" not in str(file) and file.suffix not in (".lock", ".json"):
                    is_fixed = path.is_file()
                    found[str(file)] = hashlib.sha256(file.read_bytes()).hexdigest() if is_fixed else ""
        return found

    def clear(self, job: Job) -> None:
        for path in job.outputs:
            if path.is_dir():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)

    def leftovers(self) -> list[str]:
        roots = (self.out, self.cache, self.tmp)
        return [str(p) for root in roots for p in root.rglob("*") if "dt-" in p.name or "diffusiontalker-" in p.name]


def kill_often(place: Place, job: Job, n_kills: int, chance: random.Random, tell: Callable[[str], None]) -> None:
    """Raises AssertionError at the first output that is not right."""
    begun = time.monotonic()
    place.finish(job.arguments)
    seconds, right = time.monotonic() - begun, place.content(job)
    assert right and not place.leftovers()
    n_stopped = n_left = 0
    for _ in range(n_kills):
        place.clear(job)
        process = place.start(job.arguments)
        time.sleep(chance.uniform(0, 1.05 * seconds))
        process.kill()
        process.communicate()
        n_stopped += process.returncode == -signal.SIGKILL
        n_left += bool(place.leftovers())
        for name, content in place.content(job).items():
            assert content == right.get(name), f"{name} is not whole after a kill"
        if job.refuses_to_overwrite:
            place.clear(job)
        place.finish(job.arguments)
        if job.verify:
            place.finish(job.verify)
        assert place.content(job) == right, f"{job.name} gives something else after a kill"
        assert not place.leftovers(), f"{job.name} leaves {place.leftovers()}"
    tell(f"{job.name}: {n_stopped} of {n_kills} stopped by the kill, {n_left} left hidden files, every next run right")


def main() -> int:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from bundles import write_bundle

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="of all commands together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", metavar="NAME", help="one command: animate, animate several, pack, engine build")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), write_bundle(Path(folder) / "tiny"))
        jobs = [job for job in place.jobs() if args.only in (None, job.name)]
        for job in jobs:
            kill_often(
                place, job, args.kills // len(jobs), random.Random(args.seed), lambda line: print(line, flush=True)
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
