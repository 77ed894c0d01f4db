"""Utterances of a language that no corpus holds: its held-out speakers say word sequences drawn with another seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.corpus import audio as corpus_audio
from training.corpus import plan, quality
from training.corpus.engines import SynthesisError, load_engine
from training.corpus.languages import ENGLISH, LANGUAGES
from training.corpus.languages.words import WordSource
from training.corpus.text import WORDNET_DIR, SentenceSource

# Of 200 in a row that fail, something other than the words is wrong.
MOST_FAILURES = 200


@dataclass(frozen=True)
class Spoken:
    """audio: float32 [n] at 16 kHz.   phones: contiguous (name, start_s, end_s), espeak's own times."""

    language: str
    voice: str
    text: str
    audio: np.ndarray
    phones: list[tuple[str, float, float]]


def speak_held_out(language: str, n: int, seed: int, wordnet_dir=WORDNET_DIR) -> list[Spoken]:
    """n utterances of 2 to 8 s, the held-out speakers in turn; texts are of the test split and of a seed of their own.

    language: "en" or a key of LANGUAGES.   Raises EngineMissing without espeak-ng or the word lists, FileNotFoundError
    without WordNet for English, RuntimeError when espeak keeps failing.
    """
    engine = load_engine("espeak", language=language)
    voices = sorted(plan.held_out("espeak", engine.voices, language))
    key = f"held out:{seed}"
    sentences = SentenceSource(key, wordnet_dir) if language == ENGLISH else WordSource(LANGUAGES[language], key)
    rng, failures = np.random.default_rng([seed, *language.encode()]), 0
    out: list = []
    while len(out) < n:
        text, voice = sentences.next(for_test=True), voices[len(out) % len(voices)]
        speed, draw = float(rng.triangular(*_speeds())), int(rng.integers(2**31))
        try:
            speech = engine.speak(text, voice, speed, draw)
            samples, phones = corpus_audio.to_corpus_format(speech, np.random.default_rng(draw))
            problem = quality.problem(phones, len(samples), corpus_audio.SAMPLE_RATE, "test")
        except SynthesisError as error:
            problem = str(error)
        if problem:
            failures += 1
            if failures > MOST_FAILURES:
                raise RuntimeError(f"espeak gives no usable {language}: {problem}")
            continue
        times = [(name, s / corpus_audio.SAMPLE_RATE, e / corpus_audio.SAMPLE_RATE) for name, s, e in phones]
        out.append(Spoken(language, voice, text, samples, times))
    return out


def _speeds() -> tuple[float, float, float]:
    low, high = plan.SPEED_RANGE
    return low, 1.0, high
