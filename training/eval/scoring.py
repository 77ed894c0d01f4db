"""All scores of predicted motion against the ground truth of a held-out set."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from diffusiontalker.head import lip_opening, load_head
from diffusiontalker.spec.rates import FPS
from training.eval.baselines import Animator, loudness_at_frames
from training.eval.held_out import HeldOut
from training.eval.regions import head_regions
from training.eval.scores_blendshape import UPPER, blendshape_scores
from training.eval.scores_mesh import MeshScores, diversity
from training.eval.scores_speech import (
    JAW_OPEN,
    AudioVisualOffset,
    Phone,
    Share,
    blink_count,
    count_closures,
    count_false_contacts,
    count_rest,
    count_vowel_pairs,
    jitter,
    pearson,
)


@dataclass
class SpeechScores:
    """Scores of motion against sound and phones, summed over clips. They need no ground truth; with one, only closures
    that it makes are expected."""

    closures: Share = field(default_factory=Share)
    contacts: Share = field(default_factory=Share)
    rest: Share = field(default_factory=Share)
    pairs: Share = field(default_factory=Share)
    offset: AudioVisualOffset = field(default_factory=lambda: AudioVisualOffset(FPS))
    jitters: list[float] = field(default_factory=list)
    blinks: int = 0
    n_frames: int = 0

    def add(
        self, weights: np.ndarray, phones: list[Phone], audio: np.ndarray, true_gap: np.ndarray | None = None
    ) -> None:
        """weights: [n, 52] of one clip.   audio: [n_samples] at 16 kHz."""
        self.add_gap(lip_opening(load_head(), weights), np.arange(len(weights)) / FPS, phones, true_gap)
        self.jitters.append(jitter(weights))
        self.blinks += blink_count(weights)
        self.n_frames += len(weights)
        self.offset.add(weights[:, JAW_OPEN], loudness_at_frames(audio)[: len(weights)])

    def add_gap(
        self, gap: np.ndarray, times: np.ndarray, phones: list[Phone], true_gap: np.ndarray | None = None
    ) -> None:
        """The scores that need only a lip opening [n] at times [n] seconds, as lips tracked in a video have."""
        count_closures(gap, times, phones, self.closures, true_gap)
        count_false_contacts(gap, times, phones, self.contacts)
        count_rest(gap, times, phones, self.rest)
        count_vowel_pairs(gap, times, phones, self.pairs)

    def result(self) -> dict[str, float]:
        """Rates are NaN when there was nothing to count."""
        return {
            "closure_rate": self.closures.rate,
            "n_closures": self.closures.expected,
            "false_contacts": self.contacts.rate,
            "n_apart": self.contacts.expected,
            "silence_rest": self.rest.rate,
            "n_silent_frames": self.rest.expected,
            "open_vowels_wider": self.pairs.rate,
            "n_vowel_pairs": self.pairs.expected,
            "jitter": float(np.mean(self.jitters)) if self.jitters else float("nan"),
            "av_offset_ms": self.offset.milliseconds,
            "blinks_per_minute": 60 * FPS * self.blinks / self.n_frames if self.n_frames else float("nan"),
        }


def score_motion(data: HeldOut, motion: list[np.ndarray]) -> dict[str, float]:
    """One row of the table. motion: weights [n, 52] per utterance, as HeldOut.animate returns them. Vertices are those
    of the built-in head. Means of clip scores weigh every clip alike, those of frame scores every frame."""
    head = load_head()
    mesh, speech = MeshScores(head_regions()), SpeechScores()
    clips: dict[str, list[float]] = {}
    for weights, truth, phones, audio in zip(motion, data.truth, data.phones, data.audio, strict=True):
        true_gap, gap = lip_opening(head, truth), lip_opening(head, weights)
        mesh.add(head.vertices(weights), head.vertices(truth))
        speech.add(weights, phones, audio, true_gap)
        of_clip = blendshape_scores(weights, truth) | {
            "jaw_correlation": pearson(weights[:, JAW_OPEN], truth[:, JAW_OPEN]),
            "gap_correlation": pearson(gap, true_gap),
            "upper_jitter": jitter(weights, UPPER),
        }
        for name, value in of_clip.items():
            clips.setdefault(name, []).append(value)
    return (
        mesh.result()
        | {name: float(np.mean(values)) for name, values in clips.items()}
        | speech.result()
        | {"n_utterances": len(data), "n_frames": speech.n_frames}
    )


def score_diversity(data: HeldOut, animator: Animator, identities: list[str]) -> float:
    """Millimetres between the motion of the same speech in different identities: mean pairwise distance per vertex of
    the built-in head, over pairs of identities, averaged over the utterances."""
    head, scores = load_head(), []
    for audio, emotion in zip(data.audio, data.emotions, strict=True):
        results = animator([audio] * len(identities), identities, [emotion] * len(identities))
        scores.append(diversity([head.vertices(weights) for weights in results]) * head_regions().scale)
    return float(np.mean(scores))


def time_per_frame(
    data: HeldOut, animator: Animator, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Compute time of one clip at a time, log-mel and audio encoder included, over the frames of all clips; after a run
    that is not counted. ms_per_frame is wall time, cpu_ms_per_frame processor time of all threads, which other load on
    the machine disturbs less."""
    animator(data.audio[:1], data.identities[:1], data.emotions[:1])
    wall, cpu = clock(), time.process_time()
    for audio, identity, emotion in zip(data.audio, data.identities, data.emotions, strict=True):
        animator([audio], [identity], [emotion])
    n_frames = sum(map(len, data.truth))
    return {
        "ms_per_frame": 1000 * (clock() - wall) / n_frames,
        "cpu_ms_per_frame": 1000 * (time.process_time() - cpu) / n_frames,
    }
