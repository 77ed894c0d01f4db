"""Writes utterances into the corpus folder, one at a time and atomically.

    OUT/audio/<utt_id>.flac         16 kHz mono 16 bit
    OUT/utterances/<utt_id>.json    text, voice, split and phones with start and end in seconds
    OUT/dropped/<engine>.tsv        utt_id and reason of each utterance that failed a check

The JSON file is written last, so an utterance is complete when it exists.
"""

import json
import os
from pathlib import Path

import numpy as np
import soundfile

from training.corpus import audio as corpus_audio
from training.corpus import quality


class CorpusWriter:
    """out_dir: corpus folder, made when missing.   engine: name, for the list of drops."""

    def __init__(self, out_dir, engine):
        self._audio_dir = Path(out_dir) / "audio"
        self._utterance_dir = Path(out_dir) / "utterances"
        dropped_dir = Path(out_dir) / "dropped"
        for folder in (self._audio_dir, self._utterance_dir, dropped_dir):
            folder.mkdir(parents=True, exist_ok=True)
        self._dropped_path = dropped_dir / f"{engine}.tsv"
        self._dropped_ids = set()
        if self._dropped_path.is_file():
            lines = self._dropped_path.read_text("utf-8").splitlines()
            self._dropped_ids = {line.split("\t")[0] for line in lines}

    def is_dropped(self, utt_id):
        """True when an earlier run dropped this utterance."""
        return utt_id in self._dropped_ids

    def existing_duration_s(self, utt_id):
        """Duration in seconds of an utterance that is already written, else None."""
        path = self._utterance_dir / f"{utt_id}.json"
        if not path.is_file():
            return None
        entry = json.loads(path.read_text("utf-8"))
        return entry["n_samples"] / entry["sample_rate"]

    def drop(self, utt_id, reason):
        """Records that an utterance is left out, so that a later run does not try it again."""
        self._dropped_ids.add(utt_id)
        with self._dropped_path.open("a", encoding="utf-8") as file:
            file.write(f"{utt_id}\t{reason}\n")

    def write(self, utterance, speech):
        """Converts, checks and writes one utterance.

        utterance: plan.Utterance.   speech: engines.Speech.
        Returns its duration in seconds, or None when it was dropped.
        """
        rng = np.random.default_rng(utterance.seed)
        samples, phones = corpus_audio.to_corpus_format(speech, rng)
        rate = corpus_audio.SAMPLE_RATE
        reason = quality.problem(phones, len(samples), rate, utterance.split)
        if reason:
            self.drop(utterance.utt_id, reason)
            return None
        entry = {
            "id": utterance.utt_id,
            "engine": utterance.engine,
            "voice": utterance.voice,
            "language": utterance.language,
            "text": utterance.text,
            "sample_rate": rate,
            "n_samples": len(samples),
            "speed": utterance.speed,
            "phones": [[name, start / rate, end / rate] for name, start, end in phones],
            "split": utterance.split,
        }
        audio_path = self._audio_dir / f"{utterance.utt_id}.flac"
        partial = audio_path.with_suffix(".partial")
        soundfile.write(partial, samples, rate, format="FLAC", subtype="PCM_16")
        os.replace(partial, audio_path)
        json_path = self._utterance_dir / f"{utterance.utt_id}.json"
        partial = json_path.with_suffix(".partial")
        partial.write_text(json.dumps(entry) + "\n", "utf-8")
        os.replace(partial, json_path)
        return len(samples) / rate
