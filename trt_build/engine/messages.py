"""What the libraries say, and what we say instead."""

from __future__ import annotations

import re
from types import ModuleType

from diffusiontalker.errors import EngineError

# Without a GPU every error is followed by complaints about CUDA; the first message is the cause.
_NOISE = re.compile(r"cudaError|CUDA (initialization|error)|error: 35|logger passed into", re.IGNORECASE)

# What a message of the library means. The message itself follows in brackets.
_MEANINGS = (
    (r"same input types|identical types|must have the same type|same data type|Half and Float|Float and Half",
     "the graph mixes float16 and float32 in one node: cast its inputs to one type"),
    (r"no optimization profile has been defined",
     "the graph has a size that is not fixed, and no profile gives its range"),
    (r"invalid optimization profile|profile.{0,40}(invalid|not valid)|min.{0,20}(<=|less).{0,20}opt|MIN > OPT|kMIN",
     "a profile's sizes are not in order: least, usual and greatest must not decrease"),
    (r"dimension mismatch for tensor",
     "a profile does not fit the sizes of the graph"),
    (r"cannot compile operation",
     "the GPUs that were asked for lack an operation of the graph"),
    (r"no importer registered|plugin not found|could not find plugin|unsupported operator|checkFallbackPluginImporter|"
     r"not registered|is not supported|: false$",
     "the graph has an operator that this library does not know"),
    (r"out of memory|insufficient memory|OutOfMemory|cannot allocate",
     "the memory is used up: close other programs, or build fewer or smaller batches"),
    (r"could not find any implementation", "this library has no kernel for a node of the graph: try another version"),
    (r"version tag|magic ?tag|serialization assertion", "this is no plan of the loaded version: build it again"),
    (r"incompatible device|expecting compute", "the plan is for another GPU: build it again on this one"),
    (r"lean runtime|lean library", "this library cannot make version-compatible plans: build without that option"),
)  # fmt: skip


def make_log(trt: ModuleType):
    """The one logger of a library, with the list `errors` of what it said since clear(). It never prints."""

    class Log(trt.ILogger):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.errors: list[str] = []

        def log(self, severity, message: str) -> None:
            if severity <= trt.ILogger.Severity.ERROR:
                self.errors.append(" ".join(str(message).split()))

        def clear(self) -> None:
            self.errors.clear()

    return Log()


_logs: dict[str, object] = {}


def log_of(trt: ModuleType):
    """The library keeps the first logger that it sees, so there is one for the whole process."""
    if trt.__name__ not in _logs:
        _logs[trt.__name__] = make_log(trt)
    return _logs[trt.__name__]


def first_cause(errors: list[str]) -> str:
    """The first message that is not about the missing GPU; "" when there was none."""
    return next((m for m in errors if not _NOISE.search(m)), errors[0] if errors else "")


def engine_error(what: str, errors: list[str]) -> EngineError:
    """what: "denoiser cannot be built", say. errors: messages of the library, oldest first."""
    cause = first_cause(errors)
    if not cause:
        return EngineError(f"{what}: the library gave no reason")
    for pattern, meaning in _MEANINGS:
        if re.search(pattern, cause, re.IGNORECASE):
            return EngineError(f"{what}: {meaning} [{_short(cause)}]")
    return EngineError(f"{what}: {_short(cause)}")


def _short(message: str, limit: int = 300) -> str:
    return message if len(message) <= limit else message[: limit - 3] + "..."
