"""The talker with what only training uses."""

from __future__ import annotations

from torch import nn

from training.models.talker import Talker, TalkerConfig
from training.models.upper_face import UpperFaceEnhancer
from training.prepared.clips import PHONE_NAMES


class TeacherModel(Talker):
    """The talker plus what only training uses: the phone classifier and the enhancer."""

    def __init__(self, config: TalkerConfig):
        super().__init__(config)
        self.phone_head = nn.Linear(config.encoder.d_model, len(PHONE_NAMES))
        free = config.denoiser.free
        self.enhancer = UpperFaceEnhancer(len(free), config.denoiser.d_identity) if free else None
