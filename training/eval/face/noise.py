"""Other voices in the background: babble of other recordings, mixed in at a known level."""

from __future__ import annotations

import numpy as np

from diffusiontalker.head import CLOSED_LIP_OPENING, lip_opening, load_head
from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.eval.baselines import Animator
from training.eval.face.animate import run
from training.eval.scores_speech import pearson

VOICES = 6
SIGNAL_TO_BABBLE_DB, ALONE_DBFS = 5.0, -26.0
_ALONE_S, _SETTLE_S = 20.0, 1.0


def babble(audio: list[np.ndarray], n_samples: int, leave_out: int | None = None, seed: int = 0) -> np.ndarray:
    """VOICES voices at once, float32 [n_samples], root mean square 1. audio: recordings; each voice is all of them but
    `leave_out` from another place on, every one as loud as the rest."""
    loud = [
        a / max(float(np.sqrt((a.astype(np.float64) ** 2).mean())), 1e-6) for k, a in enumerate(audio) if k != leave_out
    ]
    rng, total = np.random.default_rng(seed), np.zeros(n_samples)
    for _ in range(VOICES):
        order = rng.permutation(len(loud))
        voice = np.concatenate([loud[k] for k in order])
        start = int(rng.integers(len(voice)))
        total += np.resize(np.roll(voice, -start), n_samples)
    return (total / max(float(np.sqrt((total**2).mean())), 1e-9)).astype(np.float32)


def mix(speech: np.ndarray, other: np.ndarray, ratio_db: float) -> np.ndarray:
    """Speech with another sound under it, float32. The speech's level is that of its loud half."""
    level = np.sqrt(np.percentile(_powers(speech), 50))
    return (speech + other * level * 10 ** (-ratio_db / 20)).astype(np.float32)


def noise_scores(animator: Animator, audio: list[np.ndarray], clean: list[np.ndarray]) -> dict[str, float]:
    """babble_r: correlation of the lip opening in babble at 5 dB with that of the clean sound, mean over clips.
    babble_rest: share of frames with closed lips in babble alone at -26 dBFS, after the first second.
    audio: float32 at 16 kHz, two recordings or more.   clean: what the animator made of them, weights [n, 52] each."""
    if len(audio) < 2:
        return {}
    head = load_head()
    noisy = [mix(a, babble(audio, len(a), k, k), SIGNAL_TO_BABBLE_DB) for k, a in enumerate(audio)]
    moved = run(animator, noisy)
    r = [pearson(lip_opening(head, a), lip_opening(head, b)) for a, b in zip(moved, clean, strict=True)]
    alone = babble(audio, int(_ALONE_S * SAMPLE_RATE_HZ)) * np.float32(10 ** (ALONE_DBFS / 20))
    still = lip_opening(head, run(animator, [alone])[0]) < CLOSED_LIP_OPENING
    return {"babble_r": float(np.mean(r)), "babble_rest": float(still[int(_SETTLE_S * 30) :].mean())}


def _powers(audio: np.ndarray) -> np.ndarray:
    """Mean power of the frames of 25 ms that are not silent: within 30 dB of the loudest."""
    n = SAMPLE_RATE_HZ // 40
    whole = audio[: len(audio) // n * n].astype(np.float64).reshape(-1, n)
    power = (whole**2).mean(axis=1)
    return power[power > power.max(initial=0) * 1e-3] if power.any() else np.ones(1) * 1e-12
