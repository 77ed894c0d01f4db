"""Runs the parts of the tests beside each other: python tests/run_parts.py --jobs N --times FILE < PARTS

PARTS has one line per part: its name, a tab, a bash command. Each is a process of its own, and what it prints comes in
one piece when it has ended. FILE gets a line per part: its seconds, a tab, its name. The exit code is 1 where a part
failed. Only the standard library is used."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue


@dataclass(frozen=True)
class Part:
    name: str
    command: str


@dataclass(frozen=True)
class Ended:
    part: Part
    code: int
    seconds: float
    output: bytes


def read_parts(text: str) -> list[Part]:
    """Raises ValueError for a line that is no part."""
    parts = []
    for line in text.splitlines():
        name, tab, command = line.partition("\t")
        if not (name and tab and command.strip()):
            raise ValueError(f"{line!r} is no part: a name, a tab and a command are needed")
        parts.append(Part(name, command))
    return parts


def run(part: Part) -> Ended:
    begun = time.monotonic()
    with tempfile.TemporaryFile() as log:
        code = subprocess.call(["bash", "-c", part.command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.seek(0)
        return Ended(part, code, time.monotonic() - begun, log.read())


def run_all(parts: Sequence[Part], jobs: int, out, times: Path | None = None) -> list[str]:
    """Runs the parts in their order, `jobs` at a time. Prints to `out` (text), appends to `times`. Returns the names of
    those that failed."""
    waiting: Queue[Part] = Queue()
    for part in parts:
        waiting.put(part)
    failed, lock = [], threading.Lock()

    def work() -> None:
        while True:
            try:
                part = waiting.get_nowait()
            except Empty:
                return
            ended = run(part)
            with lock:
                print(f"\n== {part.name}: {ended.seconds:.0f} s", file=out)
                print(ended.output.decode("utf-8", "replace"), end="", file=out, flush=True)
                if ended.code != 0:
                    failed.append(part.name)
                    print(f"== {part.name} failed with exit code {ended.code}", file=out, flush=True)
                if times is not None:
                    with times.open("a", encoding="utf-8") as file:
                        file.write(f"{ended.seconds:.0f}\t{part.name}\n")

    workers = [threading.Thread(target=work) for _ in range(min(jobs, len(parts)))]
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            worker.join()
    except KeyboardInterrupt:  # a terminal's Ctrl-C reaches the parts that run by itself: no other one shall begin
        waiting.queue.clear()
        raise
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="parts at a time")
    parser.add_argument("--times", type=Path, help="file that gets the times")
    args = parser.parse_args()
    try:
        parts = read_parts(sys.stdin.read())
    except ValueError as e:
        parser.error(str(e))
    # Threads of all parts together are then as many as there are cores.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // max(args.jobs, 1))))
    try:
        failed = run_all(parts, max(args.jobs, 1), sys.stdout, args.times)
    except KeyboardInterrupt:
        return 130
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
