"""festival 2.5 with cmu_us_slt_arctic_hts (BSD-like): one American voice, 32 kHz.

A Scheme script synthesizes one text and prints the Segment relation: phone names and end times.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import soundfile

from training.corpus.engines.base import EngineMissing, Speech, SynthesisError
from training.corpus.engines.flite import radio_phones

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
        self._command = shutil.which("festival")
        if self._command is None or not VOICE_FOLDER.is_dir():
            raise EngineMissing(
                "festival: the command or its voice is missing; apt-get install festival "
                "festlex-cmu festlex-poslex festvox-us-slt-hts"
            )

    def speak(self, text, voice, speed, seed):
        """See Engine.speak; the voice has no noise input, so seed changes nothing."""
        if voice not in self.voices:
            raise ValueError(f"voice is {voice!r}, expected one of {self.voices}")
        quoted = text.replace("\\", " ").replace('"', " ")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "speech.wav"
            script = Path(folder) / "speak.scm"
            script.write_text(_SCRIPT.format(speed=speed, text=quoted, path=path), "ascii")
            result = subprocess.run(
                [self._command, "--batch", str(script)],
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            if result.returncode != 0 or not path.is_file():
                raise SynthesisError(f"festival ended with {result.returncode}")
            audio, sample_rate = soundfile.read(path, dtype="float32")
        pairs = [(name, float(end)) for name, end in _PHONE_END.findall(result.stdout)]
        return Speech(audio, sample_rate, radio_phones(pairs, len(audio) / sample_rate))
