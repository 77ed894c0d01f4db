"""The sound played as late as the face, so that lips and voice meet."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from typing import Any

import numpy as np

from diffusiontalker.errors import OutputError
from diffusiontalker.live.sources import BLOCK_S

_SLACK_S = 0.25  # of sound beyond the delay, which two clocks that drift apart may pile up


class Echo:
    """module: sounddevice.   device: as for Microphone.   delay_s: from the sound to its echo."""

    def __init__(self, module: Any, device: int | str | None, rate_hz: int, delay_s: float):
        self._module, self._rate_hz = module, rate_hz
        self._lock = threading.Lock()
        self._blocks: deque[np.ndarray] = deque()
        self._n_waiting = 0
        self.n_gaps = 0  # blocks that were played as silence because nothing was there
        self.n_dropped = 0  # blocks that were left out because too much was there
        try:
            self._stream = module.OutputStream(
                samplerate=rate_hz, blocksize=int(rate_hz * BLOCK_S), device=device, channels=1, dtype="float32",
                latency="low", callback=self._fill,
            )  # fmt: skip
        except (module.PortAudioError, ValueError) as e:
            text = " ".join(str(e).split())
            raise OutputError(f"the sound output cannot be opened: {text}; `live --devices` lists what there is") from e
        self._n_delay = max(0, round((delay_s - float(self._stream.latency)) * rate_hz))

    def start(self) -> None:
        self.add(np.zeros(self._n_delay, np.float32))
        self._stream.start()

    def add(self, samples: np.ndarray) -> None:
        """float32 [n]. Any thread."""
        with self._lock:
            if self._n_waiting > self._n_delay + _SLACK_S * self._rate_hz:
                self.n_dropped += 1
                return
            self._blocks.append(samples)
            self._n_waiting += len(samples)

    def close(self) -> None:
        with contextlib.suppress(self._module.PortAudioError):
            self._stream.close()

    def _fill(self, out: np.ndarray, n: int, _times: Any, _status: Any) -> None:
        done = 0
        with self._lock:
            while done < n and self._blocks:
                block = self._blocks.popleft()
                part = block[: n - done]
                out[done : done + len(part), 0] = part
                done += len(part)
                if len(part) < len(block):
                    self._blocks.appendleft(block[len(part) :])
            self._n_waiting -= done
        out[done:] = 0
        self.n_gaps += done < n
