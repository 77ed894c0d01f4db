"""What an exception is for people: one sentence, and the exit code that stands for it."""

from __future__ import annotations

from diffusiontalker.errors import DiffusionTalkerError

INTERNAL, SYSTEM = 70, 71


def sentence(error: Exception) -> tuple[str, int]:
    """(what is wrong and what to do, exit code)."""
    if isinstance(error, DiffusionTalkerError):
        hint = _hint(error)
        return f"{error}; {hint}" if hint else str(error), error.exit_code
    if isinstance(error, OSError):
        return f"{error.filename or 'a file or stream'} cannot be used: {error.strerror or error}", SYSTEM
    if isinstance(error, MemoryError):
        return "there is not enough memory: close other programs, or work on a shorter recording", SYSTEM
    told = f"internal error, {type(error).__name__}: {error}; please report it with the output of --debug"
    return told, INTERNAL


def _hint(error: BaseException) -> str:
    """What a user of the command line can do besides: of the error, or of the one that it was made of."""
    known: BaseException | None = error
    while known is not None:
        if hint := getattr(known, "command_line", ""):
            return hint
        known = known.__cause__
    return ""
