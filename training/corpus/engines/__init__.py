"""Text-to-speech engines by name."""

from training.corpus.engines.base import Engine, EngineMissing, Speech, SynthesisError
from training.corpus.languages import ENGLISH

ENGINE_NAMES = ("kokoro", "hibari", "flite", "festival", "espeak")
ALL_LANGUAGES = ("espeak",)  # engines that speak every one


def load_engine(name, kokoro_dir=None, language=ENGLISH):
    """The engine of that name, ready to speak a language.

    Raises EngineMissing when it is not installed or does not speak the language, ValueError for an unknown name.
    """
    if language != ENGLISH and name not in ALL_LANGUAGES:
        raise EngineMissing(f"{name} speaks English only; take --engine {' or '.join(ALL_LANGUAGES)} for {language}")
    if name == "kokoro":
        from training.corpus.engines.kokoro import KokoroEngine

        return KokoroEngine(kokoro_dir)
    if name == "hibari":
        from training.corpus.engines.hibari import HibariEngine

        return HibariEngine()
    if name == "flite":
        from training.corpus.engines.flite import FliteEngine

        return FliteEngine()
    if name == "festival":
        from training.corpus.engines.festival import FestivalEngine

        return FestivalEngine()
    if name == "espeak":
        from training.corpus.engines.espeak import EspeakEngine

        return EspeakEngine(language)
    raise ValueError(f"engine is {name!r}, expected one of {', '.join(ENGINE_NAMES)}")


__all__ = [
    "ENGINE_NAMES",
    "Engine",
    "EngineMissing",
    "Speech",
    "SynthesisError",
    "load_engine",
]
