"""Hibari 0.2.1: one American voice in the wheel, 60 times faster than real time on one core.
Code and weights Apache-2.0 (PyPI hibari-tts), distilled from Kokoro af_heart.
"""

import numpy as np

from training.corpus.engines import misaki_timing
from training.corpus.engines.base import Speech, SynthesisError
from training.corpus.engines.hibari_graphs import hibari_g2p, open_session, vocabulary

# Frames of 25 ms per token; an inner tensor that the graph does not export by itself.
DURATIONS_TENSOR = "/Cast_32_output_0"


class HibariEngine:
    """The voice that is bundled in the wheel; other Hibari voices are downloads and not used."""

    name = "hibari"
    voices = ("heart",)

    def __init__(self):
        g2p, assets = hibari_g2p(self.name)
        from hibari import dsp

        self._dsp, self._g2p = dsp, g2p()
        self._vocabulary = vocabulary(assets)
        self._session = open_session(assets / "hibari.onnx", DURATIONS_TENSOR)

    def speak(self, text, voice, speed, seed):
        """See Engine.speak; seed draws the noise part of the waveform."""
        if voice not in self.voices:
            raise ValueError(f"voice is {voice!r}, expected one of {self.voices}")
        tokens = [token for token in self._g2p(text) if token in self._vocabulary]
        if not tokens:
            raise SynthesisError("the text has no phones")
        ids = [0, *(self._vocabulary[token] for token in tokens), 0]
        *spectra, durations = self._session.run(
            None,
            {"ids": np.asarray([ids], np.int64), "speed": np.asarray([speed], np.float32)},
        )
        parts = [part[0] for part in spectra]
        audio = self._dsp.synth(*parts, np.random.default_rng(seed))
        audio = np.asarray(audio, np.float32)
        phones = misaki_timing.phones_from_durations(tokens, durations, audio)
        return Speech(audio, misaki_timing.SAMPLE_RATE, phones)
