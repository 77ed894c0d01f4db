"""Rhubarb Lip Sync as a baseline: its mouth shapes from the recording alone, as poses of the built-in head.

Rhubarb (Daniel S. Wolf, MIT) recognises words with pocketsphinx and animates by rule. The npm package
rhubarb-lip-sync-wasm runs it under node: `npm install --prefix training/eval/rival_scripts`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX
from diffusiontalker.spec.rates import FPS
from training.eval.baselines import frame_count
from training.eval.node_script import SCRIPTS, run_script

PACKAGE = "rhubarb-lip-sync-wasm"
# What its manual says of each shape, posed on the head so that the lip opening is that of real lips (GRID s1, means of
# the same sounds, outer-canthal distances): open vowels 0.12 to 0.14, EE 0.09, rounded 0.04, f/v 0.02, p/b/m 0.
POSES: dict[str, dict[str, float]] = {
    "A": {"mouthPressLeft": 0.2, "mouthPressRight": 0.2, "mouthRollLower": 0.1, "mouthRollUpper": 0.08},  # P B M
    # slightly open, teeth clenched: most consonants, EE
    "B": {"jawOpen": 0.18, "mouthLowerDownLeft": 0.25, "mouthLowerDownRight": 0.25, "mouthUpperUpLeft": 0.14,
          "mouthUpperUpRight": 0.14, "mouthStretchLeft": 0.12, "mouthStretchRight": 0.12},
    # open: EH AE
    "C": {"jawOpen": 0.3, "mouthLowerDownLeft": 0.08, "mouthLowerDownRight": 0.08, "mouthStretchLeft": 0.08,
          "mouthStretchRight": 0.08},
    "D": {"jawOpen": 0.4},  # wide open: AA
    "E": {"jawOpen": 0.25, "mouthFunnel": 0.12, "mouthPucker": 0.3},  # slightly rounded, not wider than C: AO ER
    "F": {"jawOpen": 0.13, "mouthFunnel": 0.08, "mouthPucker": 0.6},  # puckered: UW OW W
    # upper teeth on the lower lip: F V
    "G": {"jawOpen": 0.07, "mouthClose": 0.045, "mouthRollLower": 0.4, "mouthUpperUpLeft": 0.14,
          "mouthUpperUpRight": 0.14},
    "H": {"jawOpen": 0.33},  # L, tongue behind the teeth, between C and D
    "X": {},  # idle: lips closed, relaxed
}  # fmt: skip
# A pose fades in from so long before its cue to so long after: the cues are made for drawings that change at once. A
# compromise, not itself tried: it lies between two of the best of the six pairs tried on real recordings.
FADE_BEFORE_S, FADE_AFTER_S = 0.04, 0.04

Cue = tuple[float, str]  # start in seconds, shape


def pose_weights(cues: list[Cue], n_frames: int) -> np.ndarray:
    """ARKit weights [n_frames, 52] at FPS. cues: sorted by start; before the first the mouth idles."""
    times = np.arange(n_frames) / FPS
    weights = np.zeros((n_frames, len(ARKIT_CHANNELS)))
    for start, shape in cues:
        pose = np.zeros(len(ARKIT_CHANNELS))
        for channel, value in POSES[shape].items():
            pose[CHANNEL_INDEX[channel]] = value
        u = np.clip((times - start + FADE_BEFORE_S) / (FADE_BEFORE_S + FADE_AFTER_S), 0, 1)[:, None]
        weights += (u * u * (3 - 2 * u)) * (pose - weights)
    return weights


class RhubarbBaseline:
    """Animator. Raises ValueError with what to install when node or the package is missing.
    folder: where `npm install` put node_modules."""

    is_slow = True

    def __init__(self, folder: Path = SCRIPTS):
        self.folder = Path(folder)
        run_script("rhubarb.js", self.folder, PACKAGE, [])

    def cues(self, audio: list[np.ndarray]) -> list[list[Cue]]:
        """Mouth cues of recordings at 16 kHz. Raises ValueError with what node said when it failed."""
        sounds = [(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes() for samples in audio]
        # Cues may overlap; the one that started last is shown.
        found = run_script("rhubarb.js", self.folder, PACKAGE, sounds)
        return [sorted((c["start"], c["value"]) for c in of_one) for of_one in found]

    def __call__(self, audio, identities, emotions=None):
        return [pose_weights(cues, frame_count(a)) for cues, a in zip(self.cues(audio), audio, strict=True)]
