"""OpenFaceFX as a baseline: visemes by rule from phones, text or loudness, and its own ARKit table (MIT).

`pip install --target FOLDER/python openfacefx==0.24.0`: pure Python, nothing of it is part of this project."""

from __future__ import annotations

import importlib
import sys
import tempfile
import wave
from pathlib import Path
from types import ModuleType

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX
from diffusiontalker.spec.rates import FPS, SAMPLE_RATE_HZ
from training.eval.baselines import frame_count
from training.eval.recordings import Recording
from training.eval.rules_baseline import contiguous
from training.eval.scores_speech import SILENCE

VERSION = "0.24.0"


class OpenFaceFx:
    """Animator. source: "phones" with their times, "text" spread over the recording, or "loudness".
    Raises ValueError with what to install, and for a recording without words in "text"."""

    default_identity = ""

    def __init__(self, folder: Path, source: str, recordings: list[Recording]):
        self.package, self.source, self.recordings = _load(Path(folder) / "python"), source, recordings
        self.needs_phones = source != "loudness"
        if source == "text" and not all(r.text for r in recordings):
            raise ValueError("the words of the recordings are not known")

    def __call__(self, audio, identities, emotions=None):
        known = self.recordings if self.needs_phones else [None] * len(audio)
        return [self._weights(samples, recording) for samples, recording in zip(audio, known, strict=True)]

    def _weights(self, audio: np.ndarray, recording: Recording | None) -> np.ndarray:
        ofx, duration = self.package, len(audio) / SAMPLE_RATE_HZ
        if recording is None:
            with tempfile.NamedTemporaryFile(suffix=".wav") as file:
                _write_wave(Path(file.name), audio)
                track = ofx.generate_from_energy(file.name)
        elif self.source == "phones":
            phones = contiguous(recording.phones, duration)
            names = [("sil" if name == SILENCE else name, start, end) for name, start, end in phones]
            track = ofx.generate_from_alignment([ofx.PhonemeSegment(*p) for p in names])
        else:
            track = ofx.generate_naive(recording.text, duration)
        weights = np.zeros((frame_count(audio), len(ARKIT_CHANNELS)))
        times = np.arange(len(weights)) / FPS
        for channel in ofx.retarget(track, ofx.PRESETS["arkit"]).channels:
            if channel.keys:
                at, values = [k.time for k in channel.keys], [k.value for k in channel.keys]
                weights[:, CHANNEL_INDEX[channel.name]] = np.interp(times, at, values)
        return weights


def _load(place: Path) -> ModuleType:
    if not (place / "openfacefx").is_dir():
        raise ValueError(f"its package is missing: pip install --target {place} openfacefx=={VERSION}")
    sys.path.insert(0, str(place))
    try:
        return importlib.import_module("openfacefx")
    finally:
        sys.path.remove(str(place))


def _write_wave(path: Path, audio: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes())
