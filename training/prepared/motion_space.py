"""What the numbers of a motion are: blendshape weights, vertex offsets, or coefficients of a linear basis."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from diffusiontalker.spec.channels import ARKIT_CHANNELS, TIED_CHANNELS
from diffusiontalker.spec.mel import MelSpec
from diffusiontalker.spec.rates import FPS

MEL_HZ = MelSpec().sample_rate_hz // MelSpec().hop_length
KINDS = ("blendshapes", "vertices", "coefficients")

SIDEWAYS_CHANNELS = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")


@dataclass(frozen=True)
class MotionSpace:
    """kind: blendshapes, weights 0..1; vertices, offsets from the speaker's template in metres (or the data set's own
    unit), channels in the order x, y, z of vertex 0, 1, ..; coefficients, of the basis in the clip folder's rig.npz.
    channels: one name per number; empty for vertices, whose names would be longer than the data."""

    kind: str
    n_channels: int
    channels: tuple[str, ...] = ()
    fps_num: int = FPS
    fps_den: int = 1

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"motion space {self.kind!r} is none of {', '.join(KINDS)}")
        if self.channels and len(self.channels) != self.n_channels:
            raise ValueError(f"{len(self.channels)} channel names for {self.n_channels} channels")

    @property
    def fps(self) -> float:
        return self.fps_num / self.fps_den

    @property
    def group(self) -> tuple[int, int]:
        """(mel frames, animation frames) of the shortest time that holds whole numbers of both, the first even because
        the audio encoder halves the mel rate: (10, 3) at 30 fps, (4, 1) at 25 fps."""
        mel, frames = MEL_HZ * self.fps_den, self.fps_num
        divisor = math.gcd(mel, frames)
        mel, frames = mel // divisor, frames // divisor
        return (2 * mel, 2 * frames) if mel % 2 else (mel, frames)

    def as_dict(self) -> dict:
        return asdict(self) | {"channels": list(self.channels)}

    @staticmethod
    def from_dict(values: dict) -> MotionSpace:
        return MotionSpace(**(values | {"channels": tuple(values["channels"])}))


def free_channels(motion: MotionSpace) -> tuple[int, ...]:
    """Channels that the branch of the denoiser makes: eyes, brows, cheeks, nose and head of ARKit faces."""
    if motion.kind != "blendshapes":
        return ()
    return tuple(i for i, name in enumerate(motion.channels) if name not in TIED_CHANNELS)


def sideways_channels(motion: MotionSpace) -> tuple[int, ...]:
    """Channels that move the whole mouth or jaw to one side."""
    return tuple(motion.channels.index(name) for name in SIDEWAYS_CHANNELS if name in motion.channels)


def is_face(motion: MotionSpace) -> bool:
    """Whether the motion is of ARKit's 52 channels, with or without a head pose behind them."""
    return motion.channels[: len(ARKIT_CHANNELS)] == ARKIT_CHANNELS
