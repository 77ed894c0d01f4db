"""One recording as one face says it: the six lip measures on their own clock, with the phones of the sound."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from diffusiontalker.head import LIP_MEASURES, lip_measures, load_head
from diffusiontalker.spec.rates import FPS
from training.eval.recordings import Recording
from training.eval.scores_speech import SILENCE, Phone

OPENING = LIP_MEASURES.index("opening")
# A face rests where the first sound is still this far: people breathe in and open the lips before they speak.
REST_BEFORE_S = 0.25
_FEWEST_REST_FRAMES = 3
# Curves are compared from so long before the first phone to so long after the last.
SPEECH_MARGIN_S = 0.1


@dataclass(frozen=True, eq=False)
class Clip:
    """times: float64 [n] seconds.   measures: float64 [n, 6], LIP_MEASURES in outer-canthal distances.
    weights: [n, 52] of a rendered face; None for a tracked one."""

    name: str
    times: np.ndarray
    measures: np.ndarray
    phones: list[Phone]
    weights: np.ndarray | None = None

    @cached_property
    def sounds(self) -> list[Phone]:
        """The phones that are not silence, in order."""
        return [p for p in self.phones if p[0] != SILENCE]

    @property
    def first_s(self) -> float:
        return self.sounds[0][1]

    @property
    def last_s(self) -> float:
        return self.sounds[-1][2]

    @cached_property
    def rest(self) -> np.ndarray | None:
        """Medians [6] of the measures before the speech; None where the sound starts too early."""
        before = self.times < self.first_s - REST_BEFORE_S
        return np.median(self.measures[before], axis=0) if before.sum() >= _FEWEST_REST_FRAMES else None

    @cached_property
    def from_rest(self) -> np.ndarray | None:
        """Measures [n, 6] less those at rest; None without a rest."""
        return None if self.rest is None else self.measures - self.rest

    @cached_property
    def speech(self) -> np.ndarray:
        """bool [n]: from the first phone to the last."""
        return (self.times >= self.first_s) & (self.times <= self.last_s)

    def at(self, times: np.ndarray) -> Clip:
        """The same face on another clock, linearly interpolated."""
        measures = np.stack([np.interp(times, self.times, m) for m in self.measures.T], axis=1)
        return Clip(self.name, times, measures, self.phones)

    def within(self, start: float, end: float) -> np.ndarray:
        """bool [n]: the frames of a span; the nearest one where none falls inside."""
        inside = (self.times >= start) & (self.times <= end)
        if not inside.any():
            inside[np.argmin(np.abs(self.times - (start + end) / 2))] = True
        return inside


def rendered(recording: Recording, weights: np.ndarray) -> Clip:
    """weights: [n, 52] at FPS."""
    weights = np.asarray(weights)
    times = np.arange(len(weights)) / FPS
    measures = lip_measures(load_head(), weights).astype(np.float64)
    return Clip(recording.name, times, measures, recording.phones, weights)


def tracked(recording: Recording) -> Clip | None:
    """The face that a camera saw; None for a recording without all six measures."""
    if recording.measures is None:
        return None
    times, measures = recording.measures
    return Clip(recording.name, times, measures, recording.phones)


def with_speech(clips: list[Clip]) -> list[Clip]:
    """Those that hold any sound."""
    return [c for c in clips if c.sounds]


def pairs(clips: list[Clip], real: list[Clip]) -> list[tuple[Clip, Clip]]:
    """(rendered on the tracked clock, tracked) of the recordings that have both."""
    by_name = {c.name: c for c in clips}
    return [(by_name[r.name].at(r.times), r) for r in real if r.name in by_name and r.sounds]


def around_speech(clip: Clip) -> np.ndarray:
    """bool [n]: speech and SPEECH_MARGIN_S on both sides."""
    return (clip.times > clip.first_s - SPEECH_MARGIN_S) & (clip.times < clip.last_s + SPEECH_MARGIN_S)
