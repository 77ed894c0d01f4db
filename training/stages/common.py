"""What the stages share: statistics of the motion, the loss, noised windows, loading a trained talker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from diffusiontalker.head import load_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS, HEAD_POSE_CHANNELS, TIED_CHANNELS
from training.data.windows import Batch
from training.diffusion.losses import Lips, LossWeights, MotionLoss
from training.diffusion.schedule import Schedule
from training.models.talker import Talker
from training.prepared.clips import ClipSet
from training.prepared.motion_space import MotionSpace

# Channels that hardly move would otherwise be blown up by the normalisation: smallest deviation of blendshape weights,
# and smallest share of the median deviation in other spaces.
MIN_STD, MIN_STD_SHARE = 0.03, 0.1
POSE_MIN_STD, POSE_LIMIT = 0.01, 0.6  # of the head pose, radians
# How far beyond the training motion an unbounded space may go, in spans of that motion.
HEADROOM = 0.25
# At run time the past frames are the model's own, slightly wrong; noise on the true ones prepares for that.
PAST_NOISE = 0.15
# Frames that the statistics look at: enough, and small enough for motion of many channels.
STATISTIC_FRAMES = 20000


def free_channels(motion: MotionSpace) -> tuple[int, ...]:
    """Channels that the branch of the denoiser makes: eyes, brows, cheeks, nose and head of ARKit faces."""
    if motion.kind != "blendshapes":
        return ()
    return tuple(i for i, name in enumerate(motion.channels) if name not in TIED_CHANNELS)


def is_face(motion: MotionSpace) -> bool:
    """Whether the motion is of ARKit's 52 channels, with or without a head pose behind them."""
    return motion.channels[: len(ARKIT_CHANNELS)] == ARKIT_CHANNELS


def set_motion_statistics(talker: Talker, clips: ClipSet) -> None:
    pool = clips.of_split("train")
    stride = max(1, sum(c.n_frames for c in pool) // STATISTIC_FRAMES)
    motion = np.concatenate([clips.clip_motion(c)[i % stride :: stride] for i, c in enumerate(pool)]).astype(np.float32)
    std = motion.std(axis=0)
    blendshapes = clips.info.motion.kind == "blendshapes"
    pose = [i for i, name in enumerate(clips.info.motion.channels) if name in HEAD_POSE_CHANNELS]
    floor = np.full(len(std), MIN_STD if blendshapes else max(MIN_STD_SHARE * float(np.median(std)), 1e-9))
    floor[pose] = POSE_MIN_STD
    talker.low[pose], talker.high[pose] = -POSE_LIMIT, POSE_LIMIT
    talker.mean.copy_(torch.from_numpy(motion.mean(axis=0)))
    talker.std.copy_(torch.from_numpy(np.maximum(std, floor)))
    if blendshapes:
        return
    low, high = motion.min(axis=0), motion.max(axis=0)
    span = np.maximum(high - low, floor)
    talker.low.copy_(torch.from_numpy(low - HEADROOM * span))
    talker.high.copy_(torch.from_numpy(high + HEADROOM * span))


def motion_loss(talker: Talker, motion: MotionSpace, weights: LossWeights) -> MotionLoss:
    """With the lip terms only where the channels are ARKit's."""
    free = set(free_channels(motion))
    channel = torch.tensor([weights.upper_face if i in free else 1.0 for i in range(motion.n_channels)])
    lips = Lips(load_head(), talker.mean, talker.std) if is_face(motion) else None
    return MotionLoss(channel, lips, weights)


def check_library(path: Path, identities: Sequence[str], emotions: Sequence[str], clips: ClipSet) -> None:
    """Raises ValueError where what `path` holds has other identities or emotions than the clips."""
    if list(identities) != list(clips.info.identities) or list(emotions) != list(clips.info.emotions):
        raise ValueError(f"{path} knows other identities or emotions than the clips: prepare clips with its own")


def known_frames(n: int, width: int, past: int, device: torch.device) -> Tensor:
    """[n, width, 1]: 1 on the first `past` frames."""
    return (torch.arange(width, device=device) < past).float()[None, :, None].expand(n, width, 1)


@dataclass
class Noised:
    """x_t: noised new frames, nearly clean past. x0: clean. t: int64 [B]."""

    x_t: Tensor
    x0: Tensor
    t: Tensor


def noised(
    talker: Talker,
    schedule: Schedule,
    batch: Batch,
    n_global: int,
    rows: slice,
    stride: int,
    seed: int,
    first_step: float = 0.0,
) -> Noised:
    """Noise and timesteps of a step's batch: drawn for the whole global batch, so that they do not depend on how many
    processes share it. stride: timesteps are its multiples up to n_train_steps. first_step: share of windows that are
    at the sampler's first step, in the noise that it starts from; that step decides from the audio how the lips move,
    as they start from no noise (Talker.noise_scale), and later ones see in x_t what it decided."""
    generator = torch.Generator().manual_seed(seed)
    x0 = talker.normalise(batch.motion)
    shape = (n_global, *x0.shape[1:])
    noise = torch.randn(shape, generator=generator)[rows].to(x0.device)
    past_noise = torch.randn(shape, generator=generator)[rows].to(x0.device)
    n_choices = schedule.n_train_steps // stride
    t = stride * torch.randint(1, n_choices + 1, (n_global,), generator=generator)[rows].to(x0.device)
    spread = PAST_NOISE * torch.rand(n_global, 1, 1, generator=generator)[rows].to(x0.device)
    first = (torch.rand(n_global, generator=generator) < first_step)[rows].to(x0.device)
    t = torch.where(first, schedule.n_train_steps, t)
    noise = torch.where(first[:, None, None], noise * talker.noise_scale, noise)
    x_t = torch.where(batch.known > 0, x0 + spread * past_noise, schedule.add_noise(x0, noise, t))
    return Noised(x_t, x0, t)
