"""Audio encoder, personaliser and denoiser together, and what a checkpoint needs to rebuild them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import torch
from torch import Tensor, nn

from training.models.audio_encoder import AudioEncoder, AudioEncoderConfig
from training.models.denoiser import Denoiser, DenoiserConfig
from training.models.feature_adapter import FeatureAdapter
from training.models.personaliser import Personaliser
from training.models.style_encoder import StyleEncoderConfig

SIDE_NOISE = 0.9  # below 1, which in a bundle marks the channels of the free branch


@dataclass(frozen=True)
class TalkerConfig:
    """d_features > 0: conditioned on cached features of a large encoder, that wide, instead of the compact encoder."""

    encoder: AudioEncoderConfig = field(default_factory=AudioEncoderConfig)
    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)
    style: StyleEncoderConfig = field(default_factory=StyleEncoderConfig)
    n_identities: int = 12
    n_emotions: int = 5
    d_features: int = 0
    # What multiplies the noise of channels that the free branch does not make, below 1 where there is such a branch.
    tied_noise: float = 0.0
    # Those of them that start from SIDE_NOISE: what moves mouth and jaw to one side. From their noise the trunk draws
    # the drift of the sides.
    sideways: tuple[int, ...] = ()

    def as_dict(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_dict(values: dict) -> TalkerConfig:
        parts = {"encoder": AudioEncoderConfig, "denoiser": DenoiserConfig, "style": StyleEncoderConfig}
        return TalkerConfig(**(values | {name: kind(**values[name]) for name, kind in parts.items()}))


class Talker(nn.Module):
    """Networks see z = (motion - mean) / std, with x0 clamped to what low..high [C] allow; rest: [C], of the pose."""

    mean: Tensor
    std: Tensor
    low: Tensor
    high: Tensor
    rest: Tensor

    def __init__(self, config: TalkerConfig):
        super().__init__()
        self.config = config
        n = config.denoiser.n_channels
        if config.d_features:
            self.encoder: nn.Module = FeatureAdapter(config.d_features, config.encoder)
        else:
            self.encoder = AudioEncoder(config.encoder)
        self.denoiser = Denoiser(config.denoiser)
        self.personaliser = Personaliser(
            config.style, config.n_identities, config.n_emotions, config.denoiser.d_identity
        )
        self.register_buffer("mean", torch.zeros(n))
        self.register_buffer("std", torch.ones(n))
        self.register_buffer("low", torch.zeros(n))
        self.register_buffer("high", torch.ones(n))
        self.register_buffer("rest", torch.zeros(n))

    @property
    def noise_scale(self) -> Tensor:
        """[C]: what multiplies the sampler's noise. Where a free branch exists, the channels that speech moves start
        nearer to the mean of the noise, or at it: they come out nearer to the truth, and change less with the seed."""
        if not self.config.denoiser.free:
            return torch.ones_like(self.mean)
        scale = self.denoiser.free_mask + self.config.tied_noise * self.denoiser.tied_mask
        scale[list(self.config.sideways)] = SIDE_NOISE
        return scale

    def normalise(self, motion: Tensor) -> Tensor:
        return (motion - self.mean) / self.std

    def denormalise(self, z: Tensor) -> Tensor:
        return torch.maximum(torch.minimum(z * self.std + self.mean, self.high), self.low)

    def clamp(self, x0: Tensor) -> Tensor:
        return torch.maximum(torch.minimum(x0, (self.high - self.mean) / self.std), (self.low - self.mean) / self.std)
