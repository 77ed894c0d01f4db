"""Hibari 0.2.1: one American voice in the wheel, 60 times faster than real time on one core.
Code and weights Apache-2.0 (PyPI hibari-tts), distilled from Kokoro af_heart.
"""

import json
import os

import numpy as np

from training.corpus.engines import misaki_timing
from training.corpus.engines.base import EngineMissing, Speech, SynthesisError

# Frames of 25 ms per token; an inner tensor that the graph does not export by itself.
DURATIONS_TENSOR = "/Cast_32_output_0"


class HibariEngine:
    """The voice that is bundled in the wheel; other Hibari voices are downloads and not used."""

    name = "hibari"
    voices = ("heart",)

    def __init__(self):
        try:
            import onnx
            import onnxruntime
            from hibari import dsp
            from hibari.g2p import ASSETS, G2P
        except ImportError as error:
            raise EngineMissing(f"hibari: {error.name} is missing; pip install hibari-tts onnx onnxruntime") from error
        self._dsp = dsp
        self._g2p = G2P()
        with open(os.path.join(ASSETS, "vocab.json"), encoding="utf-8") as file:
            self._vocabulary = json.load(file)
        model = onnx.load(os.path.join(ASSETS, "hibari.onnx"))
        model.graph.output.append(onnx.ValueInfoProto(name=DURATIONS_TENSOR))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

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
