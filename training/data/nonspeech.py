"""Clips of sounds that are no speech of the near speaker:
`python -m training.data.nonspeech --corpus DIR --out DIR --hours 1`

Background alone (other voices far off, babble, music, noise) with the face at rest, and laughter and screams with the
face that makes them."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.articulation.emotion import EMOTION_NAMES
from training.articulation.style import TalkingStyle, library_styles
from training.data.augment import augment
from training.data.background import OtherVoices, background_alone, draw_kind, with_background
from training.data.outcries import OUTCRIES
from training.data.pooled import write_clips
from training.data.prepare import MOTION, SOURCE, STRENGTH, add_other_voices, animate, other_voices, with_features
from training.encoders.__main__ import add_encoder_arguments, chosen_encoder
from training.prepared.clips import ClipSetInfo

KINDS = {"background": 0.7, "laughter": 0.15, "scream": 0.15}
BACKGROUND_S = (3.0, 9.0)
BACKGROUND_SHARE = 0.3  # of the outcries that have something behind them


@dataclass(frozen=True)
class Job:
    """One clip. split: train, or val for one in twenty."""

    number: int
    split: str
    seed: int
    voices: OtherVoices
    styles: dict[str, TalkingStyle]


def build_clip(job: Job, rng: np.random.Generator) -> dict:
    """speaker "" keeps a clip from being taken for somebody's voice (references.ReferenceSampler)."""
    kind = draw_kind(KINDS, rng)
    emotion, effort = str(rng.choice(EMOTION_NAMES)), 0.0
    if kind == "background":
        heard, kind = background_alone(job.voices, int(rng.uniform(*BACKGROUND_S) * SAMPLE_RATE_HZ), rng)
        near, phones = np.zeros_like(heard), [("SIL", 0.0, len(heard) / SAMPLE_RATE_HZ)]
    else:
        make, emotion, efforts = OUTCRIES[kind]
        sound, phones = make(rng)
        effort = float(rng.uniform(*efforts))
        near, speed = augment(sound, rng)
        phones = [(name, start / speed, end / speed) for name, start, end in phones]
        heard = with_background(near, job.voices, rng) if rng.random() < BACKGROUND_SHARE else near
    names = list(job.styles)
    identity = int(rng.integers(len(names)))
    seed = int(rng.integers(2**31))
    strength = float(rng.uniform(*STRENGTH))
    clip = animate(phones, near, job.styles[names[identity]], emotion, strength, seed, heard=heard, effort=effort)
    mood = EMOTION_NAMES.index(emotion)
    return with_features(clip) | {
        "utterance": f"nonspeech-{kind}-{job.number:06d}", "split": job.split, "speaker": "", "identity": identity,
        "emotion": mood, "strength": strength if mood else 1.0,
        "voice_identity": -1, "voice_emotion": mood if kind == "laughter" else 0,
    }  # fmt: skip


def clips_of(job: Job) -> list[dict]:
    return [build_clip(job, np.random.default_rng([job.seed, job.number]))]


def n_clips(hours: float) -> int:
    """Clips of so many hours, as backgrounds are long."""
    return max(1, round(hours * 3600 / np.mean(BACKGROUND_S)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--corpus", type=Path, required=True, help="whose training voices speak in the background")
    add_other_voices(parser)
    add_encoder_arguments(parser, required=False)
    args = parser.parse_args()
    voices = OtherVoices(other_voices(args.corpus, args.other_voices))
    if not voices.paths:
        parser.error(f"no training utterances in {args.corpus}: run python -m training.corpus synthesize first")
    styles, rng = library_styles(), np.random.default_rng(args.seed)
    jobs = []
    for number in range(n_clips(args.hours)):
        some = tuple(voices.paths[i] for i in rng.integers(len(voices.paths), size=40))
        jobs.append(Job(number, "val" if number % 20 == 19 else "train", args.seed, OtherVoices(some), styles))
    choice = chosen_encoder(args) if args.encoder else None
    info = ClipSetInfo(MOTION, tuple(styles), EMOTION_NAMES, SOURCE)
    print(write_clips(args.out, info, jobs, clips_of, args.jobs, choice))


if __name__ == "__main__":
    main()
