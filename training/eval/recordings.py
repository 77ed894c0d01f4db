"""Real recordings: audio, phones with times, and lips tracked from video where there are any."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.datasets.audio import read_sound
from training.eval.alignment import Aligner
from training.eval.scores_speech import Phone

AUDIO_SUFFIXES = (".flac", ".wav", ".ogg")
FROM_FILE = "the phones of the tracked-lips file"
FROM_TEXT = "forced alignment (pocketsphinx) of the transcript NAME.txt"
FROM_SOUND = (
    "recognition (pocketsphinx, its own language model), aligned; only p/b/m and vowels that its phone recogniser also "
    "hears there are counted. Wrong words lower the score of any model"
)


@dataclass(frozen=True)
class Recording:
    """tracked: (times [m] in seconds, lip gap [m] in interocular distances) or None. source: of the phones."""

    name: str
    audio: np.ndarray  # float32 [n_samples] at 16 kHz
    phones: list[Phone]
    source: str
    tracked: tuple[np.ndarray, np.ndarray] | None = None


def load_recordings(
    folder: Path, tracked: Path | None = None, limit: int | None = None
) -> tuple[list[Recording], list[str]]:
    """Recordings of a folder of audio files, or `limit` of them spread evenly, and a sentence per file left out.

    tracked: JSON {NAME: {"fps", "lip_gap": [..], "phones": [[ARPAbet, start_s, end_s], ..]}}, sample k of lip_gap at
    (k + 0.5) / fps seconds; then only the recordings it names are read. Otherwise phones come from NAME.txt beside the
    audio, or from recognition. Raises FileNotFoundError when there is no audio."""
    about = json.loads(Path(tracked).read_text()) if tracked else {}
    files = sorted(f for f in Path(folder).iterdir() if f.suffix in AUDIO_SUFFIXES and (not about or f.stem in about))
    if not files:
        raise FileNotFoundError(f"no audio ({', '.join(AUDIO_SUFFIXES)}) in {folder}")
    if limit is not None and limit < len(files):
        files = [files[i] for i in np.linspace(0, len(files) - 1, limit).astype(int)]
    recordings, left_out, aligner = [], [], None
    for file in files:
        audio = read_sound(file)
        if file.stem in about:
            recordings.append(_from_tracked(file.stem, audio, about[file.stem]))
            continue
        aligner = aligner or Aligner()
        text = file.with_suffix(".txt")
        phones, trouble = aligner.align(audio, text.read_text()) if text.exists() else aligner.recognise(audio)
        if phones is None:
            left_out.append(f"{file.name} is left out: {trouble}")
        else:
            recordings.append(Recording(file.stem, audio, phones, FROM_TEXT if text.exists() else FROM_SOUND))
    return recordings, left_out


def _from_tracked(name: str, audio: np.ndarray, clip: dict) -> Recording:
    gap = np.array(clip["lip_gap"], np.float64)
    times = (np.arange(len(gap)) + 0.5) / clip["fps"]
    known = np.isfinite(gap)
    phones = [(str(p).rstrip("012"), float(start), float(end)) for p, start, end in clip["phones"]]
    return Recording(name, audio, phones, FROM_FILE, (times[known], gap[known]))
