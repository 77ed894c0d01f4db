"""A bundle's networks for motion of other sizes, or with channels that it does not have yet."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from training.fitting.motion_statistics import set_motion_statistics
from training.models.denoiser import Denoiser, FreeBranch
from training.models.talker import Talker
from training.prepared.clips import ClipSet
from training.prepared.motion_space import MotionSpace, free_channels, sideways_channels

NEW_CHANNEL_INIT = 0.02  # deviation of the weights from and to a channel that is new


def for_motion_of(talker: Talker, own: MotionSpace, clips: ClipSet, tied_noise: float) -> Talker:
    """A talker with the channels and the statistics of the clips' motion that makes, in the channels that it had, the
    motion that `talker` makes. own: the motion of `talker`.   tied_noise: see TalkerConfig.
    Raises ValueError for clips that lack one of its channels."""
    motion = clips.info.motion
    missing = set(own.channels) - set(motion.channels)
    if missing:
        raise ValueError(f"the clips have no {sorted(missing)[0]}: prepare them with all channels of the bundle")
    denoiser = replace(talker.config.denoiser, n_channels=motion.n_channels, free=free_channels(motion))
    sideways = sideways_channels(motion) if talker.config.sideways else ()
    new = Talker(replace(talker.config, denoiser=denoiser, tied_noise=tied_noise, sideways=sideways))
    if talker.personaliser.styles is not None:
        new.personaliser.keep_styles(talker.personaliser.styles)
    kept = {k: v for k, v in talker.state_dict().items() if v.shape == new.state_dict().get(k, torch.empty(0)).shape}
    new.load_state_dict(new.state_dict() | kept)
    set_motion_statistics(new, clips)
    places = [motion.channels.index(c) for c in own.channels]
    # z_old = z_new * scale + shift, of the channels that both have.
    scale, shift = new.std[places] / talker.std, (new.mean[places] - talker.mean) / talker.std
    parts: list[tuple[Denoiser | FreeBranch, Denoiser | FreeBranch, Tensor]] = [
        (talker.denoiser, new.denoiser, talker.denoiser.tied_mask)
    ]
    if talker.denoiser.free is not None and new.denoiser.free is not None:
        parts.append((talker.denoiser.free, new.denoiser.free, talker.denoiser.free_mask))
    with torch.no_grad():
        for old, made, seen in parts:
            _take_input(old.motion_in, made.motion_in, places, scale, shift * seen)
            _take_output(old.out, made.out, places, scale, shift)
    return new


def _take_input(old: nn.Linear, new: nn.Linear, places: list[int], scale: Tensor, shift: Tensor) -> None:
    nn.init.normal_(new.weight, std=NEW_CHANNEL_INIT)
    new.weight[:, places] = old.weight[:, :-1] * scale
    new.weight[:, -1] = old.weight[:, -1]  # of the mask of known frames
    new.bias.copy_(old.bias + old.weight[:, :-1] @ shift)


def _take_output(old: nn.Linear, new: nn.Linear, places: list[int], scale: Tensor, shift: Tensor) -> None:
    nn.init.normal_(new.weight, std=NEW_CHANNEL_INIT)
    nn.init.zeros_(new.bias)
    new.weight[places] = old.weight / scale[:, None]
    new.bias[places] = (old.bias - shift) / scale
