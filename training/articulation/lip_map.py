"""Where real lips are while a phone is said: a linear map from the phones around a moment to six measures of the mouth.

Form: for every lag and phone the share of a short box at that lag which the phone covers, times a coefficient per
measure, summed; coarticulation and anticipation are in the coefficients. They are least squares on tracked lips of one
speaker of the GRID corpus (Cooke, Barker, Cunningham & Shao 2006, CC BY 4.0), with a ridge towards what the dominance
rules of coarticulation.py say, which fills in the phones that his sentences lack (fit_lip_map.py)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from diffusiontalker.head.measures import LIP_MEASURES
from training.articulation.phones import Phone

BOX_S = 0.04  # a frame of the video that the map was fitted to
LAGS_S = tuple(round(0.04 * k, 2) for k in range(-5, 9))  # real mouths open up to 0.3 s before the first sound
FILE = Path(__file__).with_name("lip_map.npz")


@dataclass(frozen=True)
class LipMap:
    """coefficients: float32 [n_lags, n_phones, 6], of LAGS_S, `phones` and LIP_MEASURES."""

    phones: tuple[str, ...]
    coefficients: np.ndarray

    def __call__(self, phones: list[Phone], times: np.ndarray) -> np.ndarray:
        """LIP_MEASURES float64 [n, 6] at `times` [n] seconds of an utterance: the opening, and changes of the others
        from rest. What no phone covers is silence."""
        shares = phone_shares(phones, times, self.phones)
        return shares.reshape(len(times), -1) @ self.coefficients.reshape(-1, len(LIP_MEASURES)).astype(np.float64)


def phone_shares(phones: list[Phone], times: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Share of a box of BOX_S around times + lag that each phone covers, float64 [n, n_lags, n_phones], 0..1; what
    nothing covers is SIL."""
    centres = np.asarray(times)[:, None] + np.array(LAGS_S)
    out = np.zeros((*centres.shape, len(names)))
    for name, start, end in phones:
        if name != "SIL":
            covered = np.minimum(centres + BOX_S / 2, end) - np.maximum(centres - BOX_S / 2, start)
            out[..., names.index(name)] += np.maximum(covered, 0) / BOX_S
    out[..., names.index("SIL")] = np.maximum(1 - out.sum(axis=-1), 0)
    return out


@lru_cache(maxsize=1)
def load_lip_map() -> LipMap:
    with np.load(FILE, allow_pickle=False) as data:
        return LipMap(tuple(map(str, data["phones"])), data["coefficients"].astype(np.float32))
