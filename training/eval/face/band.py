"""Whether a telephone changes a person's style: distance of styles against that between people."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.eval.baselines import Animator

TELEPHONE_HZ = (300.0, 3400.0)
ENROL_S = 10.0


def telephone(audio: np.ndarray) -> np.ndarray:
    """The band that an analogue telephone passes, float32, by the spectrum. audio: float [n] at 16 kHz."""
    spectrum = np.fft.rfft(audio.astype(np.float64))
    hz = np.fft.rfftfreq(len(audio), 1 / SAMPLE_RATE_HZ)
    spectrum[(hz < TELEPHONE_HZ[0]) | (hz > TELEPHONE_HZ[1])] = 0
    return np.fft.irfft(spectrum, len(audio)).astype(np.float32)


def band_scores(animator: Animator, people: dict[str, list[np.ndarray]]) -> dict[str, float]:
    """telephone_distance: distance of the style enrolled from a person's telephone band to that from the whole band,
    mean over people, over the mean distance between the styles of two people.
    people: recordings at 16 kHz per person; those with less than 10 s are left out. {} below two people, or for an
    animator that cannot enrol."""
    enroll = getattr(animator, "enroll", None)
    joined = {name: np.concatenate(audio)[: int(ENROL_S * SAMPLE_RATE_HZ)] for name, audio in people.items()}
    speech = [a for a in joined.values() if len(a) == int(ENROL_S * SAMPLE_RATE_HZ)]
    if enroll is None or len(speech) < 2:
        return {}
    whole = [np.asarray(enroll(a)) for a in speech]
    narrow = [np.asarray(enroll(telephone(a))) for a in speech]
    within = np.mean([np.linalg.norm(a - b) for a, b in zip(whole, narrow, strict=True)])
    between = np.mean([np.linalg.norm(a - b) for a, b in combinations(whole, 2)])
    return {"telephone_distance": float(within / max(between, 1e-9)), "n_people": float(len(speech))}
