"""The dials of an animation in the files that keep them: what was turned, and nothing where all is at its default."""

from __future__ import annotations

from typing import Any

from diffusiontalker.io.formats.record import Unusable

KEY = "diffusiontalker"  # of the extras of a glTF animation


def kept_dials(anim) -> dict | None:
    """The dials of an animation for JSON; None where all are at their defaults."""
    dials = getattr(anim, "dials", None)
    return (dials.as_dict() or None) if dials is not None else None


def animation_extras(anim) -> dict:
    """The extras of a glTF animation, as a part of its object."""
    dials = kept_dials(anim)
    return {} if dials is None else {"extras": {KEY: {"dials": dials}}}


def dials_of_extras(animation: dict) -> dict | None:
    """What animation_extras() wrote; None where nothing of the kind is there."""
    extras = animation.get("extras")
    ours = extras.get(KEY) if isinstance(extras, dict) else None
    return checked_dials(ours.get("dials")) if isinstance(ours, dict) else None


def checked_dials(value: Any) -> dict | None:
    """Dials as a file holds them; None where it holds none. Their names and values are judged by api.dials.Dials."""
    if value is not None and not isinstance(value, dict):
        raise Unusable("has dials that are no object of names and values")
    return value or None
