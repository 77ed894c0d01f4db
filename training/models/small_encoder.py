"""The compact audio encoder with what only its training uses."""

from __future__ import annotations

from torch import nn

from training.models.audio_encoder import AudioEncoder
from training.prepared.clips import PHONE_NAMES


class SmallEncoder(nn.Module):
    """encoder: the compact one; phone_head: keeps it on what is said, only in training; denoiser: is trained along on
    the encoder's features, or None."""

    def __init__(self, encoder: AudioEncoder, d_model: int, denoiser: nn.Module | None = None):
        super().__init__()
        self.encoder = encoder
        self.phone_head = nn.Linear(d_model, len(PHONE_NAMES))
        self.denoiser = denoiser
