"""What every sender is, and the frames that it is given."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from diffusiontalker.errors import UnsupportedError
from diffusiontalker.spec.channels import ARKIT_CHANNELS


@dataclass(frozen=True)
class FaceFrame:
    """index: since the start.   time_s: of its sound, since the start.   weights: float32 [52], in the order of
    ARKIT_CHANNELS.   head_pose: float32 [3] as Animation.head_pose, or None."""

    index: int
    time_s: float
    weights: np.ndarray
    head_pose: np.ndarray | None = None


class FaceFrames:
    """Makes FaceFrames of a model's frames. channels: of the model. Raises UnsupportedError: they are not ARKit's."""

    def __init__(self, channels: tuple[str, ...]):
        unknown = [name for name in channels if name not in ARKIT_CHANNELS]
        if unknown or not channels:
            raise UnsupportedError(
                "live frames are ARKit blendshapes, and this bundle moves something else: choose another"
            )
        self._at = np.array([ARKIT_CHANNELS.index(name) for name in channels])

    def of(self, index: int, time_s: float, weights: np.ndarray, head_pose: np.ndarray | None) -> FaceFrame:
        """weights: float32 [n_channels] in the model's order."""
        all_52 = np.zeros(len(ARKIT_CHANNELS), np.float32)
        all_52[self._at] = weights
        return FaceFrame(index, time_s, all_52, head_pose)


class Sender:
    """name: for people, such as `vmc 127.0.0.1:39539`. One thread sends; the numbers may be read by any."""

    def __init__(self, name: str):
        self.name = name
        self.n_sent = 0
        self.n_lost = 0
        self.state = ""  # for people, where it has something to say, such as "not connected"

    @property
    def is_gone(self) -> bool:
        """Whether nothing will be taken any more, whatever happens."""
        return False

    def send(self, frame: FaceFrame) -> None:
        """Never raises and never waits."""
        raise NotImplementedError

    def close(self) -> None:
        """Waits for nothing longer than a second."""


class ThreadedSender(Sender):
    """Sends from a thread of its own, because what it sends through may wait. The newest frames count: when they come
    faster than they leave, the oldest are lost."""

    MOST_WAITING = 8
    FIRST_WAIT_S, LAST_WAIT_S = 0.5, 8.0  # between two attempts to connect

    def __init__(self, name: str):
        super().__init__(name)
        self._frames: deque[FaceFrame] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def send(self, frame: FaceFrame) -> None:
        with self._changed:
            self._frames.append(frame)
            while len(self._frames) > self.MOST_WAITING:
                self._frames.popleft()
                self.n_lost += 1
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(1)

    # ---- For the sender itself ----

    def connect(self) -> Any:
        """In the thread: opens the way out. May raise any Exception; it is tried again later."""
        raise NotImplementedError

    def transmit(self, way: Any, frame: FaceFrame) -> None:
        """In the thread. Raises when the way is gone."""
        raise NotImplementedError

    def disconnect(self, way: Any) -> None:
        """In the thread; may raise."""

    def _work(self) -> None:
        wait_s = self.FIRST_WAIT_S
        while not self._closing:
            way = None
            try:
                way = self.connect()
                self.state, wait_s = "", self.FIRST_WAIT_S
                while (frame := self._next()) is not None:
                    self._transmit(way, frame)
            except Exception as e:
                self.state = f"not connected: {e}" if str(e) else f"not connected: {type(e).__name__}"
            finally:
                self._leave(way)
            if self.is_gone or self._closing:
                return
            self._wait(wait_s)
            wait_s = min(2 * wait_s, self.LAST_WAIT_S)

    def _transmit(self, way: Any, frame: FaceFrame) -> None:
        try:
            self.transmit(way, frame)
        except BaseException:
            self.n_lost += 1
            raise
        self.n_sent += 1

    def _leave(self, way: Any) -> None:
        if way is not None:
            try:
                self.disconnect(way)
            except Exception as e:
                self.state = self.state or f"not connected: {e}"

    def _next(self) -> FaceFrame | None:
        with self._changed:
            while not self._frames:
                if self._closing:
                    return None
                self._changed.wait()
            return self._frames.popleft()

    def _wait(self, seconds: float) -> None:
        """Or until close()."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing, seconds)
