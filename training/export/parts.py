"""The talker cut into the networks that the runtime runs apart (names and shapes: docs/bundle-format.md). Parameters
keep the talker's names, so that torch_student.py finds them again in the graphs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.models.personaliser import Personaliser
from training.models.talker import Talker


class _Part(nn.Module):
    def __init__(self, talker: Talker):
        super().__init__()
        self.encoder, self.denoiser, self.personaliser = talker.encoder, talker.denoiser, talker.personaliser


class AudioPart(_Part):
    """Once per window: log-mel [B, M, n_mels] -> audio [B, W, d_model], as the denoiser adds it to the motion."""

    def forward(self, mel: Tensor) -> Tensor:
        return self.denoiser.audio_in(self.encoder(mel))


class ConditionPart(_Part):
    """Once per style and step: style [B, S], t [B] -> condition [B, K]."""

    def forward(self, style: Tensor, t: Tensor) -> Tensor:
        return self.denoiser.condition(style, t)


class DenoisePart(_Part):
    """Once per step: x_t, known, audio, condition -> x0."""

    def forward(self, x_t: Tensor, known: Tensor, audio: Tensor, condition: Tensor) -> Tensor:
        return self.denoiser.denoise(x_t, known, audio, condition)


class StylePart(_Part):
    """Once per speaker: log-mel of speech [B, T, n_mels] -> styles [B, 1 + n_emotions, S]: with the mood of the speech
    itself, then with each emotion of the library."""

    emotions: Tensor

    def __init__(self, talker: Talker):
        super().__init__(talker)
        personaliser: Personaliser = talker.personaliser
        with torch.no_grad():
            self.register_buffer("emotions", personaliser.emotions.embeddings()[None].clone())

    def forward(self, mel: Tensor) -> Tensor:
        identity, mood = self.personaliser.encoder(mel)
        moods = torch.cat([mood[:, None], self.emotions.expand(mel.shape[0], -1, -1)], dim=1)
        identities = identity[:, None].expand(-1, moods.shape[1], -1)
        styles = self.personaliser.fusion(identities.flatten(0, 1), moods.flatten(0, 1))
        return styles.reshape(mel.shape[0], -1, styles.shape[-1])
