"""`python -m training.eval speech`: models and rule-based baselines on real recordings."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
import torch

from diffusiontalker.head import lip_gap, load_head
from training.encoders.__main__ import add_encoder_arguments
from training.eval.baselines import FPS, Animator, LoudnessJaw
from training.eval.earlier import add_earlier_arguments, earlier_rows
from training.eval.models import MODEL_HELP, encoder_of, parse_models
from training.eval.plots import plot_curves
from training.eval.recordings import Recording, load_recordings
from training.eval.report import Column, Row, write_report
from training.eval.rhubarb_baseline import FOLDER as RHUBARB_FOLDER
from training.eval.rhubarb_baseline import RhubarbBaseline
from training.eval.scores_speech import pearson
from training.eval.scoring import SpeechScores

COLUMNS = [
    Column("closure_rate", "closed p/b/m", percent=True, count="n_closures"),
    Column("false_contacts", "false contacts", percent=True, count="n_apart"),
    Column("open_vowels_wider", "open > close vowel", percent=True, count="n_vowel_pairs"),
    Column("silence_rest", "rest in silence", percent=True, count="n_silent_frames"),
    Column("gap_correlation", "gap r"), Column("gap_correlation_p10", "gap r, p10"),
    Column("jitter", "jitter", ".4f"), Column("av_offset_ms", "AV offset ms", "+.0f"),
    Column("blinks_per_minute", "blinks/min", ".1f"),
]  # fmt: skip
NOTES = [
    "Closed: lip gap below 0.03 interocular distances within the aligned phone +-0.05 s. Open > close: pairs of AA AE "
    "AY AW AO EH and IY IH UW UH of 80 ms or more within a recording. Rest: lips closed at least 0.2 s from any phone.",
    "False contacts: lips that touch within a phone that wants them apart, 0.1 s or more from every other one.",
    "gap r: correlation of the head's lip gap with the tracked one, mean over recordings, and its 10th percentile.",
    "AV offset: lag of the jaw behind the loudness at the best correlation.",
    "loudness jaw: the jaw alone, in proportion to the loudness. Rhubarb: rhubarb-lip-sync-wasm on the sound alone, "
    "its mouth shapes posed on the head (training/eval/rhubarb_baseline.py).",
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--audio", type=Path, required=True, help="folder of recordings; NAME.txt may hold the words")
    parser.add_argument("--tracked", type=Path, metavar="JSON", help="tracked lips and phones (recordings.py)")
    parser.add_argument("--limit", type=int, help="only so many recordings, spread over the folder")
    parser.add_argument("--model", action="append", default=[], metavar="NAME=PATH[@STEPS]", help=MODEL_HELP)
    parser.add_argument("--identity", help="talking identity of all recordings; default: the model's own")
    parser.add_argument("--emotion", help="of all recordings; default: neutral")
    parser.add_argument("--out", type=Path, required=True, help="folder for table.md, scores.json and curves.png")
    parser.add_argument("--rhubarb", type=Path, default=RHUBARB_FOLDER, help="folder with Rhubarb's node_modules")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch and of the runtime")
    parser.add_argument("--backend", default="auto", help="of the runtime, for bundles")
    parser.add_argument("--profile", help="latency profile; default: the bundle's own, offline for checkpoints")
    add_earlier_arguments(parser)
    add_encoder_arguments(parser, required=False)


def score_recordings(recordings: list[Recording], motion: list[np.ndarray]) -> dict[str, float]:
    """One row of the table. motion: weights [n, 52] per recording at 30 fps."""
    head, speech, correlations = load_head(), SpeechScores(), []
    for recording, weights in zip(recordings, motion, strict=True):
        if not np.isfinite(weights).all():
            raise ValueError(f"the motion of {recording.name} is not finite")
        speech.add(weights, recording.phones, recording.audio)
        if recording.tracked is not None:
            at, measured = recording.tracked
            gap = np.interp(at, np.arange(len(weights)) / FPS, lip_gap(head, weights))
            correlations.append(pearson(gap, measured))
    return speech.result() | _summary(correlations) | {"n_recordings": len(recordings)}


def score_tracked(recordings: list[Recording]) -> dict[str, float]:
    """The tracked lips themselves, as far as a lip gap alone can be scored: what a real speaker does."""
    speech = SpeechScores()
    for recording in recordings:
        if recording.tracked is not None:
            times, gap = recording.tracked
            speech.add_gap(gap, times, recording.phones)
    return speech.result()


def run(args: argparse.Namespace) -> list[Row]:
    """Prints the table, writes the report; raises ValueError or FileNotFoundError for wrong arguments."""
    torch.set_num_threads(args.threads)
    specs = parse_models(args.model)
    recordings, left_out = load_recordings(args.audio, args.tracked, args.limit)
    if not recordings:
        raise ValueError(f"no recording of {args.audio} has usable phones: {'; '.join(left_out[:3])}")
    notes = [*NOTES, *(f"Phones of {n} recordings from {s}." for s, n in Counter(r.source for r in recordings).items())]
    notes += left_out
    about = {
        "command": "speech", "audio": args.audio.name, "recordings": [r.name for r in recordings],
        "threads": args.threads, "profile": args.profile, "identity": args.identity,
        "emotion": args.emotion, "models": [f"{s.name}={s.path.name}" for s in specs],
    }  # fmt: skip
    kept, kept_notes = earlier_rows(args, about, "recordings")
    notes += kept_notes
    animators: list[tuple[str, Animator]] = [
        (spec.name, spec.open(args.backend, args.profile, args.threads, encoder_of(args))) for spec in specs
    ]
    animators.append(("loudness jaw", LoudnessJaw()))
    if not any(row.name == "Rhubarb" for row in kept):
        try:
            animators.append(("Rhubarb", RhubarbBaseline(args.rhubarb)))
        except ValueError as error:
            notes.append(f"The row of Rhubarb is left out: {error}.")
    with_tracked = [r for r in recordings if r.tracked is not None]
    rows = [Row("tracked lips", score_tracked(with_tracked))] if with_tracked else []
    example, curves = len(recordings) // 2, {}
    for name, animator in animators:
        identity = args.identity or getattr(animator, "default_identity", "")
        emotions = [args.emotion] * len(recordings) if args.emotion else None
        motion = animator([r.audio for r in recordings], [identity] * len(recordings), emotions)
        rows.append(Row(name, score_recordings(recordings, motion), getattr(animator, "n_steps", None)))
        curves[rows[-1].label] = motion[example]
        print(f"{rows[-1].label} done", flush=True)
    rows += kept
    print(write_report(args.out, f"Scores on {len(recordings)} real recordings", notes, rows, COLUMNS, about))
    print("\n".join(notes[len(NOTES) :]))
    shown = recordings[example]
    plot_curves(args.out / "curves.png", shown.name, shown.audio, shown.phones, curves, shown.tracked)
    return rows


def _summary(correlations: list[float]) -> dict[str, float]:
    if not correlations:
        return {}
    low, middle = np.percentile(correlations, [10, 50])
    return {
        "gap_correlation": float(np.mean(correlations)),
        "gap_correlation_median": float(middle),
        "gap_correlation_p10": float(low),
    }
