"""`python -m training.eval latency`: what a latency profile costs in quality, on held-out and on real speech."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from diffusiontalker.spec.mel import MelSpec
from diffusiontalker.spec.rates import FPS
from training.eval.animators import CheckpointAnimator, Profile
from training.eval.held_out import load_held_out
from training.eval.plots import plot_latency
from training.eval.recordings import load_recordings
from training.eval.report import Column, Row, write_report
from training.eval.scoring import score_motion
from training.eval.speech import score_recordings
from training.export.model_arguments import MODEL_HELP, checkpoint_or_bundle

# (past, hop, lookahead) frames: hops of 100 and 200 ms, lookahead of 0 to 400 ms, and the offline profile.
GRID = tuple((24 - hop, hop, look) for hop in (3, 6) for look in (0, 3, 6, 9, 12)) + ((12, 36, 12),)
COLUMNS = [
    Column("latency_ms", "latency ms", ".0f"), Column("lve_mm2", "LVE mm²", ".2f"),
    Column("jaw_correlation", "jaw r"), Column("lbe", "LBE", ".4f"),
    Column("closure_rate", "closed p/b/m", percent=True, count="n_closures"),
    Column("silence_rest", "rest in silence", percent=True), Column("jitter", "jitter", ".4f"),
    Column("blinks_per_minute", "blinks/min", ".1f"),
    Column("real_gap_correlation", "real: gap r"),
    Column("real_closure_rate", "real: closed p/b/m", percent=True, count="real_n_closures"),
    Column("real_open_vowels_wider", "real: open > close vowel", percent=True),
]  # fmt: skip
NOTES = [
    "Profile: past / hop / lookahead frames at 30 fps. Latency: hop + lookahead + half a window of the front end, the "
    "longest time from a sound to its frame, without compute.",
    "Held-out synthetic speech against its ground truth; real: recordings with tracked lips or transcripts.",
]
CURVES = ("closure_rate", "jaw_correlation", "lve_mm2", "real_gap_correlation", "real_closure_rate")


def latency_ms(profile: Profile, spec: MelSpec | None = None) -> float:
    """Of (past, hop, lookahead) frames; the front end waits for half a window after the last mel frame's centre, which
    lies one mel hop before the end of its time."""
    spec = spec or MelSpec()
    front_end = 1000 * (spec.window_length / 2 - spec.hop_length) / spec.sample_rate_hz
    return 1000 * (profile[1] + profile[2]) / FPS + front_end


def parse_profile(text: str) -> Profile:
    parts = text.split("/")
    if len(parts) != 3 or not all(p.isdigit() for p in parts) or int(parts[1]) < 1:
        raise ValueError(f"--profile {text}: expected PAST/HOP/LOOKAHEAD in frames")
    past, hop, look = map(int, parts)
    if any(v % 3 for v in (past, hop, look)):
        raise ValueError(f"--profile {text}: at 30 fps every number must be a multiple of 3 frames")
    return past, hop, look


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, required=True, help="folder made by python -m training.corpus")
    parser.add_argument("--limit", type=int, default=60, help="utterances of its test split, and recordings")
    parser.add_argument("--model", type=checkpoint_or_bundle, required=True, help=MODEL_HELP)
    parser.add_argument("--steps", type=int, help="sampler steps; default: the model's own")
    parser.add_argument("--audio", type=Path, help="folder of real recordings")
    parser.add_argument("--tracked", type=Path, metavar="JSON", help="their tracked lips (recordings.py)")
    parser.add_argument("--profile", action="append", metavar="PAST/HOP/LOOK", help="default: a grid")
    parser.add_argument("--out", type=Path, required=True, help="folder for table.md, scores.json and latency.png")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch")


def run(args: argparse.Namespace) -> list[Row]:
    """Prints the table, writes the report; raises ValueError or FileNotFoundError for wrong arguments."""
    torch.set_num_threads(args.threads)
    profiles = [parse_profile(p) for p in args.profile] if args.profile else list(GRID)
    data = load_held_out(args.corpus, "test", args.limit)
    recordings = load_recordings(args.audio, args.tracked, args.limit)[0] if args.audio else []
    rows = []
    for profile in profiles:
        animator = CheckpointAnimator(args.model, args.steps, profile)
        scores = score_motion(data, data.animate(animator)) | {"latency_ms": latency_ms(profile)}
        if recordings:
            motion = animator([r.audio for r in recordings], [animator.default_identity] * len(recordings))
            scores |= {f"real_{k}": v for k, v in score_recordings(recordings, motion).items()}
        rows.append(Row("/".join(map(str, profile)), scores))
        print(f"{rows[-1].label} done", flush=True)
    about = {"command": "latency", "model": args.model.name, "utterances": data.ids, "steps": args.steps}
    about["recordings"] = [r.name for r in recordings]
    print(write_report(args.out, f"Latency profiles on {len(data)} utterances", NOTES, rows, COLUMNS, about))
    plot_latency(args.out / "latency.png", rows, [c for c in COLUMNS if c.key in CURVES])
    return rows
