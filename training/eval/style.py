"""`python -m training.eval style`: scores of the talking identity and the emotion. Look-up from speech, telling unseen
voices apart, and what a wrong identity or emotion costs."""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import soundfile as sf
import torch

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.corpus.languages import ENGLISH
from training.corpus.reader import read_audio, read_utterances
from training.data.casting import cast_voices, voice_name
from training.encoders.__main__ import add_encoder_arguments
from training.eval.animators import BundleAnimator, CheckpointAnimator
from training.eval.baselines import Animator
from training.eval.held_out import HeldOut, load_held_out
from training.eval.models import encoder_of
from training.eval.recovered_library import recover_library
from training.eval.scores_blendshape import LIPS, UPPER, mean_absolute_error
from training.eval.speakers import EncodedSpeakers, Speakers, open_speakers
from training.eval.unseen import unseen_identities
from training.export.model_arguments import MODEL_HELP, checkpoint_or_bundle
from training.export.torch_student import load_student
from training.export.trained import load_talker

StyledAnimator = CheckpointAnimator | BundleAnimator
LOOKUP_S, ENROL_S = 5.0, 10.0
TRAINING_UTTERANCES = 40  # of a voice, to recover a bundle's identities from
EDGE_S = 0.2  # silence at both ends of the corpus's utterances


def pieces_of(audio: list[np.ndarray], seconds: float) -> list[np.ndarray]:
    """The utterances of a speaker, silence at the ends cut off, joined and cut into pieces of so many seconds."""
    edge, n = int(EDGE_S * SAMPLE_RATE_HZ), int(seconds * SAMPLE_RATE_HZ)
    whole = np.concatenate([a[edge:-edge] for a in audio if len(a) > 4 * edge] or [np.zeros(0, np.float32)])
    return [whole[i : i + n] for i in range(0, len(whole) - n + 1, n)]


def speech_by_voice(corpus: Path, split: str, limit: int | None = None) -> dict[str, list[np.ndarray]]:
    """Voice -> its English utterances of the split, or the first `limit` of them, at 16 kHz."""
    out: dict[str, list[np.ndarray]] = defaultdict(list)
    for about in read_utterances(corpus, split, ENGLISH):
        of_voice = out[voice_name(about)]
        if limit is None or len(of_voice) < limit:
            of_voice.append(read_audio(corpus, about))
    return out


def speech_by_reader(folder: Path) -> dict[str, list[np.ndarray]]:
    """Reader -> recordings of a folder in LibriSpeech's naming READER-CHAPTER-NUMBER.flac, at 16 kHz."""
    out: dict[str, list[np.ndarray]] = defaultdict(list)
    for path in sorted(Path(folder).glob("*-*-*.flac")):
        audio, rate = sf.read(path, dtype="float32")
        if rate != SAMPLE_RATE_HZ:
            raise ValueError(f"{path} has {rate} Hz, expected {SAMPLE_RATE_HZ}")
        out[path.stem.split("-")[0]].append(audio)
    return out


def known_voices(speakers: Speakers, model: Path, corpus: Path, cast: dict[str, int]) -> Speakers:
    """The speakers to look identities up with: for a bundle, with its identities recovered from the corpus's training
    speech. Raises ValueError when they cannot be."""
    if not model.is_dir():
        return speakers
    personaliser = load_student(model)[0].personaliser
    listener = EncodedSpeakers(personaliser)
    pieces = {v: pieces_of(a, LOOKUP_S) for v, a in speech_by_voice(corpus, "train", TRAINING_UTTERANCES).items()}
    voices = [v for v, p in pieces.items() if v in cast and p]
    if not voices:
        raise ValueError(
            f"no voice has {LOOKUP_S:g} s of training speech in {corpus}: synthesize more, or --no-look-up"
        )
    embeddings = torch.cat([listener(pieces[v]) for v in voices])
    index = torch.tensor([cast[v] for v in voices for _ in pieces[v]])
    return EncodedSpeakers(personaliser, recover_library(personaliser, embeddings, index))


def look_up(speakers: Speakers, speech: dict[str, list[np.ndarray]], cast: dict[str, int]) -> dict[str, float]:
    """Share of pieces of LOOKUP_S whose nearest library entry is their voice's own."""
    right, total = 0, 0
    for voice, audio in speech.items():
        pieces = pieces_of(audio, LOOKUP_S)
        if voice not in cast or not pieces:
            continue
        index = (speakers(pieces) @ speakers.library.T).argmax(dim=-1)
        right += int((index == cast[voice]).sum())
        total += len(pieces)
    chance = 1 / len(speakers.library)
    return {"look_up": right / total if total else float("nan"), "look_up_chance": chance, "look_ups": total}


