"""How a model moves identities that it was never trained on: which of its own stand in for them, at what cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from training.articulation.style import held_out_styles
from training.eval.baselines import Animator
from training.eval.held_out import HeldOut, load_held_out
from training.eval.scores_blendshape import LIPS, mean_absolute_error
from training.eval.speakers import Speakers


def lip_error(animator: Animator, data: HeldOut) -> np.ndarray:
    """[n_utterances] mean absolute error of the lips."""
    pairs = zip(data.animate(animator), data.truth, strict=True)
    return np.array([mean_absolute_error(weights, truth, LIPS) for weights, truth in pairs])


def lip_errors(animator: Animator, data: HeldOut, names: list[str]) -> np.ndarray:
    """[n_utterances, n_names] mean absolute error of the lips of every utterance, moved as each of these identities."""
    return np.stack([lip_error(animator, replace(data, identities=[name] * len(data))) for name in names], axis=1)


def stand_ins(errors: np.ndarray, identities: list[str]) -> dict[str, int]:
    """Identity of the utterances -> column of the errors [n_utterances, n_names] that is least for it."""
    who = np.array(identities)
    return {name: int(errors[who == name].mean(axis=0).argmin()) for name in sorted(set(identities))}


def unseen_identities(
    animator: Animator, names: list[str], speakers: Speakers, corpus: Path, limit: int
) -> dict[str, float]:
    """Lip error on held-out identities, spoken by held-out voices, when the model moves them as: the identity of its
    library that comes nearest on other utterances; the one whose speech is nearest to theirs; any, the mean over the
    library; and as themselves, when they were added to it (training.stages.identity). Nothing when the library has one
    identity or no other utterance has theirs."""
    styles = held_out_styles()
    others, data = (load_held_out(corpus, split, limit, styles=styles) for split in ("val", "test"))
    data = data.subset([k for k, name in enumerate(data.identities) if name in others.identities])
    own = [name for name in names if name not in styles]
    if len(own) < 2 or not len(data):
        return {}
    chosen = stand_ins(lip_errors(animator, others, own), others.identities)
    errors = lip_errors(animator, data, own)
    by_motion = [chosen[name] for name in data.identities]
    library = speakers.library[[names.index(name) for name in own]]
    by_speech = [int((speakers([audio])[0] @ library.T).argmax()) for audio in data.audio]
    rows = np.arange(len(data))
    scores = {
        "unseen_identity_lip_error_nearest_motion": float(errors[rows, by_motion].mean()),
        "unseen_identity_lip_error_nearest_speech": float(errors[rows, by_speech].mean()),
        "unseen_identity_lip_error_any": float(errors.mean()),
    }
    if set(styles) <= set(names):
        scores["unseen_identity_lip_error_added"] = float(lip_error(animator, data).mean())
    return scores
