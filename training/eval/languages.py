"""`python -m training.eval languages`: lips on held-out espeak-ng speech of every language of the corpus, by
espeak's own phone times."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from diffusiontalker.head import lip_opening, load_head
from training.corpus.engines import EngineMissing
from training.corpus.languages import ENGLISH, LANGUAGE_CODES, LANGUAGES
from training.corpus.languages.held_out import Spoken, speak_held_out
from training.corpus.text import WORDNET_DIR
from training.encoders.__main__ import add_encoder_arguments
from training.eval.baselines import Animator, LoudnessJaw
from training.eval.models import MODEL_HELP, encoder_of, parse_models
from training.eval.report import Column, Row, write_report
from training.eval.rules_baseline import RulesBaseline
from training.eval.scores_speech import pearson
from training.eval.scoring import SpeechScores

COLUMNS = [
    Column("closure_rate", "closed p/b/m", percent=True),
    Column("n_closures", "p/b/m", ".0f"),
    Column("false_contacts", "false contacts", percent=True),
    Column("n_apart", "phones apart", ".0f"),
    Column("open_vowels_wider", "open > close vowel", percent=True),
    Column("n_vowel_pairs", "pairs", ".0f"),
    Column("silence_rest", "rest in silence", percent=True),
    Column("rules_correlation", "opening r to the rules"),
]
NOTES = [
    "Speech: espeak-ng, its held-out variants f3, m7 and Andy in every language, word sequences (English: sentences) "
    "of the test split drawn with a seed that no corpus has. Phones: espeak's events, mapped to ours by mouth shape "
    "(training/corpus/languages/mouths.py); the Spanish b between vowels counts as a b.",
    "Closed, false contacts, open > close, rest: as in `training.eval speech`.",
    "Opening r to the rules: correlation of the lip opening with that of the rules on the true phones, mean over "
    "utterances. rules: those rules themselves, the ceiling. loudness jaw: the jaw alone, by the loudness.",
]
RULES = "rules with true phones"


def name_of(language: str) -> str:
    return "English" if language == ENGLISH else LANGUAGES[language].name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", action="append", default=[], metavar="NAME=PATH[@STEPS]", help=MODEL_HELP)
    parser.add_argument("--language", nargs="+", choices=LANGUAGE_CODES, default=LANGUAGE_CODES, help="default: all")
    parser.add_argument("--utterances", type=int, default=18, help="of each language")
    parser.add_argument("--seed", type=int, default=1, help="of the texts")
    parser.add_argument("--identity", help="talking identity of all; default: the model's own")
    parser.add_argument("--out", type=Path, required=True, help="folder for table.md and scores.json")
    parser.add_argument("--wordnet-dir", type=Path, default=WORDNET_DIR)
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch and of the runtime")
    parser.add_argument("--backend", default="auto", help="of the runtime, for bundles")
    parser.add_argument("--profile", help="latency profile; default: the bundle's own, offline for checkpoints")
    add_encoder_arguments(parser, required=False)


def score_languages(
    name: str, spoken: dict[str, list[Spoken]], animator: Animator, rules: dict[str, list[np.ndarray]], identity: str
) -> list[Row]:
    """A row per language and one of them all. rules: lip openings [n] of the rules, per language and utterance."""
    head, together, correlations, rows = load_head(), SpeechScores(), [], []
    n_steps = getattr(animator, "n_steps", None)
    for language, utterances in spoken.items():
        motion = animator([u.audio for u in utterances], [identity] * len(utterances), None)
        scores, of_language = SpeechScores(), []
        for u, weights, opening in zip(utterances, motion, rules[language], strict=True):
            if not np.isfinite(weights).all():
                raise ValueError(f"the motion of {u.language} {u.text!r} is not finite")
            for of in (scores, together):
                of.add(weights, u.phones, u.audio)
            of_language.append(pearson(lip_opening(head, weights), opening[: len(weights)]))
        correlations += of_language
        result = scores.result() | {"rules_correlation": float(np.mean(of_language))}
        rows.append(Row(f"{name}: {name_of(language)}", result, n_steps))
    whole = together.result() | {"rules_correlation": float(np.mean(correlations))}
    return [*rows, Row(f"{name}: all", whole, n_steps)]


def run(args: argparse.Namespace) -> list[Row]:
    """Prints the table, writes the report; raises ValueError or FileNotFoundError for wrong arguments."""
    torch.set_num_threads(args.threads)
    if args.utterances < 1:
        raise ValueError(f"--utterances is {args.utterances}, expected 1 or more")
    specs = parse_models(args.model)
    try:
        spoken = {c: speak_held_out(c, args.utterances, args.seed, args.wordnet_dir) for c in args.language}
    except (EngineMissing, RuntimeError) as error:
        raise ValueError(str(error)) from error
    animators: list[tuple[str, Animator]] = [
        (spec.name, spec.open(args.backend, args.profile, args.threads, encoder_of(args))) for spec in specs
    ]
    head, rules = load_head(), {}
    for code, utterances in spoken.items():
        motion = RulesBaseline([u.phones for u in utterances])([u.audio for u in utterances], [""] * len(utterances))
        rules[code] = [lip_opening(head, weights) for weights in motion]
    rows: list[Row] = []
    for name, animator in [*animators, ("loudness jaw", LoudnessJaw())]:
        identity = args.identity or getattr(animator, "default_identity", "")
        rows += score_languages(name, spoken, animator, rules, identity)
        print(f"{name} done", flush=True)
    rows.append(_ceiling(spoken, rules))
    about = {
        "command": "languages", "languages": list(args.language), "utterances": args.utterances, "seed": args.seed,
        "threads": args.threads, "profile": args.profile, "identity": args.identity,
        "models": [f"{s.name}={s.path.name}" for s in specs],
    }  # fmt: skip
    title = f"Scores on {len(spoken)} languages, {args.utterances} utterances of each"
    print(write_report(args.out, title, NOTES, rows, COLUMNS, about))
    return rows


def _ceiling(spoken: dict[str, list[Spoken]], rules: dict[str, list[np.ndarray]]) -> Row:
    """What the rules themselves score, all languages together."""
    scores = SpeechScores()
    for code, utterances in spoken.items():
        for u, opening in zip(utterances, rules[code], strict=True):
            scores.add_gap(opening, np.arange(len(opening)) / scores.offset.fps, u.phones)
    return Row(RULES + ": all", scores.result() | {"rules_correlation": 1.0})
