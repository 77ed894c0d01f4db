"""Embeddings of who speaks, by a checkpoint's style encoder or by what a bundle enrols."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from diffusiontalker.spec.mel import MelSpec, log_mel
from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.eval.animators import neutral_of
from training.export.trained import load_talker
from training.models.personaliser import Personaliser


class Speakers(Protocol):
    """library: unit vectors [n_identities, d]."""

    library: Tensor

    def __call__(self, pieces: list[np.ndarray]) -> Tensor:
        """Unit vectors [n, d] of pieces of one length, 16 kHz."""
        ...


class EncodedSpeakers:
    """The talking identity that the personaliser makes of speech, without an emotion. library: default its own"""

    def __init__(self, personaliser: Personaliser, library: Tensor | None = None):
        self.personaliser = personaliser
        self.library = personaliser.identities.embeddings().detach() if library is None else library

    @torch.no_grad()
    def __call__(self, pieces: list[np.ndarray]) -> Tensor:
        mel = np.stack([log_mel(p, MelSpec()) for p in pieces]).astype(np.float32)
        return torch.cat([self.personaliser.encoder(m[None])[0] for m in torch.from_numpy(mel)])


class BundleSpeakers:
    """The styles that the runtime enrols and those of the bundle's identities, all without an emotion."""

    def __init__(self, bundle: Path):
        import diffusiontalker as dt

        self.model = dt.load(str(Path(bundle).resolve()))
        self.emotion = neutral_of(self.model.emotions) if len(self.model.emotions) > 1 else None
        self.library = self._unit([self.model.style(name, self.emotion) for name in self.model.identities])

    def __call__(self, pieces: list[np.ndarray]) -> Tensor:
        return self._unit([self.model.enroll(p, SAMPLE_RATE_HZ, emotion=self.emotion) for p in pieces])

    @staticmethod
    def _unit(styles: list[np.ndarray]) -> Tensor:
        return F.normalize(torch.from_numpy(np.stack(styles)), dim=-1)


def open_speakers(model: Path) -> Speakers:
    """Of a bundle folder or a checkpoint. Raises ValueError for a checkpoint that began with a bundle: what its
    identities were made of is not known."""
    if model.is_dir():
        return BundleSpeakers(model)
    talker, _ = load_talker(model)
    if talker.personaliser.styles is not None:
        raise ValueError(f"{model} began with a bundle and has its identities' styles only: export it and score that")
    return EncodedSpeakers(talker.personaliser)
