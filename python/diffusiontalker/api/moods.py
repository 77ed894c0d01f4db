"""Emotions of a style: one by name, or several with weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diffusiontalker.errors import InputError
from diffusiontalker.names import chosen

Emotion = str | Mapping[str, float]


def mood_pairs(emotion: Emotion | None) -> list[tuple[str, float]]:
    """(name, weight) of each emotion; [] for None. Raises InputError for a mixture of nothing, or a weight that is no
    number; names and ranges are judged by the model."""
    if emotion is None:
        return []
    if isinstance(emotion, str):
        return [(emotion, 1.0)]
    if not emotion:
        raise InputError("the mixture of emotions is empty: name at least one, or leave it away")
    try:
        return [(str(name), float(weight)) for name, weight in emotion.items()]
    except (AttributeError, TypeError, ValueError):
        raise InputError(f'emotion is {emotion!r}, expected a name or weights such as {{"happy": 0.5}}') from None


def named_moods(emotion: Emotion | None, known: Sequence[str]) -> Emotion | None:
    """An emotion or mixture with its names as a model spells them. Raises InputError for a name that it lacks; a model
    without emotions says so itself."""
    if isinstance(emotion, Mapping):
        return {chosen("emotion", name, known): weight for name, weight in emotion.items()}
    return chosen("emotion", emotion, known)


def parse_emotion(text: str) -> Emotion:
    """A name, or a mixture such as "happy:0.5,sad:0.5". Raises ValueError that says what is wrong."""
    if ":" not in text and "," not in text:
        return text
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, colon, number = (piece.strip() for piece in part.rpartition(":"))
        try:
            weight = float(number)
        except ValueError:
            weight = -1.0
        if not (name and colon and 0 <= weight <= 2):
            raise ValueError(f"'{part}' is not NAME:WEIGHT with a weight 0..2, as in happy:0.5,sad:0.5")
        if name in weights:
            raise ValueError(f"'{name}' occurs twice")
        weights[name] = weight
    return weights
