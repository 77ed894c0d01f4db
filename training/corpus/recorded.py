"""Recorded speech with transcripts -> utterances of the corpus, with phone times by forced alignment:
`python -m training.corpus.recorded --audio LIBRISPEECH/train-clean-5 --out data/corpus`"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import soundfile as sf
from tqdm import tqdm

from training.corpus import quality
from training.corpus.audio import SAMPLE_RATE
from training.corpus.phones import SILENCE
from training.corpus.transcripts import UNSURE, Aligner, Phone

ENGINE = "recorded"
# What the mouth does for a vowel whose spelling was guessed: the middle one.
GUESSED_VOWEL = "AH"
LONGEST_S = 17.0  # longer recordings are left out, so that clips stay short


def transcribed(folder: Path) -> Iterator[tuple[Path, str]]:
    """(recording, words) of a folder in LibriSpeech's layout: `*.trans.txt` beside the FLAC files that they name."""
    for listing in sorted(Path(folder).rglob("*.trans.txt")):
        for line in listing.read_text("utf-8").splitlines():
            name, _, words = line.partition(" ")
            recording = listing.parent / f"{name}.flac"
            if recording.is_file():
                yield recording, words


def aligned_entry(recording: Path, words: str, out: Path) -> str:
    """Writes one utterance, unless it exists; returns "" or why it is left out."""
    utterance = f"{ENGINE}-{recording.stem}"
    if (out / "utterances" / f"{utterance}.json").is_file():
        return ""
    audio, rate = sf.read(recording, dtype="float32")
    if rate != SAMPLE_RATE or audio.ndim != 1:
        return f"{recording.name} has {rate} Hz or several channels, expected {SAMPLE_RATE} Hz mono"
    if len(audio) > LONGEST_S * rate:
        return f"{recording.name} is longer than {LONGEST_S} s"
    phones, trouble = Aligner().align(audio, words)
    if phones is None:
        return f"{recording.name}: {trouble}"
    phones = contiguous(phones, len(audio) / rate)
    samples = [(name, round(start * rate), round(end * rate)) for name, start, end in phones]
    problem = quality.problem(samples, len(audio), rate, "train")
    if problem:
        return f"{recording.name}: {problem}"
    sf.write(out / "audio" / f"{utterance}.flac", audio, rate, subtype="PCM_16")
    entry = {
        "id": utterance, "engine": ENGINE, "voice": recording.stem.split("-")[0], "language": "en", "text": words,
        "sample_rate": rate, "n_samples": len(audio), "speed": 1.0, "phones": phones, "split": "train",
    }  # fmt: skip
    (out / "utterances" / f"{utterance}.json").write_text(json.dumps(entry) + "\n", "utf-8")
    return ""


def contiguous(phones: list[Phone], duration_s: float) -> list[Phone]:
    """Phones without gaps from 0 to duration_s: what lies between them is silence. UNSURE is GUESSED_VOWEL."""
    out: list[Phone] = []
    now = 0.0
    for name, start, end in phones:
        start, end = max(start, now), min(end, duration_s)
        if end - start < 0.005:
            continue
        if start - now > 0.005:
            out.append((SILENCE, now, start))
        else:
            start = now
        out.append((GUESSED_VOWEL if name == UNSURE else name, start, end))
        now = end
    if duration_s - now > 1e-9:
        out.append((SILENCE, now, duration_s))
    return out


def _entry(item: tuple[Path, str], out: Path) -> str:
    return aligned_entry(*item, out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audio", type=Path, required=True, help="folder in LibriSpeech's layout")
    parser.add_argument("--out", type=Path, required=True, help="corpus folder")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    items = list(transcribed(args.audio))
    random.Random(0).shuffle(items)  # a run that is stopped has some of every speaker
    if not items:
        parser.error(f"no *.trans.txt with recordings below {args.audio}: give a folder in LibriSpeech's layout")
    for folder in ("audio", "utterances"):
        (args.out / folder).mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(args.jobs) as pool:
        troubles = [t for t in tqdm(pool.map(partial(_entry, out=args.out), items), total=len(items)) if t]
    print(f"{len(items) - len(troubles)} recordings aligned, {len(troubles)} left out")
    for trouble in troubles[:10]:
        print(trouble)


if __name__ == "__main__":
    main()
