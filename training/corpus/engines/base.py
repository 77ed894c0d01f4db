"""What every text-to-speech engine gives: audio and the timing of its phones."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np


class EngineMissing(RuntimeError):
    """An engine or its data is not installed; the message says what to install."""


class SynthesisError(RuntimeError):
    """The engine is there but gave nothing usable for this text."""


@dataclass(frozen=True)
class Speech:
    """One spoken utterance.

    audio: float32 [n_samples], nominal -1..1, mono.   sample_rate: Hz.
    phones: list of (ARPAbet name, start_s, end_s), in order, from 0.0 to the end of the audio.
    """

    audio: np.ndarray
    sample_rate: int
    phones: list


class Engine(Protocol):
    """A text-to-speech engine. `name` and `voices` (tuple of str) are known before any speech."""

    name: str
    voices: tuple

    def speak(self, text: str, voice: str, speed: float, seed: int) -> Speech:
        """Speaks text; speed 1.0 is the voice's own pace, larger is faster.

        Raises SynthesisError when this text gives no usable speech.
        """
        ...
