"""Encoder, denoiser and identity library together, and what a checkpoint needs to rebuild them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import torch
from torch import Tensor, nn

from training.models.audio_encoder import AudioEncoder, AudioEncoderConfig
from training.models.denoiser import Denoiser, DenoiserConfig
from training.models.identity import IdentityLibrary


@dataclass(frozen=True)
class TalkerConfig:
    encoder: AudioEncoderConfig = field(default_factory=AudioEncoderConfig)
    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)
    n_identities: int = 8

    def as_dict(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_dict(values: dict) -> TalkerConfig:
        return TalkerConfig(
            AudioEncoderConfig(**values["encoder"]), DenoiserConfig(**values["denoiser"]), values["n_identities"]
        )


class Talker(nn.Module):
    """mean, std: [C] of the motion; networks see z = (w - mean) / std, clamped to what weights 0..1 allow."""

    def __init__(self, config: TalkerConfig):
        super().__init__()
        self.config = config
        self.encoder = AudioEncoder(config.encoder)
        self.denoiser = Denoiser(config.denoiser)
        self.identities = IdentityLibrary(config.n_identities, config.denoiser.d_identity)
        self.register_buffer("mean", torch.zeros(config.denoiser.n_channels))
        self.register_buffer("std", torch.ones(config.denoiser.n_channels))

    @property
    def noise_scale(self) -> Tensor:
        """[C]: what multiplies the sampler's noise. Where a free branch exists, the channels that speech moves start
        from the mean of the noise: they come out nearer to the truth, and do not change with the seed."""
        return self.denoiser.free_mask if self.config.denoiser.free else torch.ones_like(self.mean)

    def normalise(self, weights: Tensor) -> Tensor:
        return (weights - self.mean) / self.std

    def denormalise(self, z: Tensor) -> Tensor:
        return z * self.std + self.mean

    def clamp(self, x0: Tensor) -> Tensor:
        return torch.maximum(torch.minimum(x0, (1 - self.mean) / self.std), -self.mean / self.std)
