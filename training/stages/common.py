"""What teacher and student stages share: statistics of the motion, the loss, loading a trained talker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from diffusiontalker.head import load_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS, LIP_CHANNELS
from training.data.clips import ClipSet
from training.diffusion.losses import LipGap, LossWeights, MotionLoss
from training.loop.checkpoint import load_checkpoint, under_prefix
from training.models.talker import Talker, TalkerConfig

# Channels that hardly move would otherwise be blown up by the normalisation.
MIN_STD = 0.03


def set_motion_statistics(talker: Talker, clips: ClipSet) -> None:
    motion = np.concatenate([clips.clip_motion(c) for c in clips.of_split("train")[::3]]).astype(np.float32)
    talker.mean.copy_(torch.from_numpy(motion.mean(axis=0)))
    talker.std.copy_(torch.from_numpy(np.maximum(motion.std(axis=0), MIN_STD)))


def motion_loss(talker: Talker, weights: LossWeights) -> MotionLoss:
    channel = torch.tensor([1.0 if c in LIP_CHANNELS else weights.upper_face for c in ARKIT_CHANNELS])
    return MotionLoss(channel, LipGap(load_head(), talker.mean, talker.std), weights)


def load_talker(path: Path) -> tuple[Talker, dict]:
    """The averaged weights of a checkpoint, in evaluation mode, and what the checkpoint says about itself."""
    tensors, about = load_checkpoint(path)
    talker = Talker(TalkerConfig.from_dict(about["talker"]))
    weights = {k: v for k, v in under_prefix("ema", tensors).items() if k in talker.state_dict()}
    talker.load_state_dict(weights)
    return talker.eval(), about
