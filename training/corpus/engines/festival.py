"""festival 2.5 with cmu_us_slt_arctic_hts (BSD-like): one American voice, 32 kHz.

A Scheme script synthesizes one text and prints the Segment relation: phone names and end times.
"""

import re
import shutil
import tempfile
from pathlib import Path

from training.corpus.engines.base import EngineMissing
from training.corpus.engines.command import spoken

VOICE_FOLDER = Path("/usr/share/festival/voices/us/cmu_us_slt_arctic_hts")
# "-r" is hts_engine's speech rate: 1.0 is the voice's own pace, larger is faster.
_SCRIPT = """
(voice_cmu_us_slt_arctic_hts)
(set! hts_engine_params (cons (list "-r" {speed:.4f}) hts_engine_params))
(set! spoken (utt.synth (eval (list 'Utterance 'Text "{text}"))))
(utt.save.wave spoken "{path}" 'riff)
(mapcar
 (lambda (segment)
   (format t "PHONE %s %s\\n" (item.name segment) (item.feat segment "end")))
 (utt.relation.items spoken 'Segment))
"""
_PHONE_END = re.compile(r"^PHONE (\S+) (\S+)$", re.MULTILINE)


class FestivalEngine:
    """The festival command; one process per utterance (0.4 s)."""

    name = "festival"
    voices = ("slt_hts",)

    def __init__(self):
        command = shutil.which("festival")
        if command is None or not VOICE_FOLDER.is_dir():
            raise EngineMissing(
                "festival: the command or its voice is missing; apt-get install festival "
                "festlex-cmu festlex-poslex festvox-us-slt-hts"
            )
        self._command = command

    def speak(self, text, voice, speed, seed):
        """See Engine.speak; the voice has no noise input, so seed changes nothing."""
        if voice not in self.voices:
            raise ValueError(f"voice is {voice!r}, expected one of {self.voices}")
        quoted = text.replace("\\", " ").replace('"', " ")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "speech.wav"
            script = Path(folder) / "speak.scm"
            script.write_text(_SCRIPT.format(speed=speed, text=quoted, path=path), "ascii")
            return spoken([self._command, "--batch", str(script)], path, _PHONE_END)
