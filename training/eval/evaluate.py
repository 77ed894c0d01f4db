"""`python -m training.eval evaluate`: models against the ground truth of held-out synthetic speech."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from training.encoders.__main__ import add_encoder_arguments
from training.eval.baselines import Animator, ConstantBaseline, LoudnessBaseline
from training.eval.earlier import add_earlier_arguments, earlier_rows
from training.eval.held_out import HeldOut, load_held_out
from training.eval.models import MODEL_HELP, ModelSpec, encoder_of, parse_models
from training.eval.plots import plot_curves, plot_steps
from training.eval.report import Column, Row, write_report
from training.eval.scoring import score_diversity, score_motion, time_per_frame

COLUMNS = [
    Column("lve_mm2", "LVE mm²", ".2f"), Column("lve_mm", "LVE mm", ".2f"), Column("mve_mm", "MVE mm"),
    Column("fdd_mm2", "FDD mm²", "+.3f"), Column("fdd_abs_mm2", "FDD abs mm²"), Column("eve_mm2", "EVE mm²", ".2f"),
    Column("mod_mm", "MOD mm", ".2f"), Column("diversity_mm", "diversity mm"), Column("lbe", "LBE", ".4f"),
    Column("closure_rate", "closed p/b/m", percent=True, count="n_closures"),
    Column("false_contacts", "false contacts", percent=True, count="n_apart"),
    Column("silence_rest", "rest in silence", percent=True, count="n_silent_frames"),
    Column("open_vowels_wider", "open > close vowel", percent=True, count="n_vowel_pairs"),
    Column("jitter", "jitter", ".4f"), Column("jaw_correlation", "jaw r"),
    Column("av_offset_ms", "AV offset ms", "+.0f"), Column("blinks_per_minute", "blinks/min", ".1f"),
    Column("upper_jitter", "upper jitter", ".4f"),
    Column("ms_per_frame", "ms/frame", ".2f"),
]  # fmt: skip
NOTES = [
    "Vertices are those of the built-in head. LVE mm²: greatest squared distance over lip vertices per frame, mean "
    "over frames, as public code computes it; LVE mm: its root per frame. FDD: truth minus prediction, signed and "
    "absolute. LBE: mean absolute error of jaw and mouth weights. `training/eval/scores_*.py` states every definition.",
    "Closures are counted where the ground truth closes. Rest: lips closed at least 0.2 s away from any phone.",
    "Brows, blinks and gaze of the ground truth are random, so EVE and FDD of a perfect model are not 0 here: a face "
    "that blinks at other times has a greater EVE than one that never blinks. Jitter: mean absolute second difference "
    "of lip weights; upper jitter: of those of eyes, brows, cheeks and nose.",
    "ms/frame: wall time of one clip at a time, log-mel and audio encoder included.",
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, required=True, help="folder made by python -m training.corpus")
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int, help="score only so many utterances, spread over the split")
    parser.add_argument("--moods", action="store_true", help="each utterance acted in an emotion, voice and face")
    parser.add_argument("--model", action="append", required=True, metavar="NAME=PATH[@STEPS]", help=MODEL_HELP)
    parser.add_argument("--out", type=Path, required=True, help="folder for table.md, scores.json and plots")
    parser.add_argument("--baselines", action="store_true", help="add a constant and a loudness-driven face")
    parser.add_argument("--diversity", type=int, default=0, metavar="N", help="all identities on N utterances")
    parser.add_argument("--timed-clips", type=int, default=3, help="clips for ms/frame; 0 leaves it out")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch and of the runtime")
    parser.add_argument("--backend", default="auto", help="of the runtime, for bundles")
    parser.add_argument("--profile", help="latency profile; default: the bundle's own, offline for checkpoints")
    add_earlier_arguments(parser)
    add_encoder_arguments(parser, required=False)


def run(args: argparse.Namespace) -> list[Row]:
    """Prints the table, writes the report; raises ValueError or FileNotFoundError for wrong arguments."""
    torch.set_num_threads(args.threads)
    specs = parse_models(args.model)
    data = load_held_out(args.corpus, args.split, args.limit, args.moods)
    about = {
        "command": "evaluate", "split": args.split, "limit": args.limit, "moods": args.moods, "profile": args.profile,
        "threads": args.threads, "timed_clips": args.timed_clips, "utterances": data.ids,
        "models": [f"{s.name}={s.path.name}" for s in specs],
    }  # fmt: skip
    kept, kept_notes = earlier_rows(args, about, "utterances")
    example = int(np.argsort([len(a) for a in data.audio])[len(data) // 2])
    curves = {"truth": data.truth[example]}
    rows = [Row("truth", score_motion(data, data.truth))]
    for row, motion in _model_rows(specs, data, args):
        rows.append(row)
        curves[row.label] = motion[example]
        print(f"{row.label} done", flush=True)
    if args.baselines:
        val = load_held_out(args.corpus, "val", moods=args.moods)
        faces: dict[str, Animator] = {"constant": ConstantBaseline(np.concatenate(val.truth))}
        faces["loudness"] = LoudnessBaseline(val.audio, val.truth)
        rows += [Row(name, score_motion(data, data.animate(face))) for name, face in faces.items()]
    title = f"Scores on {len(data)} utterances ({args.split}{', acted in moods' if args.moods else ''})"
    rows += kept
    print(write_report(args.out, title, NOTES + kept_notes, rows, COLUMNS, about))
    plot_curves(args.out / "curves.png", data.ids[example], data.audio[example], data.phones[example], curves)
    plot_steps(args.out / "steps.png", rows, COLUMNS)
    return rows


def _model_rows(specs: list[ModelSpec], data: HeldOut, args: argparse.Namespace):
    """Yields (row, motion per utterance) of every model."""
    for spec in specs:
        animator = spec.open(args.backend, args.profile, args.threads, encoder_of(args))
        motion = data.animate(animator)
        scores = score_motion(data, motion)
        if args.diversity:
            few = data.subset(range(min(args.diversity, len(data))))
            scores["diversity_mm"] = score_diversity(few, animator, sorted(set(data.identities)))
        if args.timed_clips:
            scores |= time_per_frame(data.subset(range(min(args.timed_clips, len(data)))), animator)
        yield Row(spec.name, scores, getattr(animator, "n_steps", None)), motion
