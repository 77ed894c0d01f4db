"""The statistics of the clips' motion, in a talker's buffers."""

from __future__ import annotations

import numpy as np
import torch

from diffusiontalker.spec.channels import HEAD_POSE_CHANNELS
from training.models.talker import Talker
from training.prepared.clips import ClipSet

# Channels that hardly move would otherwise be blown up by the normalisation: smallest deviation of blendshape weights,
# and smallest share of the median deviation in other spaces.
MIN_STD, MIN_STD_SHARE = 0.03, 0.1
POSE_MIN_STD, POSE_LIMIT = 0.01, 0.6  # of the head pose, radians
# How far beyond the training motion an unbounded space may go, in spans of that motion.
HEADROOM = 0.25
# Frames that the statistics look at: enough, and small enough for motion of many channels.
STATISTIC_FRAMES = 20000


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


def set_rest(model: Talker, clips: ClipSet) -> None:
    """The pose at rest: zero offset; in coefficients of a basis, what is nearest to it."""
    if clips.info.motion.kind == "coefficients":
        rig = np.load(clips.folders[0] / "rig.npz")
        model.rest.copy_(torch.from_numpy(-(rig["basis"] @ rig["mean"]).astype(np.float32)))
