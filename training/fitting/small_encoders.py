"""Models for the encoder and halving stages: a talker, and an encoder, that take log-mel instead of features."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

from training.export.trained import trained_encoder
from training.models.audio_encoder import AudioEncoder
from training.models.small_encoder import SmallEncoder
from training.models.talker import Talker


def small_talker(teacher: Talker, path: Path | None = None) -> Talker:
    """The teacher with the compact encoder in place of the large one's adapter; path: checkpoint of this stage."""
    encoder = None if path is None else trained_encoder(path, teacher.config.encoder)
    config = teacher.config.encoder if encoder is None else encoder.config
    talker = Talker(replace(teacher.config, d_features=0, encoder=config))
    state = {k: v for k, v in teacher.state_dict().items() if not k.startswith("encoder.")}
    talker.load_state_dict(talker.state_dict() | state)
    if encoder is not None:
        talker.encoder = encoder
    return talker


def beginning(begun: Talker, train: str) -> SmallEncoder:
    """The model that begins as `begun`, with the parts to train: "encoder", "denoiser" or "both". Of a denoiser, the
    branch of eyes and brows stays: audio says little of them, and trained towards it they stopped to blink."""
    denoiser = None if train == "encoder" else copy.deepcopy(begun.denoiser).requires_grad_(True).train()
    if denoiser is not None and denoiser.free is not None:
        denoiser.free.requires_grad_(False)
    assert isinstance(begun.encoder, AudioEncoder)
    model = SmallEncoder(begun.encoder, begun.config.encoder.d_model, denoiser)
    model.encoder.requires_grad_(train != "denoiser").train(train != "denoiser")
    model.phone_head.requires_grad_(train != "denoiser")
    return model
