"""The contrastive personaliser: libraries of identities and emotions, an audio encoder into the same spaces, and the
fusion of both into the personalised embedding that conditions the denoiser."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.models.library import EmbeddingLibrary
from training.models.style_encoder import StyleEncoder, StyleEncoderConfig


class CrossFusion(nn.Module):
    """identity [B, d_identity], emotion [B, d_emotion] -> style [B, d_style]. Each asks both (cross-attention
    of one query and two keys); the follow-up of the paper names cross-attention only, the form is ours."""

    def __init__(self, d_identity: int, d_emotion: int, d_style: int):
        super().__init__()
        self.identity_in, self.emotion_in = nn.Linear(d_identity, d_style), nn.Linear(d_emotion, d_style)
        self.query, self.key, self.value = (nn.Linear(d_style, d_style) for _ in range(3))
        self.out = nn.Sequential(nn.Linear(2 * d_style, 2 * d_style), nn.SiLU(), nn.Linear(2 * d_style, d_style))
        self.d_style = d_style

    def forward(self, identity: Tensor, emotion: Tensor) -> Tensor:
        tokens = torch.stack([self.identity_in(identity), self.emotion_in(emotion)], dim=1)  # [B, 2, d]
        score = self.query(tokens) @ self.key(tokens).transpose(1, 2) * self.d_style**-0.5
        mixed = tokens + score.softmax(dim=-1) @ self.value(tokens)
        return F.layer_norm(self.out(mixed.flatten(1)), (self.d_style,))


class Personaliser(nn.Module):
    """log_scale: learnable inverse temperature of the contrastive losses (as in CLIP, Radford et al., arXiv 2103.00020,
    capped at 100).   styles: None, or a bundle's table that stands for the library, see keep_styles."""

    styles: Tensor | None

    def __init__(self, config: StyleEncoderConfig, n_identities: int, n_emotions: int, d_style: int):
        super().__init__()
        self.encoder = StyleEncoder(config)
        self.identities = EmbeddingLibrary(n_identities, config.d_identity)
        self.emotions = EmbeddingLibrary(n_emotions, config.d_emotion)
        self.fusion = CrossFusion(config.d_identity, config.d_emotion, d_style)
        self.log_scale = nn.Parameter(torch.tensor(14.0).log())
        self.register_buffer("styles", None)

    def keep_styles(self, styles: Tensor) -> None:
        """From now on entries have these styles [n_identities, n_emotions, d_style]: a bundle holds them, and not the
        identities that they were made of."""
        self.styles = styles.clone()

    def scale(self) -> Tensor:
        return self.log_scale.exp().clamp(max=100.0)

    def style_at(self, identity: Tensor, emotion: Tensor, strength: Tensor) -> Tensor:
        """As style(), on the line from the neutral style (emotion 0) through the emotion's at strength 1; float [B]."""
        neutral = self.style(identity, torch.zeros_like(emotion))
        return torch.lerp(neutral, self.style(identity, emotion), strength[:, None].to(neutral.dtype))

    def style(self, identity: Tensor, emotion: Tensor) -> Tensor:
        """Of library entries: int64 [B], int64 [B] -> [B, d_style]."""
        if self.styles is not None:
            return self.styles[identity, emotion]
        return self.fusion(self.identities(identity), self.emotions(emotion))

    def style_of_speech(self, mel: Tensor) -> Tensor:
        """Continuous projection of unseen speakers: mel [B, T, n_mels] -> [B, d_style]."""
        return self.fusion(*self.encoder(mel))

    def in_every_emotion(self, identities: Tensor) -> Tensor:
        """Unit vectors [n, d_identity] -> styles [n, n_emotions, d_style]."""
        moods = self.emotions.embeddings()
        n, m = len(identities), len(moods)
        return self.fusion(identities.repeat_interleave(m, dim=0), moods.repeat(n, 1)).reshape(n, m, -1)

    def style_table(self) -> Tensor:
        """[n_identities, n_emotions, d_style]: the library in every emotion, for a bundle."""
        return self.in_every_emotion(self.identities.embeddings()) if self.styles is None else self.styles.clone()
