"""Phones with times of real recordings, by pocketsphinx (BSD; acoustic model, dictionary and language models of US
English are in its wheel). Its grid is 10 ms, its error on read speech about 20 ms at the 90th percentile."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from training.corpus import sphinx
from training.corpus.phones import BILABIAL, CLOSE_VOWELS, OPEN_VOWELS, SILENCE
from training.corpus.spelling import inflected, spelled

Phone = tuple[str, float, float]  # ARPAbet without stress, or SIL; start and end in seconds
UNSURE = "?"  # a sound that no score counts, and that is not silence
_NEAR_S = 0.05  # how far two recognisers may disagree about the time of the same phone
# A search that fails with pauses and noises between words often ends without; a pause is then part of its neighbours.
_LONGEST_PHONE_S = 0.35
_CLASSES = (BILABIAL, OPEN_VOWELS, CLOSE_VOWELS)


def words_of(text: str) -> list[str]:
    """Lower-case words of a transcript, apostrophes kept."""
    return re.findall(r"[a-z]+(?:'[a-z]+)*", text.lower().replace("’", "'"))


class Aligner:
    """Raises ValueError when pocketsphinx is not installed."""

    def __init__(self):
        try:
            import pocketsphinx
        except ImportError as error:
            raise ValueError("recordings without phones need the aligner: pip install pocketsphinx") from error
        self._sphinx = pocketsphinx
        self._words: Any = None  # the recogniser of words and the loop of phones are made when first needed
        self._loop: Any = None

    def align(self, audio: np.ndarray, text: str) -> tuple[list[Phone] | None, str]:
        """Forced alignment of a transcript. audio: float32 [n_samples] at 16 kHz.
        Vowels of words that the dictionary lacks are UNSURE. Returns (phones with silences, "") or (None, why not)."""
        words = words_of(text)
        if not words:
            return None, "the transcript is empty"
        for fillers in (True, False):
            decoder = self._decoder(lm=None, fsgusefiller=fillers)
            guessed = _add_missing(decoder, words)
            for attempt in range(2):
                try:
                    decoder.set_align_text(" ".join(words))
                    sphinx.run(decoder, audio, attempt)
                    decoder.set_alignment()
                    sphinx.run(decoder, audio, attempt)
                    spans = [(p.name, p.start, p.start + p.duration, w.name in guessed)
                             for w in decoder.get_alignment() for p in w]  # fmt: skip
                except RuntimeError:
                    continue
                phones = _in_seconds([s[:3] for s in spans])
                doubtful = [s[3] and s[0] not in BILABIAL for s in spans]
                if not fillers:
                    doubtful = [d or e - s > _LONGEST_PHONE_S for d, (_, s, e) in zip(doubtful, phones, strict=True)]
                return [(UNSURE, *p[1:]) if d else p for d, p in zip(doubtful, phones, strict=True)], ""
        return None, "the alignment did not reach the end of the text"

    def recognise(self, audio: np.ndarray) -> tuple[list[Phone] | None, str]:
        """Phones of speech whose words are not known: words by the language model, aligned; a p/b/m or counted vowel
        becomes UNSURE unless the phone loop finds one of its class within 50 ms. Returns as `align`."""
        if self._words is None:
            self._words = self._decoder()
            phone_model = self._sphinx.get_model_path("en-us/en-us-phone.lm.bin")
            self._loop = self._decoder(lm=None, allphone=phone_model, lw=2.0, beam=1e-20, pbeam=1e-20)
        sphinx.run(self._words, audio, 0)
        hypothesis = self._words.hyp()
        if hypothesis is None or not hypothesis.hypstr:
            return None, "no words were recognised"
        phones, trouble = self.align(audio, hypothesis.hypstr)
        if phones is None:
            return None, trouble
        sphinx.run(self._loop, audio, 0)
        found = _in_seconds([(s.word, s.start_frame, s.end_frame + 1) for s in self._loop.seg()])
        return [p if confirmed(p, found) else (UNSURE, *p[1:]) for p in phones], ""

    def _decoder(self, **options):
        return self._sphinx.Decoder(cmn="batch", loglevel="FATAL", **options)


def confirmed(phone: Phone, found: list[Phone]) -> bool:
    """Whether a phone is of no class that scores count, or one of its class was found within 50 ms of it."""
    name, start, end = phone
    same = next((c for c in _CLASSES if name in c), None)
    return same is None or any(n in same and s < end + _NEAR_S and e > start - _NEAR_S for n, s, e in found)


def _add_missing(decoder, words: list[str]) -> set[str]:
    """Gives the decoder sounds for words its dictionary lacks; returns those that were guessed from the spelling."""
    guessed = set()
    for word in dict.fromkeys(words):
        if decoder.lookup_word(word) is None:
            sounds = inflected(word, decoder.lookup_word)
            if sounds is None:
                guessed.add(word)
            decoder.add_word(word, sounds or spelled(word), True)
    return guessed


def _in_seconds(found: list[tuple[str, int, int]]) -> list[Phone]:
    """Frames of the padded audio -> seconds of the audio; fillers (SIL, +NSN+, <s>) -> silence."""
    return [
        (
            name if name.isalpha() and name.isupper() else SILENCE,
            max(first * sphinx.FRAME_S - sphinx.PADDING_S, 0.0),
            max(last * sphinx.FRAME_S - sphinx.PADDING_S, 0.0),
        )
        for name, first, last in found
    ]
