"""An animation fitted to what a format can hold."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from diffusiontalker.api.animation import Animation
from diffusiontalker.errors import InputError
from diffusiontalker.io.formats import Format
from diffusiontalker.spec.channels import CHANNEL_INDEX


def fitted(animation: Animation, wanted: Format, fps: Fraction | None = None) -> tuple[Animation, list[str]]:
    """(the animation at a frame rate and with the channels that a format holds, sentences on what is left out).
    fps: None keeps the rate, or takes the highest that keeps its speed in the programs that read the format.
    Raises InputError: the format does not hold this motion space, or none of its channels.
    """
    losses: list[str] = []
    if not wanted.fits(animation.space):
        raise InputError(f"{wanted.suffix} holds ARKit blendshapes, and this motion is of {animation.space}")
    rate = Fraction(animation.fps_num, animation.fps_den)
    if fps is None and wanted.rates is not None and rate not in wanted.rates:
        fps = max(wanted.rates)
        losses.append(
            f"{wanted.suffix} is written at {float(fps):g} frames a second, not {float(rate):g}, as programs read it "
            "so: --fps names another rate"
        )
    if fps is not None:
        animation = animation.resampled(fps.numerator, fps.denominator)
    if animation.space == "blendshapes" and wanted.channels:
        unheld = [c for c in animation.channels if c not in wanted.channels]
        if len(unheld) == len(animation.channels):
            raise InputError(f"{wanted.suffix} holds none of the {len(unheld)} channels, such as {unheld[0]}")
        if unheld:
            keep = [i for i, c in enumerate(animation.channels) if c in wanted.channels]
            names = tuple(animation.channels[i] for i in keep)
            animation = replace(animation, weights=np.asarray(animation.weights)[:, keep], channels=names)
            losses.append(
                f"{wanted.suffix} leaves out {len(unheld)} channels that it does not hold, {unheld[0]} among them"
            )
    moves = any(
        np.asarray(animation.weights)[:, i].any() for i, c in enumerate(animation.channels) if c in CHANNEL_INDEX
    )
    if wanted.channels == () and moves:
        losses.append(f"{wanted.suffix} holds the head pose only, and no blendshapes")
    if animation.head_pose is not None and not wanted.holds_pose:
        losses.append(f"{wanted.suffix} does not hold the head pose")
    return animation, losses
