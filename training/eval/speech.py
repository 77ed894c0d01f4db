"""`python -m training.eval speech`: models, rules and rivals on real recordings, beside the faces that spoke."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
import torch

from diffusiontalker.head import lip_opening, load_head
from diffusiontalker.spec.rates import FPS
from training.encoders.__main__ import add_encoder_arguments
from training.eval.baselines import Animator, LoudnessJaw
from training.eval.earlier import add_earlier_arguments, earlier_rows
from training.eval.face.clip import Clip
from training.eval.face.pictures import draw_pictures
from training.eval.face.scores import scores_of_animator, scores_of_motion, scores_of_tracked, tracked_clips
from training.eval.face.tables import all_tables
from training.eval.models import MODEL_HELP, ModelSpec, encoder_of, parse_models
from training.eval.plots import plot_curves
from training.eval.recordings import Recording, load_recordings
from training.eval.report import Column, Row, write_report
from training.eval.rivals import RIVALS_FOLDER, open_rivals
from training.eval.rules_baseline import RulesBaseline
from training.eval.scores_speech import pearson
from training.eval.scoring import SpeechScores
from training.eval.style import speech_by_reader

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
    "Closed: lip opening below 0.03 outer-canthal distances (2.6 mm on the head) within the aligned phone +-0.05 s; "
    "the same unit for tracked lips. Until 0.8.0 the head's opening was in distances of the eye centres, 1.43 times "
    "smaller: its lips had to come within 1.8 mm. Open > close: pairs of AA AE AY AW AO EH and IY IH UW UH of 80 ms "
    "or more within a recording. Rest: lips closed at least 0.2 s from any phone.",
    "False contacts: lips that touch within a phone that wants them apart, 0.1 s or more from every other one.",
    "gap r: correlation of the head's lip opening with the tracked one, mean over recordings, and its 10th percentile.",
    "AV offset: lag of the jaw behind the loudness at the best correlation.",
    "loudness jaw: the jaw alone, in proportion to the loudness. Rhubarb: rhubarb-lip-sync-wasm on the sound alone, "
    "its mouth shapes posed on the head (training/eval/rhubarb_baseline.py).",
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--audio", type=Path, required=True, help="folder of recordings; NAME.txt may hold the words")
    parser.add_argument("--tracked", type=Path, metavar="JSON", help="tracked lips and phones (recordings.py)")
    parser.add_argument("--measures", type=Path, metavar="JSON", help="six tracked lip measures (recordings.py)")
    parser.add_argument(
        "--people", type=Path, help="READER-CHAPTER-NUMBER.flac of several people, for the telephone score"
    )
    parser.add_argument("--limit", type=int, help="only so many recordings, spread over the folder")
    parser.add_argument("--model", action="append", default=[], metavar="NAME=PATH[@STEPS]", help=MODEL_HELP)
    parser.add_argument("--identity", help="talking identity of all recordings; default: the model's own")
    parser.add_argument("--emotion", help="of all recordings; default: neutral")
    parser.add_argument("--out", type=Path, required=True, help="folder for table.md, scores.json and curves.png")
    parser.add_argument("--rivals", type=Path, default=RIVALS_FOLDER, help="folder with what rivals.py says to install")
    parser.add_argument("--without", nargs="+", default=[], metavar="RIVAL", help="rivals to leave out, by their names")
    parser.add_argument(
        "--again",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also score other seeds, moods, noise, effort and telephone, which animate sound again",
    )
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch and of the runtime")
    parser.add_argument("--backend", default="auto", help="of the runtime, for bundles")
    parser.add_argument("--bundle-precision", default="auto", help="of the runtime, for bundles")
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
            gap = np.interp(at, np.arange(len(weights)) / FPS, lip_opening(head, weights))
            correlations.append(pearson(gap, measured))
    return speech.result() | _summary(correlations) | {"n_recordings": len(recordings)}


def score_tracked(recordings: list[Recording]) -> dict[str, float]:
    """The tracked lips themselves, as far as a lip opening alone can be scored: what a real speaker does."""
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
    recordings, left_out = load_recordings(args.audio, args.tracked, args.limit, args.measures)
    if not recordings:
        raise ValueError(f"no recording of {args.audio} has usable phones: {'; '.join(left_out[:3])}")
    people = speech_by_reader(args.people) if args.people else {}
    notes = [*NOTES, *(f"Phones of {n} recordings from {s}." for s, n in Counter(r.source for r in recordings).items())]
    notes += left_out
    about = {
        "command": "speech", "audio": args.audio.name, "recordings": [r.name for r in recordings],
        "threads": args.threads, "profile": args.profile, "identity": args.identity,
        "emotion": args.emotion, "models": [f"{s.name}={s.path.name}" for s in specs],
    }  # fmt: skip
    kept, kept_notes = earlier_rows(args, about, "recordings")
    animators, missing = _animators(args, specs, recordings, {row.name for row in kept} | set(args.without))
    notes += kept_notes + missing
    with_tracked = [r for r in recordings if r.tracked is not None]
    real = tracked_clips(recordings)
    rows = [Row("tracked lips", score_tracked(with_tracked) | scores_of_tracked(real))] if with_tracked or real else []
    shown, curves = len(recordings) // 2, {}
    for name, animator in animators:
        row, motion = _score(name, animator, recordings, real, people, args)
        rows.append(row)
        curves[row.label] = motion
        print(f"{row.label} done", flush=True)
    rows += kept
    title = f"Scores on {len(recordings)} real recordings"
    print(write_report(args.out, title, notes, rows, COLUMNS, about, all_tables(rows)))
    print("\n".join(notes[len(NOTES) :]))
    example = recordings[shown]
    of_example = {label: motion[shown] for label, motion in curves.items()}
    plot_curves(args.out / "curves.png", example.name, example.audio, example.phones, of_example, example.tracked)
    draw_pictures(args.out, recordings, curves, real, shown)
    return rows


def _animators(
    args: argparse.Namespace, specs: list[ModelSpec], recordings: list[Recording], kept: set[str]
) -> tuple[list[tuple[str, Animator]], list[str]]:
    """(name, animator) of models, rules and rivals, and sentences about what is missing."""
    animators: list[tuple[str, Animator]] = [
        (spec.name, spec.open(args.backend, args.profile, args.threads, encoder_of(args), args.bundle_precision))
        for spec in specs
    ]
    animators.append(("rules, true phones", RulesBaseline([r.phones for r in recordings])))
    animators.append(("loudness jaw", LoudnessJaw()))
    rivals, missing = open_rivals(args.rivals, recordings, leave_out=kept)
    return animators + rivals, missing


def _score(
    name: str,
    animator: Animator,
    recordings: list[Recording],
    real: list[Clip],
    people: dict[str, list[np.ndarray]],
    args: argparse.Namespace,
) -> tuple[Row, list[np.ndarray]]:
    """The row of one animator, and its motion per recording."""
    identity = args.identity or getattr(animator, "default_identity", "")
    emotions = [args.emotion] * len(recordings) if args.emotion else None
    motion = animator([r.audio for r in recordings], [identity] * len(recordings), emotions)
    scores = score_recordings(recordings, motion)
    scores |= scores_of_motion(recordings, motion, real, getattr(animator, "latency_s", None))
    if args.again:
        scores |= scores_of_animator(animator, recordings, motion, real, people)
    return Row(name, scores, getattr(animator, "n_steps", None)), motion


def _summary(correlations: list[float]) -> dict[str, float]:
    if not correlations:
        return {}
    low, middle = np.percentile(correlations, [10, 50])
    return {
        "gap_correlation": float(np.mean(correlations)),
        "gap_correlation_median": float(middle),
        "gap_correlation_p10": float(low),
    }
