"""Rhubarb Lip Sync as a baseline: its mouth shapes from the recording alone, as poses of the built-in head.

Rhubarb (Daniel S. Wolf, MIT) recognises words with pocketsphinx and animates by rule. The npm package
rhubarb-lip-sync-wasm runs it under node: `npm install --prefix training/eval/rhubarb`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX
from training.eval.baselines import FPS, frame_count

FOLDER = Path(__file__).parent / "rhubarb"
# What Rhubarb's manual says of each shape, posed on the head so that the lip gap is that of real lips (GRID s1, means
# of the same sounds, interocular distances): open vowels 0.11 to 0.13, EE 0.09, rounded 0.035, f/v 0.01, p/b/m 0.
POSES: dict[str, dict[str, float]] = {
    "A": {"mouthPressLeft": 0.2, "mouthPressRight": 0.2, "mouthRollLower": 0.1, "mouthRollUpper": 0.08},  # P B M
    # slightly open, teeth clenched: most consonants, EE
    "B": {"jawOpen": 0.06, "mouthLowerDownLeft": 0.18, "mouthLowerDownRight": 0.18, "mouthUpperUpLeft": 0.1,
          "mouthUpperUpRight": 0.1, "mouthStretchLeft": 0.12, "mouthStretchRight": 0.12},
    # open: EH AE
    "C": {"jawOpen": 0.2, "mouthLowerDownLeft": 0.06, "mouthLowerDownRight": 0.06, "mouthStretchLeft": 0.08,
          "mouthStretchRight": 0.08},
    "D": {"jawOpen": 0.28},  # wide open: AA
    "E": {"jawOpen": 0.17, "mouthFunnel": 0.12, "mouthPucker": 0.3},  # slightly rounded, not wider than C: AO ER
    "F": {"jawOpen": 0.08, "mouthFunnel": 0.08, "mouthPucker": 0.6},  # puckered: UW OW W
    # upper teeth on the lower lip: F V
    "G": {"jawOpen": 0.05, "mouthClose": 0.035, "mouthRollLower": 0.4, "mouthUpperUpLeft": 0.1,
          "mouthUpperUpRight": 0.1},
    "H": {"jawOpen": 0.22},  # L, tongue behind the teeth, between C and D
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

    def __init__(self, folder: Path = FOLDER):
        node, self.folder = shutil.which("node"), Path(folder)
        if node is None:
            raise ValueError("node is not installed")
        self.node = node
        if not (self.folder / "node_modules" / "rhubarb-lip-sync-wasm").is_dir():
            raise ValueError(f"its package is missing: npm install --prefix {self.folder}")

    def cues(self, audio: list[np.ndarray]) -> list[list[Cue]]:
        """Mouth cues of recordings at 16 kHz. Raises ValueError with what node said when it failed."""
        with tempfile.TemporaryDirectory() as place:
            paths = [Path(place) / f"{k}.pcm" for k in range(len(audio))]
            for path, samples in zip(paths, audio, strict=True):
                path.write_bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
            done = subprocess.run(
                [self.node, FOLDER / "run.js", self.folder],
                input="\n".join(map(str, paths)), capture_output=True, text=True,
            )  # fmt: skip
        lines = done.stdout.splitlines()
        if done.returncode or len(lines) != len(audio):
            raise ValueError(f"node gave {len(lines)} results for {len(audio)} recordings: {done.stderr[-300:]}")
        # Cues may overlap; the one that started last is shown.
        return [sorted((c["start"], c["value"]) for c in json.loads(line)) for line in lines]

    def __call__(self, audio, identities, emotions=None):
        return [pose_weights(cues, frame_count(a)) for cues, a in zip(self.cues(audio), audio, strict=True)]
