"""Synthesisers that are programs: each call writes a sound file and prints the phones with their end times."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import soundfile

from training.corpus import phones as phone_tables
from training.corpus.engines.base import Speech, SynthesisError

LONGEST_S = 60  # a program that takes longer hangs


def spoken(command: Sequence[str], path: Path, phone_end: re.Pattern[str]) -> Speech:
    """Runs a program that writes `path` and prints CMU radio phones. phone_end: finds (phone, end in seconds).
    Raises SynthesisError when it fails, and as radio_phones."""
    result = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    if result.returncode != 0 or not path.is_file():
        raise SynthesisError(f"{Path(command[0]).name} ended with {result.returncode}")
    audio, sample_rate = soundfile.read(path, dtype="float32")
    pairs = [(name, float(end)) for name, end in phone_end.findall(result.stdout)]
    return Speech(audio, sample_rate, radio_phones(pairs, len(audio) / sample_rate))


def radio_phones(pairs: Sequence[tuple[str, float]], total_s: float) -> list[tuple[str, float, float]]:
    """Timing list from (CMU radio phone, end_s) pairs; the last phone is made to end at total_s.

    The diphone voices cut the closing pause short (kal16 by 0.11 s), so the last phone may end
    after the audio; all others are where the times say.
    Raises SynthesisError for a phone outside the table or a time that does not fit the audio.
    """
    phones: list[tuple[str, float, float]] = []
    start_s = 0.0
    for name, end_s in pairs:
        if name not in phone_tables.CMU_RADIO_TO_ARPABET:
            raise SynthesisError(f"no ARPAbet phone for {name!r}")
        phones.append((phone_tables.CMU_RADIO_TO_ARPABET[name], start_s, end_s))
        start_s = end_s
    if not phones or not phones[-1][1] < total_s < phones[-1][2] + 0.05:
        raise SynthesisError(f"phones end at {start_s:.3f} s, audio at {total_s:.3f} s")
    phones[-1] = (*phones[-1][:2], total_s)
    return phones
