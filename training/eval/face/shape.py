"""Whether the mouth takes the right shapes: correlation with tracked lips, and the shape of contacts."""

from __future__ import annotations

import numpy as np

from diffusiontalker.head import LIP_MEASURES
from training.eval.face.clip import Clip, around_speech, pairs
from training.eval.scores_speech import BILABIAL, pearson

AT_CONTACT = ("width", "upper", "lower", "chin")
_COLUMNS = [LIP_MEASURES.index(name) for name in AT_CONTACT]


def correlations(clips: list[Clip], real: list[Clip]) -> dict[str, float]:
    """r_NAME: mean over clips of the correlation with the tracked measure, from 0.1 s before the first phone to 0.1 s
    after the last."""
    values = []
    for ours, theirs in pairs(clips, real):
        inside = around_speech(theirs)
        if inside.sum() > 2:
            values.append(
                [pearson(a, b) for a, b in zip(ours.measures[inside].T, theirs.measures[inside].T, strict=True)]
            )
    if not values:
        return {}
    return {f"r_{name}": float(v) for name, v in zip(LIP_MEASURES, np.mean(values, axis=0), strict=True)}


def contact_shape(clips: list[Clip]) -> dict[str, float]:
    """bilabial_NAME: median over p/b/m of a measure at the phone's middle less that at the clip's rest, in
    outer-canthal distances. Width below 0: the lips narrow. Upper, lower and chin above 0: they come down."""
    found = [
        [np.interp((start + end) / 2, clip.times, clip.from_rest[:, k]) for k in _COLUMNS]
        for clip in clips
        if clip.from_rest is not None
        for name, start, end in clip.phones
        if name in BILABIAL
    ]
    if not found:
        return {}
    return {f"bilabial_{name}": float(v) for name, v in zip(AT_CONTACT, np.median(found, axis=0), strict=True)}
