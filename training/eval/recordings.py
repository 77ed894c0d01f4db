"""Real recordings: audio, phones with times, and lips tracked from video where there are any."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from training.corpus.transcripts import Aligner
from training.datasets.audio import read_sound
from training.eval.scores_speech import Phone

AUDIO_SUFFIXES = (".flac", ".wav", ".ogg")
FROM_FILE = "the phones of the tracked-lips file"
FROM_TEXT = "forced alignment (pocketsphinx) of the transcript NAME.txt"
FROM_SOUND = (
    "recognition (pocketsphinx, its own language model), aligned; only p/b/m and vowels that its phone recogniser also "
    "finds there are counted. Wrong words lower the score of any model"
)


@dataclass(frozen=True)
class Recording:
    """tracked: (times [m] in seconds, lip opening [m] in outer-canthal distances) or None.   measures: (times [m] in
    seconds, [m, 6] LIP_MEASURES in outer-canthal distances) or None.   source: of the phones.
    text: the words; "" where they are not known."""

    name: str
    audio: np.ndarray  # float32 [n_samples] at 16 kHz
    phones: list[Phone]
    source: str
    tracked: tuple[np.ndarray, np.ndarray] | None = None
    measures: tuple[np.ndarray, np.ndarray] | None = None
    text: str = ""


def load_recordings(
    folder: Path, tracked: Path | None = None, limit: int | None = None, measures: Path | None = None
) -> tuple[list[Recording], list[str]]:
    """Recordings of a folder of audio files, or `limit` of them spread evenly, and a sentence per file left out.

    tracked: JSON {NAME: {"fps", "lip_gap": [..], "phones": [[ARPAbet, start_s, end_s], ..]}}, sample k of lip_gap at
    (k + 0.5) / fps seconds; then only the recordings it names are read. Otherwise phones come from NAME.txt beside the
    audio, or from recognition.
    measures: JSON {NAME: {"fps", "gap", "width", "upper", "lower", "chin", "protr"}}, the six lip measures of tracked
    faces in outer-canthal distances, timed alike; recordings it does not name have none. The same keys may stand in
    `tracked`.
    Raises FileNotFoundError when there is no audio, ValueError for a file that is not such JSON."""
    about, six = _read(tracked), _read(measures)
    files = sorted(f for f in Path(folder).iterdir() if f.suffix in AUDIO_SUFFIXES and (not about or f.stem in about))
    if not files:
        raise FileNotFoundError(f"no audio ({', '.join(AUDIO_SUFFIXES)}) in {folder}")
    if limit is not None and limit < len(files):
        files = [files[i] for i in np.linspace(0, len(files) - 1, limit).astype(int)]
    if six and not any(f.stem in six for f in files):
        raise ValueError(f"{measures} names none of the recordings of {folder}")
    recordings, left_out, aligner = [], [], None
    for file in files:
        audio = read_sound(file)
        if file.stem in about:
            found = _from_tracked(file.stem, audio, about[file.stem])
            recordings.append(_with_measures(found, six.get(file.stem, about[file.stem])))
            continue
        aligner = aligner or Aligner()
        words = file.with_suffix(".txt")
        text = words.read_text() if words.exists() else ""
        phones, trouble = aligner.align(audio, text) if words.exists() else aligner.recognise(audio)
        if phones is None:
            left_out.append(f"{file.name} is left out: {trouble}")
        else:
            found = Recording(file.stem, audio, phones, FROM_TEXT if words.exists() else FROM_SOUND, text=text)
            recordings.append(_with_measures(found, six.get(file.stem, {})))
    return recordings, left_out


def _read(file: Path | None) -> dict[str, dict]:
    if file is None:
        return {}
    try:
        content = json.loads(Path(file).read_text())
    except ValueError as error:
        raise ValueError(f"{file} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{file} is not a JSON object with one entry per recording")
    return content


def _with_measures(recording: Recording, clip: dict) -> Recording:
    """The recording with the six measures of its entry, where that has them; frames in which one is missing go."""
    keys = ("gap", "width", "upper", "lower", "chin", "protr")  # in the order of LIP_MEASURES
    if not all(key in clip for key in keys):
        return recording
    curves = np.array([clip[key] for key in keys], np.float64).T
    times = (np.arange(len(curves)) + 0.5) / clip["fps"]
    known = np.isfinite(curves).all(axis=1)
    return replace(recording, measures=(times[known], curves[known])) if known.sum() > 1 else recording


def _from_tracked(name: str, audio: np.ndarray, clip: dict) -> Recording:
    gap = np.array(clip["lip_gap"], np.float64)
    times = (np.arange(len(gap)) + 0.5) / clip["fps"]
    known = np.isfinite(gap)
    phones = [(str(p).rstrip("012"), float(start), float(end)) for p, start, end in clip["phones"]]
    return Recording(name, audio, phones, FROM_FILE, (times[known], gap[known]), text=str(clip.get("text", "")))
