"""Scores on real speech with tracked lips: a folder of NAME.flac and lips.json
{NAME: {"fps", "lip_gap": [..], "phones": [[ARPAbet, start_s, end_s], ..]}}, sample k at (k + 0.5) / fps seconds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile as sf

from diffusiontalker.head import lip_gap, load_head
from training.eval.animators import FPS, SAMPLE_RATE_HZ, Animator
from training.eval.metrics import ClosureCount, count_closures, pearson


def score_tracked_lips(folder: Path, animator: Animator, identity: str) -> dict[str, float]:
    """Mean correlation of the head's lip gap with the tracked one, and the share of aligned p/b/m that close."""
    tracked = json.loads((Path(folder) / "lips.json").read_text())
    audio = []
    for name in tracked:
        samples, rate = sf.read(Path(folder) / f"{name}.flac", dtype="float32")
        if rate != SAMPLE_RATE_HZ:
            raise ValueError(f"{name}.flac has {rate} Hz, expected {SAMPLE_RATE_HZ}")
        audio.append(samples)
    head, closures, correlations = load_head(), ClosureCount(), []
    for clip, weights in zip(tracked.values(), animator(audio, [identity] * len(audio)), strict=True):
        gap = lip_gap(head, weights)
        times = np.arange(len(gap)) / FPS
        measured = np.array(clip["lip_gap"], np.float64)
        at = (np.arange(len(measured)) + 0.5) / clip["fps"]
        known = np.isfinite(measured)
        correlations.append(pearson(np.interp(at[known], times, gap), measured[known]))
        count_closures(gap, times, [tuple(p) for p in clip["phones"]], closures)
    return {
        "gap_correlation": float(np.mean(correlations)),
        "closure_rate": closures.rate,
        "n_closures": closures.expected,
        "n_clips": len(correlations),
    }
