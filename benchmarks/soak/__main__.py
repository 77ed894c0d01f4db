"""`python -m benchmarks.soak`: hours of audio, faster than real time, through streams that are treated badly.

Each stream has random chunks, rates, pauses, styles, interrupts and resets; the first one is a single conversation
without interrupts. Frames must be in order, finite, in 0..1 and as many as the audio has; some sessions are done again
on a fresh stream, and the last one of each in a fresh process, which must give the same bytes; memory must stay flat.
Exit status: 0, or 1 when something did not hold; the result is printed as JSON, or written to --out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from benchmarks.soak.fresh import compare_with_fresh_processes, open_model
from benchmarks.soak.runner import Plan, run
from benchmarks.soak.script import Clip
from benchmarks.soak.verdict import broken, memory_of, row_of
from diffusiontalker.bench.clip import recording
from diffusiontalker.bench.environment import StealMeter, stamp

ROOT = Path(__file__).resolve().parents[2]


def parsed(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--bundle", default="base-2step", help="name or folder (default: base-2step)")
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument(
        "--profiles", default="offline,offline,offline,live", help="one stream each, with commas between"
    )
    parser.add_argument("--hours", type=float, default=6, help="of audio for each stream (default: 6)")
    parser.add_argument("--minutes", type=float, default=1440, help="of wall time, after which everything ends")
    parser.add_argument(
        "--check-every", type=int, default=20, help="one session in so many is done again (default: 20)"
    )
    parser.add_argument(
        "--longest-replay",
        type=float,
        default=3600,
        help="seconds of the conversation to be done again: of a longer one the beginning (default: 3600)",
    )
    parser.add_argument("--audio", type=Path, default=ROOT / "examples" / "speech.wav")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="JSON file for the result")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    args = parsed(argv)
    plan = Plan(args.bundle, args.backend, args.precision, tuple(args.profiles.split(",")), args.hours, args.minutes,
                args.check_every, args.seed, args.longest_replay)  # fmt: skip
    began, environment, steal = time.monotonic(), stamp(), StealMeter()
    model, clip = open_model(plan), Clip(recording(args.audio))
    soaked, samples = run(plan, model, clip, lambda line: print(line, file=sys.stderr, flush=True))
    soak_s = time.monotonic() - began
    compare_with_fresh_processes(plan, args.audio, soaked)
    rows, memory = [row_of(one, clip, model) for one in soaked], memory_of(samples)
    hours = sum(row["audio_h"] for row in rows)
    faults = broken(rows, memory)
    result = {
        "schema": "diffusiontalker.soak/1",
        "environment": environment,
        "bundle": {"name": model.info()["name"], "version": model.info()["version"]},
        "backend": model.backend,
        "precision": model.precision,
        "plan": {
            "hours_per_stream": args.hours,
            "minutes": args.minutes,
            "check_every": args.check_every,
            "seed": args.seed,
            "longest_replay_s": args.longest_replay,
        },
        "audio_h": round(hours, 4),
        "wall_s": round(soak_s, 1),
        "times_real_time": round(hours * 3600 / soak_s, 2),
        "steal_share": steal.share(),
        "streams": rows,
        "memory": memory,
        "broken": faults,
        "kept": not faults,
    }
    text = json.dumps(result, indent=1) + "\n"
    if args.out:
        args.out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
