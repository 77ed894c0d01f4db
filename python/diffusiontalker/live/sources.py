"""Where the sound of a live face comes from. Each runs in a thread of its own and gives blocks at their time."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np

from diffusiontalker.errors import DiffusionTalkerError, InputError, OutputError
from diffusiontalker.io.sound.pcm import RawFormat, pcm

BLOCK_S = 0.02
STALL_S = 0.25
_GAP_S = 0.1  # a sound that comes so much late goes on; behind it silence is filled in
_MOST_MESSAGES = 6000  # that wait: two minutes in pieces of 20 ms
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


class SocketSource(PacedSource):
    """Samples of programs that connect by WebSocket, such as a voice agent, one at a time. What comes faster than it is
    spoken waits; between sentences there is silence, so that the face lives on.
    host: of this machine.   port: 0 takes a free one.   form: of the binary messages.
    A text message {"type": "interrupt"} drops what waits."""

    def __init__(self, host: str, port: int, form: RawFormat):
        super().__init__(self._samples())
        from websockets.sync.server import serve

        self._form, self._waiting, self._busy = form, queue.Queue[bytes](), threading.Lock()
        self._rest = b""
        try:
            # Pages of other hosts have an origin; programs have none.
            self._server = serve(self._take_client, host, port, origins=[None], compression=None, max_size=1 << 20)
        except OSError as e:
            raise OutputError(f"{host}:{port} cannot be listened on: {e.strerror or e}; name another port") from e
        self.port = self._server.socket.getsockname()[1]
        self.n_dropped = 0  # messages that found no room
        threading.Thread(target=self._server.serve_forever, name="socket", daemon=True).start()

    def stop(self) -> None:
        super().stop()
        self._server.shutdown()

    def _take_client(self, connection: Any) -> None:
        if not self._busy.acquire(blocking=False):
            connection.close(1013, "another program speaks: try again later")
            return
        try:
            for message in connection:
                self._take_message(message)
        finally:
            self._busy.release()

    def _take_message(self, message: str | bytes) -> None:
        if isinstance(message, str):
            with contextlib.suppress(ValueError, AttributeError):
                if json.loads(message).get("type") == "interrupt":
                    self._drop()
        elif self._waiting.qsize() < _MOST_MESSAGES:
            self._waiting.put(message)
        else:
            self.n_dropped += 1

    def _drop(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._waiting.get_nowait()

    def _samples(self) -> Iterator[tuple[np.ndarray, int]]:
        form, speaks = self._form, False
        silence = np.zeros(max(1, int(form.rate_hz * BLOCK_S)), np.float32)
        while not self._stopped.is_set():
            try:
                data = self._rest + self._waiting.get(timeout=_GAP_S if speaks else BLOCK_S)
            except queue.Empty:
                speaks, self._rest = False, b""
                yield silence, form.rate_hz
                continue
            speaks = True
            whole = len(data) - len(data) % form.frame_bytes
            self._rest = data[whole:]
            samples = pcm(data[:whole], form.encoding, form.n_channels)
            if len(samples) and np.isfinite(samples).all():
                yield samples, form.rate_hz


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
