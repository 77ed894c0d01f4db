"""ARKit names as other programs write them."""

from __future__ import annotations

import re

from diffusiontalker.spec.channels import ARKIT_CHANNELS, HEAD_POSE_CHANNELS

_BY_LETTERS = {name.lower(): name for name in (*ARKIT_CHANNELS, *HEAD_POSE_CHANNELS)}


def arkit_name(name: str) -> str | None:
    """The ARKit name (or headYaw, headPitch, headRoll) that another spelling means, None where it means none.
    Any case, a prefix that ends in a dot or colon (`blendShapes.EyeBlinkLeft`), and `_L`, `_R` for the side are known.
    """
    last = re.split(r"[.:|]", name.strip())[-1]
    last = re.sub(r"_?left$|_l$", "Left", last, flags=re.IGNORECASE)
    last = re.sub(r"_?right$|_r$", "Right", last, flags=re.IGNORECASE)
    return _BY_LETTERS.get(last.replace("_", "").replace(" ", "").lower())
