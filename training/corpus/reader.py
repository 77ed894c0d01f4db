"""Reading a corpus folder (README.md says what lies in it)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile as sf

from training.corpus.audio import SAMPLE_RATE


def read_utterances(corpus: Path, split: str | None = None, language: str | None = None) -> list[dict]:
    """What the corpus says of its utterances, or of those of one split or language, in order of their ids."""
    everything = (json.loads(p.read_text("utf-8")) for p in sorted((Path(corpus) / "utterances").glob("*.json")))
    return [u for u in everything if split in (None, u["split"]) and language in (None, u.get("language", "en"))]


def read_audio(corpus: Path, utterance: dict) -> np.ndarray:
    """float32 [n] at 16 kHz. Raises ValueError for another rate."""
    audio, rate = sf.read(Path(corpus) / "audio" / f"{utterance['id']}.flac", dtype="float32")
    if rate != SAMPLE_RATE:
        raise ValueError(f"{utterance['id']} has {rate} Hz, expected {SAMPLE_RATE}: synthesize it again")
    return audio
