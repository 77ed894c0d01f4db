"""Text-to-speech engines by name."""

from training.corpus.engines.base import Engine, EngineMissing, Speech, SynthesisError

ENGINE_NAMES = ("kokoro", "hibari", "flite", "festival", "espeak")


def load_engine(name, kokoro_dir=None):
    """The engine of that name, ready to speak.

    Raises EngineMissing when it is not installed, ValueError for an unknown name.
    """
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

        return EspeakEngine()
    raise ValueError(f"engine is {name!r}, expected one of {', '.join(ENGINE_NAMES)}")


__all__ = [
    "ENGINE_NAMES",
    "Engine",
    "EngineMissing",
    "Speech",
    "SynthesisError",
    "load_engine",
]
