"""What an exception is for people: one sentence, and the exit code that stands for it."""

from __future__ import annotations

from diffusiontalker.errors import DiffusionTalkerError

INTERNAL, SYSTEM = 70, 71


def sentence(error: Exception) -> tuple[str, int]:
    """(what is wrong and what to do, exit code)."""
    if isinstance(error, DiffusionTalkerError):
        return str(error), error.exit_code
    if isinstance(error, OSError):
        return f"{error.filename or 'a file or stream'} cannot be used: {error.strerror or error}", SYSTEM
    if isinstance(error, MemoryError):
        return "there is not enough memory: close other programs, or work on a shorter recording", SYSTEM
    told = f"internal error, {type(error).__name__}: {error}; please report it with the output of --debug"
    return told, INTERNAL