def same_above_different(speakers: Speakers, speech: dict[str, list[np.ndarray]], name: str) -> dict[str, float]:
    """Share of (same speaker, two speakers) pairs of pieces of ENROL_S in which the same speaker's cosine is higher."""
    embedded = {v: speakers(p) for v, a in speech.items() if (p := pieces_of(a, ENROL_S)[:8])}
    same = [float(a @ b) for e in embedded.values() for a, b in combinations(e, 2)]
    other = [float(a @ b) for x, y in combinations(embedded, 2) for a in embedded[x] for b in embedded[y]]
    if not same or not other:
        return {}
    above = np.mean(np.array(same)[:, None] > np.array(other)[None, :])
    return {f"{name}_same_above_different": float(above), f"{name}_pairs": len(same), f"{name}_speakers": len(embedded)}


def condition_errors(animator: Animator, data: HeldOut) -> tuple[float, float]:
    """Mean absolute error of the lips and of the upper face, mean over utterances."""
    pairs = list(zip(data.animate(animator), data.truth, strict=True))
    lips, upper = (float(np.mean([mean_absolute_error(w, t, part) for w, t in pairs])) for part in (LIPS, UPPER))
    return lips, upper


def others(given: list[str], names: list[str]) -> list[str]:
    """For each given name another one, all the others in turn."""
    return [names[(names.index(g) + 1 + k % (len(names) - 1)) % len(names)] for k, g in enumerate(given)]


def wrong_identity(animator: StyledAnimator, corpus: Path, limit: int) -> dict[str, float]:
    """Lip error with the right identity, and with others of the library; nothing when there is only one."""
    if len(animator.names) < 2:
        return {}
    data = load_held_out(corpus, "test", limit)
    right, _ = condition_errors(animator, data)
    wrong, _ = condition_errors(animator, replace(data, identities=others(data.identities, animator.names)))
    ratio = wrong / right if right else math.nan
    return {"lip_error": right, "lip_error_wrong_identity": wrong, "wrong_identity_ratio": ratio}


def wrong_emotion(animator: StyledAnimator, corpus: Path, limit: int) -> dict[str, float]:
    """Errors of lips and upper face on acted speech with the right emotion, and with others; nothing when the model
    knows no emotions. Blinks, brows and gaze of the truth are random: no model has an upper error of 0."""
    if len(animator.emotions) < 2:
        return {}
    data = load_held_out(corpus, "test", limit, moods=True)
    lips, upper = condition_errors(animator, data)
    wrong = condition_errors(animator, replace(data, emotions=others(data.emotions, animator.emotions)))
    return {
        "lip_error_moods": lips, "lip_error_wrong_emotion": wrong[0],
        "upper_error_moods": upper, "upper_error_wrong_emotion": wrong[1],
    }  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--model", type=checkpoint_or_bundle, required=True, help=MODEL_HELP)
    parser.add_argument("--readers", type=Path, help="folder of real speech READER-CHAPTER-NUMBER.flac")
    parser.add_argument(
        "--no-look-up", action="store_true", help="for another corpus than the model's: it deals voices out otherwise"
    )
    parser.add_argument("--limit", type=int, default=40, help="utterances for wrong identities and emotions")
    parser.add_argument("--out", type=Path, required=True, help="folder for style.json")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch and of the runtime")
    add_encoder_arguments(parser, required=False)


def open_animator(args: argparse.Namespace) -> StyledAnimator | None:
    """None for a teacher whose large encoder is not given."""
    if args.model.is_dir():
        return BundleAnimator(args.model, threads=args.threads)
    if load_talker(args.model)[0].config.d_features and not args.encoder:
        return None
    return CheckpointAnimator(args.model, encoder=encoder_of(args))


def run(args: argparse.Namespace) -> dict[str, float]:
    """Prints the scores, writes style.json; raises ValueError or OSError for wrong arguments."""
    if args.encoder and args.model.is_dir():
        raise ValueError(f"--encoder is of teachers: the bundle {args.model} has its own audio encoder")
    torch.set_num_threads(args.threads)
    speakers = open_speakers(args.model)
    scores: dict[str, float] = {}
    if not args.no_look_up:
        cast = cast_voices(read_utterances(args.corpus))
        known = known_voices(speakers, args.model, args.corpus, cast)
        scores |= look_up(known, speech_by_voice(args.corpus, "val"), cast)
    scores |= same_above_different(speakers, speech_by_voice(args.corpus, "test"), "unseen")
    if args.readers:
        scores |= same_above_different(speakers, speech_by_reader(args.readers), "real")
    animator = open_animator(args)
    if animator is None:
        print("wrong identities and emotions are left out: the teacher's --encoder is not given")
    else:
        scores |= wrong_identity(animator, args.corpus, args.limit)
        scores |= wrong_emotion(animator, args.corpus, args.limit)
        scores |= unseen_identities(animator, animator.names, speakers, args.corpus, args.limit)
    written = {k: None if math.isnan(v) else v for k, v in scores.items()}
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "style.json").write_text(json.dumps(written, indent=1, allow_nan=False) + "\n")
    for key, value in scores.items():
        print(key.ljust(32), f"{value:.4g}")
    return scores
