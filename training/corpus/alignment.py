"""Timing check: phone starts of the corpus against forced alignment with pocketsphinx.

The aligner (BSD, model in the wheel) is told the phones themselves, through a dictionary with one
made-up word per stretch between silences, so no pronunciation can differ. Its grid is 10 ms.
"""

import json
import random
from pathlib import Path

import numpy as np

from training.corpus import sphinx
from training.corpus.engines.base import EngineMissing
from training.corpus.phones import SILENCE, STOPS
from training.corpus.reader import read_audio

MAX_MEDIAN_OFFSET_S = 0.015


def _decoder():
    try:
        from pocketsphinx import Decoder
    except ImportError as error:
        raise EngineMissing("check: pocketsphinx is missing; pip install pocketsphinx") from error
    return Decoder(lm=None, cmn="batch", loglevel="FATAL")


def aligned_starts(audio, phones, seed=0):
    """Phone starts by forced alignment.

    audio: float32 [n_samples] at 16 kHz.   phones: list of (name, start_s, end_s).
    Returns a list of start_s for the non-silent phones in order, or None when alignment failed.
    """
    stretches: list[list[str]] = []
    current: list[str] = []
    for name, _, _ in phones:
        if name == SILENCE:
            stretches.append(current)
            current = []
        else:
            current.append(name)
    stretches = [stretch for stretch in [*stretches, current] if stretch]
    decoder = _decoder()
    words = [f"w{index}" for index in range(len(stretches))]
    for index, (word, stretch) in enumerate(zip(words, stretches, strict=True)):
        decoder.add_word(word, " ".join(stretch), index == len(words) - 1)
    try:
        decoder.set_align_text(" ".join(words))
        for second_pass in (False, True):
            if second_pass:
                decoder.set_alignment()
            sphinx.run(decoder, audio, seed)
        found = [
            phone.start * sphinx.FRAME_S - sphinx.PADDING_S
            for word in decoder.get_alignment()
            if word.name in words
            for phone in word
        ]
    except RuntimeError:
        return None
    return found if len(found) == sum(map(len, stretches)) else None


def differences(out_dir, engine, n_utterances, seed=0):
    """Corpus start minus aligned start, in seconds, over n_utterances of one engine.

    Returns a list of (phone name, difference_s) and the number of utterances that aligned.
    """
    paths = sorted((Path(out_dir) / "utterances").glob(f"{engine}-*.json"))
    random.Random(seed).shuffle(paths)
    found, n_aligned = [], 0
    for path in paths:
        if n_aligned == n_utterances:
            break
        entry = json.loads(path.read_text("utf-8"))
        audio = read_audio(out_dir, entry)
        starts = aligned_starts(audio, entry["phones"], seed)
        if starts is None:
            continue
        n_aligned += 1
        spoken = [phone for phone in entry["phones"] if phone[0] != SILENCE]
        found += [(name, start - a) for (name, start, _), a in zip(spoken, starts, strict=True)]
    return found, n_aligned


def check(out_dir, engine=None, n_utterances=10):
    """Prints a table of start differences per engine.

    Returns 0 when every median is within MAX_MEDIAN_OFFSET_S, else 1.
    """
    stems = (path.stem for path in (Path(out_dir) / "utterances").glob("*.json"))
    names = [engine] if engine else sorted({stem.split("-")[0] for stem in stems})
    failed = False
    print("phone start, corpus minus forced alignment, ms")
    print(f"{'engine':10}{'utts':>6}{'phones':>8}{'median':>8}{'p90 |d|':>9}{'stops':>8}{'PBM':>8}")
    for name in names:
        found, n_aligned = differences(out_dir, name, n_utterances)
        if not found:
            print(f"{name:10}{0:6d}  no utterance aligned")
            failed = True
            continue
        values = np.array([value for _, value in found]) * 1000
        stops = np.array([value for phone, value in found if phone in STOPS]) * 1000
        lips = np.array([value for phone, value in found if phone in ("P", "B", "M")]) * 1000
        print(
            f"{name:10}{n_aligned:6d}{len(values):8d}{np.median(values):8.1f}"
            f"{np.percentile(np.abs(values), 90):9.1f}"
            f"{np.median(stops):8.1f}{np.median(lips) if len(lips) else float('nan'):8.1f}"
        )
        failed |= bool(abs(np.median(values)) > MAX_MEDIAN_OFFSET_S * 1000)
    return int(failed)
