"""The rules that made the training's ground truth, on the true phones of recordings: the ceiling of their pupils."""

from __future__ import annotations

import numpy as np

from diffusiontalker.spec.rates import FPS, SAMPLE_RATE_HZ
from training.articulation.generate import animate_phones
from training.articulation.phones import TARGETS
from training.articulation.style import TalkingStyle
from training.eval.baselines import frame_count
from training.eval.scores_speech import SILENCE, Phone

_UNKNOWN = "AH"  # stands for sounds that the alignment does not name


class RulesBaseline:
    """Animator of recordings whose phones are known, in their order; it cannot animate other sound."""

    needs_phones = True
    default_identity = ""
    emotions: tuple[str, ...] = ()

    def __init__(self, phones: list[list[Phone]], style: TalkingStyle | None = None, seed: int = 0):
        self.phones, self.style, self.seed = phones, style or TalkingStyle(), seed

    def __call__(
        self, audio: list[np.ndarray], identities: list[str], emotions: list[str] | None = None
    ) -> list[np.ndarray]:
        """Raises ValueError for another number of recordings than there are phones for."""
        if len(audio) != len(self.phones):
            raise ValueError(f"the rules have the phones of {len(self.phones)} recordings, not of {len(audio)}")
        return [
            animate_phones(
                contiguous(phones, len(samples) / SAMPLE_RATE_HZ), samples, SAMPLE_RATE_HZ,
                np.arange(frame_count(samples)) / FPS, self.style, self.seed + k,
            )
            for k, (phones, samples) in enumerate(zip(self.phones, audio, strict=True))
        ]  # fmt: skip


def contiguous(phones: list[Phone], duration_s: float) -> list[Phone]:
    """Phones without gaps from 0 to the end, silence where there was none, names that the rules know."""
    out: list[Phone] = []
    at = 0.0
    for name, start, end in phones:
        if start > at + 1e-6:
            out.append((SILENCE, at, start))
        if end > at:
            out.append((name if name in TARGETS else _UNKNOWN, max(start, at), end))
            at = end
    return [*out, (SILENCE, at, duration_s)] if duration_s > at + 1e-6 else out
