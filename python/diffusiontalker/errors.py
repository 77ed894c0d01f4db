"""The exceptions of the package; each message is one sentence that says what is wrong and what to do."""

from __future__ import annotations


class DiffusionTalkerError(Exception):
    """Base of all errors raised on purpose. exit_code: what the command line ends with.   command_line: a clause for
    its users that names options; programs and the server leave it away."""

    exit_code = 1

    def __init__(self, *args: object, command_line: str = ""):
        super().__init__(*args)
        self.command_line = command_line


class InputError(DiffusionTalkerError, ValueError):
    """Audio or an argument that cannot be used: missing file, NaN samples, unknown identity."""

    exit_code = 3


class BundleError(DiffusionTalkerError):
    """A bundle that is missing, damaged or of a newer format."""

    exit_code = 4


class BackendError(DiffusionTalkerError):
    """A backend that is not installed or cannot run on this machine."""

    exit_code = 5


class EngineError(BackendError):
    """TensorRT engines that cannot be built, or are missing, damaged or made for something else."""


class OutputError(DiffusionTalkerError):
    """An output that cannot be written: no such folder, exists already, disk full."""

    exit_code = 6


class StreamClosedError(DiffusionTalkerError):
    """Audio pushed into a stream after flush()."""


class BufferFullError(DiffusionTalkerError):
    """Audio pushed faster than frames are pulled."""


class StaleUtteranceError(DiffusionTalkerError):
    """Audio of an utterance that interrupt(), reset() or seek() ended. Stream.push() and flush() return False then."""


class BusyError(DiffusionTalkerError):
    """Used in a way that another thread or object excludes just now: two threads push, a stream in two schedulers."""


class UnsupportedError(DiffusionTalkerError):
    """This bundle or backend cannot do it: enrolment without a style encoder, frames on a device that is none."""

    exit_code = 3


class InternalError(DiffusionTalkerError):
    """A fault of the library; worth a bug report."""

    exit_code = 70


# dt_status of csrc/include/dt/base.h -> exception class; the native module raises through this table.
STATUS_TO_ERROR: dict[int, type[DiffusionTalkerError]] = {
    -1: InputError,
    -2: InputError,
    -3: BundleError,
    -4: BackendError,
    -5: BufferFullError,
    -6: StreamClosedError,
    -7: InternalError,
    -8: InternalError,
    -9: BusyError,
    -10: UnsupportedError,
    -11: StaleUtteranceError,
}
