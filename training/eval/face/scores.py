"""All scores of a face on recordings, and those of the tracked faces themselves."""

from __future__ import annotations

import numpy as np

from training.eval.baselines import Animator
from training.eval.face.accents import accent_scores
from training.eval.face.animate import another_take, run, takes_audio
from training.eval.face.band import band_scores
from training.eval.face.clip import Clip, rendered, tracked, with_speech
from training.eval.face.contacts import contact_scores
from training.eval.face.effort import effort_scores
from training.eval.face.energy import energy_scores
from training.eval.face.life import life_scores, take_scores
from training.eval.face.moods import mood_scores
from training.eval.face.mouth_inside import inside_scores
from training.eval.face.noise import noise_scores
from training.eval.face.shape import contact_shape, correlations
from training.eval.face.size import absolute_sizes, size_scores
from training.eval.face.timing import at_its_best, onset_scores
from training.eval.recordings import Recording
from training.eval.scores_speech import SILENCE

# Recordings on which the scores that animate the sound again are taken, spread evenly.
FEW_CLIPS, TAKE_CLIPS = 12, 30


def tracked_clips(recordings: list[Recording]) -> list[Clip]:
    """The faces that a camera saw, of the recordings that have all six measures and sounds."""
    return with_speech([clip for clip in map(tracked, recordings) if clip is not None])


def scores_of_tracked(real: list[Clip]) -> dict[str, float]:
    """What of the scores can be said of tracked faces; ratios and correlations with themselves are left out."""
    return absolute_sizes(real) | contact_shape(real) | onset_scores(real) | contact_scores(real) if real else {}


def scores_of_motion(
    recordings: list[Recording], motion: list[np.ndarray], real: list[Clip], latency_s: float | None = None
) -> dict[str, float]:
    """All that one animation of the recordings shows. motion: weights [n, 52] at 30 fps each."""
    clips = _clips(recordings, motion)
    if not clips:
        return {}
    return (
        absolute_sizes(clips)
        | size_scores(clips, real)
        | correlations(clips, real)
        | contact_shape(clips)
        | onset_scores(clips)
        | at_its_best(clips, real, latency_s)
        | contact_scores(clips)
        | inside_scores(clips)
        | life_scores(clips)
        | energy_scores(clips, real)
        | accent_scores(clips, recordings)
    )


def scores_of_animator(
    animator: Animator,
    recordings: list[Recording],
    motion: list[np.ndarray],
    real: list[Clip],
    people: dict[str, list[np.ndarray]],
) -> dict[str, float]:
    """The scores that animate sound again: other seeds, moods, noise, effort, telephone. motion: of the recordings.
    people: recordings by speaker, for enrolment; {}: none."""
    if not takes_audio(animator):
        return _takes_of_rules(animator, recordings, motion, real)
    spoken = [r for r in recordings if _has_sound(r)]
    if not spoken:
        return {}
    few = _spread(spoken, FEW_CLIPS)
    audio = [r.audio for r in few]
    clean = run(animator, audio)
    clips = _clips(few, clean)
    out = _takes(animator, _spread(spoken, TAKE_CLIPS), real)
    out |= mood_scores(animator, clips, audio)
    out |= noise_scores(animator, audio, clean)
    out |= effort_scores(animator, _clips(recordings, motion))
    return out | band_scores(animator, people)


def _takes(animator: Animator, recordings: list[Recording], real: list[Clip]) -> dict[str, float]:
    """Scores of a second take and of the head, of animators that have a seed or a head pose. The first take is made
    anew: seeds count from the first recording of a call."""
    if getattr(animator, "seed", None) is None:
        return {}
    audio = [r.audio for r in recordings]
    clips = _clips(recordings, run(animator, audio))
    poses, out = getattr(animator, "pose", None), {}
    if poses is not None:
        out = accent_scores(clips, recordings, poses)
        out.pop("accent_brows_r", None)  # that of all recordings stands already
    second = another_take(animator, audio) or []
    return out | take_scores(clips, second) | _energy_of_takes(clips, _clips(recordings, second), real)


def _takes_of_rules(
    animator: Animator, recordings: list[Recording], motion: list[np.ndarray], real: list[Clip]
) -> dict[str, float]:
    """The same of rules that are given the phones of all recordings and take a seed."""
    if not getattr(animator, "needs_phones", False):
        return {}
    second = another_take(animator, [r.audio for r in recordings])
    if second is None:
        return {}
    clips, others = _clips(recordings, motion), _clips(recordings, second)
    weights = [c.weights for c in others if c.weights is not None]
    return take_scores(clips, weights) | _energy_of_takes(clips, others, real)


def _energy_of_takes(clips: list[Clip], others: list[Clip], real: list[Clip]) -> dict[str, float]:
    """Only what needs the second take: the energies of one take stand for all recordings already."""
    found = energy_scores(clips, real, others)
    return {"energy_score": found["energy_score"]} if "energy_score" in found else {}


def _has_sound(recording: Recording) -> bool:
    return any(name != SILENCE for name, _, _ in recording.phones)


def _clips(recordings: list[Recording], motion: list[np.ndarray]) -> list[Clip]:
    return with_speech([rendered(r, w) for r, w in zip(recordings, motion, strict=True)])


def _spread(recordings: list[Recording], most: int) -> list[Recording]:
    """At most so many, evenly."""
    chosen = np.unique(np.linspace(0, len(recordings) - 1, min(len(recordings), most)).astype(int))
    return [recordings[k] for k in chosen]
