"""Who speaks for whom: every training voice has a talking identity of its own, and lends its voice to others too."""

from __future__ import annotations

from training.articulation.style import IDENTITY_NAMES
from training.corpus.engines.espeak import speaker_of
from training.corpus.languages import ENGLISH


def cast_voices(utterances: list[dict]) -> dict[str, int]:
    """Voice -> index of its identity, for all voices of the training split: every synthesiser's voices, in order of
    their names, are dealt to the identities in turn, so that each identity has several unlike voices. Voices that speak
    no English come last, so that other languages do not change who the English ones are."""
    by_engine: dict[str, set[str]] = {}
    foreign: set[str] = set()
    for about in utterances:
        if about["split"] == "train":
            of_engine = by_engine.setdefault(about["engine"], set()) if language_of(about) == ENGLISH else foreign
            of_engine.add(voice_name(about))
    cast: dict[str, int] = {}
    for engine in sorted(by_engine, key=lambda e: (-len(by_engine[e]), e)):
        for voice in sorted(by_engine[engine]):
            cast[voice] = len(cast) % len(IDENTITY_NAMES)
    for voice in sorted(foreign - set(cast)):
        cast[voice] = len(cast) % len(IDENTITY_NAMES)
    return cast


def language_of(utterance: dict) -> str:
    return utterance.get("language", ENGLISH)


def voice_name(utterance: dict) -> str:
    """One name per speaker over all synthesisers: hibari was distilled from Kokoro's af_heart, and festival's slt is
    the speaker of flite's slt. A variant of espeak that speaks several languages is one speaker, the English voice with
    that variant where there is one."""
    voice = f"{utterance['engine']}:{utterance['voice']}"
    if utterance["engine"] == "hibari":
        return "kokoro:af_heart"
    if utterance["engine"] == "espeak" and language_of(utterance) != ENGLISH:
        return f"espeak:{speaker_of(utterance['voice'])}"
    return "flite:slt" if voice.startswith("festival:") and "slt" in voice else voice
