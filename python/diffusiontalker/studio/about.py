"""What the page has to know of the model and the server."""

from __future__ import annotations

from typing import Any

from diffusiontalker.api.dials import CHANNEL_RANGES, RANGES, WHOLE, Dials
from diffusiontalker.render.lanes import LANES
from diffusiontalker.serve.state import State
from diffusiontalker.studio.exports import kinds
from diffusiontalker.version import __version__

_ANGLES = ["headYaw", "headPitch", "headRoll"]
_BESIDE = ("head_amount", "emotion_strength")  # dials that are settings of a session


def about(state: State) -> dict[str, Any]:
    """In a form for JSON."""
    model, limits = state.engine.model, state.options.limits
    info = model.info()
    plain, has_pose = Dials(), model.has_head_pose
    return {
        "version": __version__,
        "bundle": f"{info['name']} {info['version']}",
        "backend": model.backend,
        "precision": model.precision,
        "fps": [model.fps_num, model.fps_den],
        "channels": list(model.channels),
        "has_head_pose": has_pose,
        "identities": list(model.identities),
        "default_identity": info["identities"]["default"],
        "emotions": list(model.emotions),
        "default_emotion": model.default_emotion,
        "profiles": {name: profile.latency_ms for name, profile in model.profiles.items()},
        "default_profile": info["default_profile"],
        "enroll_range_ms": model.enroll_range_ms,
        "dials": [
            {"name": name, "range": list(bounds), "default": getattr(plain, name), "whole": name in WHOLE}
            for name, bounds in RANGES.items()
            if name not in _BESIDE
        ],
        "channel_dials": {name: list(bounds) for name, bounds in CHANNEL_RANGES.items()},
        "lanes": {name: list(curves) for name, curves in LANES.items()} | ({"head": _ANGLES} if has_pose else {}),
        "kinds": kinds(),
        "max_upload_bytes": limits.max_upload_bytes,
        "max_upload_s": limits.max_upload_s,
        "max_streams": state.max_streams,
    }
