"""Scores on held-out synthetic utterances: voices and sentences unseen in training."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from diffusiontalker.head import lip_gap, load_head
from training.articulation.generate import animate_phones
from training.articulation.phones import Phone
from training.articulation.style import library_styles
from training.eval.animators import FPS, SAMPLE_RATE_HZ, Animator
from training.eval.metrics import JAW_OPEN, ClosureCount, blink_count, count_closures, jitter, lip_error, pearson


@dataclass
class HeldOut:
    """Utterances of one split with their ground truth, each in one identity."""

    audio: list[np.ndarray]
    phones: list[list[Phone]]
    truth: list[np.ndarray]  # weights [n, 52]
    identities: list[str]
    engines: list[str]


def load_held_out(corpus: Path, split: str = "test", limit: int | None = None) -> HeldOut:
    """Reads `split` of a corpus folder; the ground truth is computed, not stored."""
    utterances = [json.loads(p.read_text()) for p in sorted((Path(corpus) / "utterances").glob("*.json"))]
    chosen = [u for u in utterances if u["split"] == split]
    if limit is not None and limit < len(chosen):
        chosen = [chosen[i] for i in np.linspace(0, len(chosen) - 1, limit).astype(int)]
    styles = library_styles()
    names = list(styles)
    out = HeldOut([], [], [], [], [])
    for u in chosen:
        audio, _ = sf.read(Path(corpus) / "audio" / f"{u['id']}.flac", dtype="float32")
        key = zlib.crc32(u["id"].encode())
        identity = names[key % len(names)]
        times = np.arange(-(-len(audio) * FPS // SAMPLE_RATE_HZ)) / FPS
        phones = [tuple(p) for p in u["phones"]]
        out.audio.append(audio)
        out.phones.append(phones)
        out.truth.append(animate_phones(phones, audio, SAMPLE_RATE_HZ, times, styles[identity], key))
        out.identities.append(identity)
        out.engines.append(u["engine"])
    return out


def score_held_out(data: HeldOut, animator: Animator) -> dict[str, float]:
    """Means over utterances; closures over all p/b/m whose ground truth is closed."""
    head = load_head()
    closures = ClosureCount()
    rows, blinks, seconds = [], 0, 0.0
    motion = animator(data.audio, data.identities)
    for weights, truth, phones in zip(motion, data.truth, data.phones, strict=True):
        if not np.isfinite(weights).all() or len(weights) != len(truth):
            raise ValueError(f"the animator gave {len(weights)} frames for {len(truth)}, or values that are not finite")
        times = np.arange(len(truth)) / FPS
        gap, true_gap = lip_gap(head, weights), lip_gap(head, truth)
        count_closures(gap, times, phones, closures, true_gap)
        rows.append({
            "jaw_correlation": pearson(weights[:, JAW_OPEN], truth[:, JAW_OPEN]),
            "gap_correlation": pearson(gap, true_gap),
            "lip_error": lip_error(weights, truth),
            "jitter": jitter(weights),
        })  # fmt: skip
        blinks += blink_count(weights)
        seconds += len(truth) / FPS
    means = {key: float(np.mean([r[key] for r in rows])) for key in rows[0]}
    return means | {
        "closure_rate": closures.rate,
        "n_closures": closures.expected,
        "blinks_per_minute": 60 * blinks / seconds,
        "n_utterances": len(rows),
    }
