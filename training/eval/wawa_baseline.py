"""wawa-lipsync as a baseline: visemes of the past sound by band levels, as a browser plays it (Wassim Samad, MIT)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from diffusiontalker.spec.rates import FPS, SAMPLE_RATE_HZ
from training.eval.baselines import frame_count
from training.eval.node_script import run_script
from training.eval.visemes import VISEME_POSES, pose

PACKAGE = "wawa-lipsync"
_RATE_HZ, _UPDATES_HZ = 48000, 60
# Its demo moves the shown viseme towards 1 and the others towards 0 by these shares of the way, 60 times a second.
_ATTACK, _RELEASE = 0.2, 0.1


class WawaBaseline:
    """Animator: the pose of its viseme times its volume, which moves the mouth better than the viseme alone.
    Raises ValueError with what to install. folder: where `npm install` put node_modules."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        run_script("wawa.js", self.folder, PACKAGE, [])  # says what is missing now and not after hours
        self.poses = np.stack([pose(VISEME_POSES[name]) for name in VISEME_POSES])

    def __call__(self, audio, identities, emotions=None):
        sounds = [_resampled(a).astype("<f4").tobytes() for a in audio]
        return [
            self._weights(seen, frame_count(a))
            for seen, a in zip(run_script("wawa.js", self.folder, PACKAGE, sounds), audio, strict=True)
        ]

    def _weights(self, seen: list[tuple[str, float]], n_frames: int) -> np.ndarray:
        names, state, shown = list(VISEME_POSES), np.zeros(len(VISEME_POSES)), []
        for viseme, volume in seen:
            wanted = np.zeros(len(names))
            wanted[names.index(viseme)] = min(max(volume, 0.0), 1.0) if viseme != "sil" else 1.0
            state = state + np.where(wanted > state, _ATTACK, _RELEASE) * (wanted - state)
            shown.append(state @ self.poses)
        at, times = np.arange(n_frames) / FPS, np.arange(len(shown)) / _UPDATES_HZ
        return np.stack([np.interp(at, times, column) for column in np.array(shown).T], axis=1)


def _resampled(audio: np.ndarray) -> np.ndarray:
    """16 kHz -> 48 kHz by the spectrum."""
    factor = _RATE_HZ // SAMPLE_RATE_HZ
    return factor * np.fft.irfft(np.fft.rfft(audio.astype(np.float64)), factor * len(audio))
