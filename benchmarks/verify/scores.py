"""The project's own scores of closures and jaw, in float32 and float16 side by side. Needs a checkout."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.verify.parts import Parts, Recorder
from diffusiontalker.errors import EngineError
from diffusiontalker.spec.channels import ARKIT_CHANNELS


def score_precisions(bundle: Path, profile: str, folder: Path, candidates: list[Parts], limit: int | None) -> dict:
    """Per candidate the scores of `python -m training.eval speech`, and jaw_correlation with the first candidate.
    folder: recordings with their phones. The graphs run in ONNX Runtime: a stand-in for an engine on a machine that has
    none. Raises EngineError without the training code."""
    try:
        from training.eval.recordings import load_recordings
        from training.eval.scores_speech import JAW_OPEN
        from training.eval.speech import score_recordings
    except ImportError as e:
        raise EngineError(f"scores need the training code ({e}): run in a checkout, with its [train] extra") from e
    recordings, _ = load_recordings(folder, limit=limit)
    results: dict[str, dict] = {}
    first: list[np.ndarray] = []
    for parts in candidates:
        motion = [Recorder(parts, bundle, profile).frames(r.audio)[:, : len(ARKIT_CHANNELS)] for r in recordings]
        first = first or motion
        jaw, first_jaw = (np.concatenate([m[:, JAW_OPEN] for m in every]) for every in (motion, first))
        correlation = float(np.corrcoef(jaw, first_jaw)[0, 1])
        results[parts.name] = score_recordings(recordings, motion) | {"jaw_correlation": correlation}
    return results
