"""flite 2.2: CMU voices slt, rms, awb (statistical) and kal16 (diphone), BSD-like licence.

`flite -psdur` prints each phone with its end time; the times agree with forced alignment within
the aligner's own noise.
"""

import re
import shutil
import tempfile
from pathlib import Path

from training.corpus.engines.base import EngineMissing
from training.corpus.engines.command import spoken

_PHONE_END = re.compile(r"(\S+?):(\d+\.\d+)")


class FliteEngine:
    """The flite command with its built-in voices; kal is left out because it is 8 kHz."""

    name = "flite"
    voices = ("awb", "kal16", "rms", "slt")

    def __init__(self):
        command = shutil.which("flite")
        if command is None:
            raise EngineMissing("flite: the command is missing; apt-get install flite")
        self._command = command

    def speak(self, text, voice, speed, seed):
        """See Engine.speak; flite has no noise input, so seed changes nothing."""
        if voice not in self.voices:
            raise ValueError(f"voice is {voice!r}, expected one of {self.voices}")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "speech.wav"
            words = ["-voice", voice, "-psdur", "--setf", f"duration_stretch={1.0 / speed:.4f}", "-t", text]
            return spoken([self._command, *words, "-o", str(path)], path, _PHONE_END)
