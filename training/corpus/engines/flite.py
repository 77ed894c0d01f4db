"""flite 2.2: CMU voices slt, rms, awb (statistical) and kal16 (diphone), BSD-like licence.

`flite -psdur` prints each phone with its end time; the times agree with forced alignment within
the aligner's own noise.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import soundfile

from training.corpus import phones as phone_tables
from training.corpus.engines.base import EngineMissing, Speech, SynthesisError

_PHONE_END = re.compile(r"(\S+?):(\d+\.\d+)")


def radio_phones(pairs, total_s):
    """Timing list from (CMU radio phone, end_s) pairs; the last phone is made to end at total_s.

    The diphone voices cut the closing pause short (kal16 by 0.11 s), so the last phone may end
    after the audio; all others are where the times say.
    Raises SynthesisError for a phone outside the table or a time that does not fit the audio.
    """
    phones, start_s = [], 0.0
    for name, end_s in pairs:
        if name not in phone_tables.CMU_RADIO_TO_ARPABET:
            raise SynthesisError(f"no ARPAbet phone for {name!r}")
        phones.append((phone_tables.CMU_RADIO_TO_ARPABET[name], start_s, end_s))
        start_s = end_s
    if not phones or not phones[-1][1] < total_s < phones[-1][2] + 0.05:
        raise SynthesisError(f"phones end at {start_s:.3f} s, audio at {total_s:.3f} s")
    phones[-1] = (*phones[-1][:2], total_s)
    return phones


class FliteEngine:
    """The flite command with its built-in voices; kal is left out because it is 8 kHz."""

    name = "flite"
    voices = ("awb", "kal16", "rms", "slt")

    def __init__(self):
        self._command = shutil.which("flite")
        if self._command is None:
            raise EngineMissing("flite: the command is missing; apt-get install flite")

    def speak(self, text, voice, speed, seed):
        """See Engine.speak; flite has no noise input, so seed changes nothing."""
        if voice not in self.voices:
            raise ValueError(f"voice is {voice!r}, expected one of {self.voices}")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "speech.wav"
            result = subprocess.run(
                [self._command, "-voice", voice, "-psdur", "--setf",
                 f"duration_stretch={1.0 / speed:.4f}", "-t", text, "-o", str(path)],
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            if result.returncode != 0 or not path.is_file():
                raise SynthesisError(f"flite ended with {result.returncode}")
            audio, sample_rate = soundfile.read(path, dtype="float32")
        pairs = [(name, float(end)) for name, end in _PHONE_END.findall(result.stdout)]
        return Speech(audio, sample_rate, radio_phones(pairs, len(audio) / sample_rate))
