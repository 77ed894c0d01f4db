"""An animation at another frame rate."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from diffusiontalker.errors import InputError

MIN_FPS, MAX_FPS = Fraction(1, 10), Fraction(1000)


def resampled(animation, fps_num: int, fps_den: int = 1):
    """See Animation.resampled(). Times are fractions, so that no error adds up over a long recording."""
    rate, old = _rate(fps_num, fps_den), Fraction(animation.fps_num, animation.fps_den)
    if rate == old or animation.n_frames == 0:
        return replace(animation, fps_num=rate.numerator, fps_den=rate.denominator)
    weights = np.asarray(animation.weights, np.float32)
    n = max(1, round(animation.n_frames * rate / old))
    # Frame k is at place k * old / rate of the old frames: whole part and rest, in integers.
    ratio = old / rate
    places = np.arange(n, dtype=np.int64) * ratio.numerator
    whole = np.minimum(places // ratio.denominator, len(weights) - 1)
    after = np.minimum(whole + 1, len(weights) - 1)
    share = (places % ratio.denominator / ratio.denominator).astype(np.float64)
    new = _between(weights, whole, after, share)
    pose = animation.head_pose
    if animation.space == "blendshapes":
        _keep_closed(animation, weights, new, ratio)
    return replace(
        animation,
        weights=new,
        fps_num=rate.numerator,
        fps_den=rate.denominator,
        head_pose=None if pose is None else _between(np.asarray(pose, np.float32), whole, after, share),
    )


def _rate(fps_num: int, fps_den: int) -> Fraction:
    if fps_num < 1 or fps_den < 1 or not MIN_FPS <= Fraction(fps_num, fps_den) <= MAX_FPS:
        raise InputError(
            f"{fps_num}/{fps_den} frames a second cannot be used: name a rate of {float(MIN_FPS):g}..{float(MAX_FPS):g}"
        )
    return Fraction(fps_num, fps_den)


def _between(values: np.ndarray, whole: np.ndarray, after: np.ndarray, share: np.ndarray) -> np.ndarray:
    """float32 [n, C]: the straight line from row `whole` to row `after`; a share of 0 gives the row itself, bit by bit.
    In blocks, so that long recordings need no float64 copy."""
    out = values[whole]
    for i in range(0, len(whole), 4096):
        part = slice(i, i + 4096)
        u = share[part, None]
        line = (1 - u) * values[whole[part]] + u * values[after[part]]
        out[part] = np.where(u == 0, out[part], line.astype(np.float32))
    return out


def _keep_closed(animation, old: np.ndarray, new: np.ndarray, ratio: Fraction) -> None:
    """Where the lips close in old frames and no new frame lies within that time, the nearest new frame takes the mouth
    of the old frame that is closed most: a p, b or m of one frame stays seen. ratio: old frames in one new frame."""
    from diffusiontalker.head import CLOSED_LIP_OPENING, in_head_order, lip_opening, load_head
    from diffusiontalker.spec.channels import ARKIT_CHANNELS, TIED_CHANNELS

    head = load_head()
    known = [i for i, c in enumerate(animation.channels) if c in ARKIT_CHANNELS]
    lips = [i for i, c in enumerate(animation.channels) if c in TIED_CHANNELS]
    if not lips:
        return
    names = [animation.channels[i] for i in known]
    opening = np.concatenate([
        lip_opening(head, in_head_order(head, names, old[i : i + 4096, known])) for i in range(0, len(old), 4096)
    ])  # fmt: skip
    closed = opening < CLOSED_LIP_OPENING
    edges = np.diff(np.r_[False, closed, False].astype(np.int8))
    for first, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        last = end - 1
        # The first new frame at or after the first closed one: within the time or not.
        if -(-int(first) * ratio.denominator // ratio.numerator) * ratio <= int(last):
            continue
        tightest = int(first) + int(opening[first:end].argmin())
        nearest = min(len(new) - 1, round(tightest / ratio))
        new[nearest, lips] = old[tightest, lips]
