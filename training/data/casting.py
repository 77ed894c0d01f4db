"""Who speaks for whom: every training voice has a talking identity of its own, and lends its voice to others too."""

from __future__ import annotations

from training.articulation.style import IDENTITY_NAMES


def cast_voices(utterances: list[dict]) -> dict[str, int]:
    """Voice -> index of its identity, for all voices of the training split: every synthesiser's voices, in order of
    their names, are dealt to the identities in turn, so that each identity has several unlike voices."""
    by_engine: dict[str, set[str]] = {}
    for about in utterances:
        if about["split"] == "train":
            by_engine.setdefault(about["engine"], set()).add(voice_name(about))
    cast: dict[str, int] = {}
    for engine in sorted(by_engine, key=lambda e: (-len(by_engine[e]), e)):
        for voice in sorted(by_engine[engine]):
            cast[voice] = len(cast) % len(IDENTITY_NAMES)
    return cast


def voice_name(utterance: dict) -> str:
    """One name per speaker over all synthesisers: hibari was distilled from Kokoro's af_heart, and festival's slt is
    the speaker of flite's slt."""
    voice = f"{utterance['engine']}:{utterance['voice']}"
    if utterance["engine"] == "hibari":
        return "kokoro:af_heart"
    return "flite:slt" if voice.startswith("festival:") and "slt" in voice else voice
