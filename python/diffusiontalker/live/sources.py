"""Where the sound of a live face comes from. Each runs in a thread of its own and gives blocks at their time."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np

from diffusiontalker.errors import DiffusionTalkerError, InputError
from diffusiontalker.io.sound.pcm import RawFormat, pcm

BLOCK_S = 0.02
STALL_S = 0.25
Take = Callable[[np.ndarray, int], None]  # receives float32 [n] or [n, channels] and its rate in Hz


class Source:
    """start() once; `over` is set when no more sound comes; `error` says why, where it was not the end."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.error: str | None = None

    def start(self, take: Take) -> None:
        """take: called with blocks, from one thread at a time."""
        raise NotImplementedError

    def stop(self) -> None:
        """No block comes after it, but one that is on its way."""


class PacedSource(Source):
    """Blocks that are there sooner than they are spoken: each is given at its time, by the machine's clock."""

    def __init__(self, blocks: Iterator[tuple[np.ndarray, int]]):
        super().__init__()
        self._blocks = blocks
        self._stopped = threading.Event()

    def start(self, take: Take) -> None:
        threading.Thread(target=self._run, args=(take,), name="sound", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self, take: Take) -> None:
        try:
            self._give(take)
        except (DiffusionTalkerError, OSError) as e:
            self.error = str(e)
        finally:
            self.over.set()

    def _give(self, take: Take) -> None:
        began, given_s = time.monotonic(), 0.0
        for block, rate in self._blocks:
            step = max(1, int(rate * BLOCK_S))
            for start in range(0, len(block), step):
                piece = block[start : start + step]
                given_s += len(piece) / rate
                late_s = time.monotonic() - (began + given_s)
                if late_s > STALL_S:  # the sound stood still, as where a synthesiser thinks; less is made up for
                    began += late_s
                if self._stopped.wait(max(0.0, -late_s)):
                    return
                take(piece, rate)


def pipe_source(file: BinaryIO, form: RawFormat) -> PacedSource:
    """Samples without a header, such as a synthesiser writes them into a pipe. file: read as it comes."""
    return PacedSource(_pipe_blocks(file, form))


def _pipe_blocks(file: BinaryIO, form: RawFormat) -> Iterator[tuple[np.ndarray, int]]:
    n_bytes, rest = max(1, int(form.rate_hz * BLOCK_S)) * form.frame_bytes, b""
    read = getattr(file, "read1", file.read)  # what is there, without waiting for the rest of a block
    while data := read(n_bytes):
        data = rest + data
        whole = len(data) - len(data) % form.frame_bytes
        rest = data[whole:]
        if whole:
            yield pcm(data[:whole], form.encoding, form.n_channels), form.rate_hz


class Microphone(Source):
    """module: sounddevice.   device: number or part of its name; None: the system's.   rate_hz: None: the device's."""

    def __init__(self, module: Any, device: int | str | None, rate_hz: int | None):
        super().__init__()
        self._module = module
        self._take: Take | None = None
        self.n_overflows = 0  # blocks that the system lost
        try:
            found = module.query_devices(device, "input")
            self.rate_hz = int(rate_hz or found["default_samplerate"])
            self._stream = module.InputStream(
                samplerate=self.rate_hz, blocksize=int(self.rate_hz * BLOCK_S), device=device, channels=1,
                dtype="float32", latency="low", callback=self._block, finished_callback=self.over.set,
            )  # fmt: skip
        except (module.PortAudioError, ValueError) as e:
            raise InputError(
                f"the microphone cannot be opened: {_line(e)}; `live --devices` lists what there is"
            ) from e
        self.name = found["name"]

    def start(self, take: Take) -> None:
        self._take = take
        self._stream.start()

    def stop(self) -> None:
        with contextlib.suppress(self._module.PortAudioError):
            self._stream.close()
        self.over.set()

    def _block(self, data: np.ndarray, _n: int, _times: Any, status: Any) -> None:
        if status and status.input_overflow:
            self.n_overflows += 1
        if self._take is not None:
            self._take(data[:, 0].copy(), self.rate_hz)


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
