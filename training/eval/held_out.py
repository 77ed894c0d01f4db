"""Held-out synthetic utterances: voices and sentences unseen in training, with computed ground truth."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from diffusiontalker.spec.rates import FPS, SAMPLE_RATE_HZ
from training.articulation.emotion import EMOTION_NAMES
from training.articulation.generate import animate_phones
from training.articulation.style import TalkingStyle, library_styles
from training.corpus.languages import ENGLISH
from training.corpus.reader import read_audio, read_utterances
from training.data.prosody import act
from training.eval.baselines import Animator, frame_count
from training.eval.scores_speech import Phone


@dataclass
class HeldOut:
    """Utterances with their ground truth, each in one identity and emotion. All lists have one entry per utterance; a
    further condition of the motion is one more list here and one more argument in `animate`."""

    ids: list[str]
    audio: list[np.ndarray]  # float32 [n_samples] at 16 kHz
    phones: list[list[Phone]]
    truth: list[np.ndarray]  # weights [n, 52]
    identities: list[str]
    emotions: list[str]  # of voice and face
    engines: list[str]

    def animate(self, animator: Animator) -> list[np.ndarray]:
        """Weights per utterance. Raises ValueError when the animator gives other lengths or values not finite."""
        motion = animator(self.audio, self.identities, self.emotions)
        for weights, truth in zip(motion, self.truth, strict=True):
            if not np.isfinite(weights).all() or len(weights) != len(truth):
                raise ValueError(
                    f"the animator gave {len(weights)} frames for {len(truth)}, or values that are not finite"
                )
        return motion

    def subset(self, rows) -> HeldOut:
        return HeldOut(**{f.name: [getattr(self, f.name)[r] for r in rows] for f in fields(self)})

    def __len__(self) -> int:
        return len(self.ids)


def load_held_out(
    corpus: Path,
    split: str = "test",
    limit: int | None = None,
    moods: bool = False,
    styles: dict[str, TalkingStyle] | None = None,
    language: str | None = ENGLISH,
) -> HeldOut:
    """Reads `split` of a corpus folder, or `limit` utterances spread evenly over it; the ground truth is computed, not
    stored. moods: each utterance is acted in an emotion of its own, voice and face; else all are neutral. styles: the
    identities that the utterances are dealt out to, default those of the library. language: of the corpus; None: all.
    Raises FileNotFoundError when there is none."""
    chosen = read_utterances(corpus, split, language)
    if not chosen:
        raise FileNotFoundError(f"no utterances of split {split!r} in {corpus}: synthesize them (training/README.md)")
    if limit is not None and limit < len(chosen):
        chosen = [chosen[i] for i in np.linspace(0, len(chosen) - 1, limit).astype(int)]
    styles = styles or library_styles()
    names = list(styles)
    out = HeldOut([], [], [], [], [], [], [])
    for u in chosen:
        audio = read_audio(corpus, u)
        key = zlib.crc32(u["id"].encode())
        identity, emotion, tempo = names[key % len(names)], "neutral", 1.0
        if moods:
            rng = np.random.default_rng([key, 1])  # animate_phones draws from key alone
            emotion = EMOTION_NAMES[rng.integers(len(EMOTION_NAMES))]
            audio, tempo = act(audio, emotion, rng)
        times = np.arange(frame_count(audio)) / FPS
        phones = [(name, start / tempo, end / tempo) for name, start, end in u["phones"]]
        out.ids.append(u["id"])
        out.audio.append(audio)
        out.phones.append(phones)
        out.truth.append(animate_phones(phones, audio, SAMPLE_RATE_HZ, times, styles[identity], key, emotion))
        out.identities.append(identity)
        out.emotions.append(emotion)
        out.engines.append(u["engine"])
    return out
