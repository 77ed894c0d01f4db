"""python reference.py FOLDER: what the Python package makes of a few sounds, for the tests of the npm package.

Writes cases.json, and beside it sounds as raw interleaved float32 and frames as raw float32.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

import diffusiontalker as dt

ROOT = Path(__file__).parents[2]
DIALS = {"strength": 1.2, "blink_rate": 2, "gaze_side_deg": 10, "channel_gain": {"jawOpen": 1.1}}
# (name, bundle, sound, options). Names of the options are the same in both packages.
CASES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("offline", "base-2step", "speech", {"profile": "offline", "seed": 7}),
    ("live", "base-2step", "speech", {"profile": "live", "seed": 7}),
    ("low-latency", "base-2step", "speech", {"profile": "low-latency", "seed": 3}),
    ("base-live", "base", "speech", {"profile": "live", "identity": "Ada", "emotion": {"happy": 0.7}}),
    ("dials", "base-2step", "speech", {"profile": "live", "seed": 2**63 + 1, "emotion": "sad", "dials": DIALS}),
    (
        "stereo",
        "base-2step",
        "stereo",
        {"profile": "live", "head_amount": 0.5, "emotion_strength": 1.5, "emotion": "angry"},
    ),
]


def sounds() -> dict[str, tuple[np.ndarray, int]]:
    """float32 [n, channels] and a rate in Hz; "stereo" is the speech at another rate, later in the second channel."""
    speech, rate = soundfile.read(ROOT / "examples" / "speech.wav", dtype="float32", always_2d=True)
    later = np.roll(speech[:, :1], 40, axis=0) * np.float32(0.5)
    return {"speech": (speech, rate), "stereo": (np.hstack([speech[:, :1], later]), 44100)}


def write(folder: Path) -> None:
    models = {name: dt.load(name, backend="cpu", n_threads=1) for name in ("base", "base-2step")}
    of = sounds()
    document: dict[str, Any] = {"sounds": {}, "cases": [], "styles": []}
    for name, (samples, rate) in of.items():
        samples.astype("<f4").tofile(folder / f"{name}.f32")
        document["sounds"][name] = {"file": f"{name}.f32", "n_channels": samples.shape[1], "sample_rate": rate}
    for name, bundle, sound, options in CASES:
        given = dict(options)
        if "dials" in options:
            given["dials"] = dt.Dials.from_dict(options["dials"])
        animation = models[bundle].animate(*of[sound], **given)
        frames = np.hstack([np.asarray(animation.weights), np.asarray(animation.head_pose)])
        frames.astype("<f4").tofile(folder / f"{name}.frames.f32")
        seed = {"seed": str(options["seed"])} if "seed" in options else {}  # JavaScript's numbers end at 2^53
        document["cases"].append({
            "name": name, "model": bundle, "sound": sound, "options": {**options, **seed},
            "file": f"{name}.frames.f32", "n_frames": animation.n_frames,
        })  # fmt: skip
    model = models["base-2step"]
    samples, rate = of["speech"]
    document["styles"] = {
        "mixed": model.style("gwen", {"happy": 0.5, "sad": 0.25}, emotion_strength=1.5).tolist(),
        "blended": model.blend_styles({"ada": 1, "hugo": 3}).tolist(),
        "enrolled": model.enroll(samples, rate, emotion="happy").tolist(),
    }
    document["model"] = {
        "channels": model.channels, "identities": model.identities, "emotions": model.emotions,
        "profiles": {name: vars(profile) for name, profile in model.profiles.items()},
        "default_emotion": model.default_emotion, "d_identity": model.d_identity, "fps": model.fps,
        "enroll_range_ms": model.enroll_range_ms, "has_head_pose": model.has_head_pose,
    }  # fmt: skip
    (folder / "cases.json").write_text(json.dumps(document), encoding="utf-8")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    write(target)
