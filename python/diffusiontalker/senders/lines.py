"""Frames as JSON, one a line: to standard output, or as messages to a WebSocket server."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any, BinaryIO

from diffusiontalker.senders.base import FaceFrame, ThreadedSender
from diffusiontalker.spec.channels import ARKIT_CHANNELS, HEAD_POSE_CHANNELS

SCHEMA = "diffusiontalker.frames/1"
_OPEN_S = 5.0  # for a WebSocket server to answer


def head_line(fps: Fraction, has_pose: bool) -> str:
    """The first line: what the others hold."""
    pose = list(HEAD_POSE_CHANNELS) if has_pose else None
    return _json({"schema": SCHEMA, "fps": float(fps), "channels": list(ARKIT_CHANNELS), "head_pose": pose})


def line(frame: FaceFrame) -> str:
    """weights in the order of `channels`, head_pose in radians."""
    fields: dict[str, Any] = {"frame": frame.index, "time_s": round(frame.time_s, 6)}
    fields["weights"] = [round(w, 4) for w in frame.weights.tolist()]
    if frame.head_pose is not None:
        fields["head_pose"] = [round(angle, 5) for angle in frame.head_pose.tolist()]
    return _json(fields)


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"), allow_nan=False)


class Lines(ThreadedSender):
    """To a file, such as standard output. It is gone when its reader is."""

    MOST_WAITING = 300

    def __init__(self, file: BinaryIO, fps: Fraction, has_pose: bool):
        super().__init__("ndjson -")
        self._file, self._first, self._gone = file, head_line(fps, has_pose), False
        self.start()

    @property
    def is_gone(self) -> bool:
        return self._gone

    def connect(self) -> BinaryIO:
        self._write(self._first)
        return self._file

    def transmit(self, way: BinaryIO, frame: FaceFrame) -> None:
        self._write(line(frame))

    def _write(self, text: str) -> None:
        try:
            self._file.write(text.encode() + b"\n")
            self._file.flush()
        except (OSError, ValueError):
            self._gone = True
            raise


class WebSocketLines(ThreadedSender):
    """To a WebSocket server, which gets the first line and then a frame a message. It connects again by itself."""

    def __init__(self, url: str, fps: Fraction, has_pose: bool):
        super().__init__(f"websocket {url}")
        from websockets.sync.client import connect

        self._connect, self._url, self._first = connect, url, head_line(fps, has_pose)
        self.start()

    def connect(self) -> Any:
        connecting = self._connect(self._url, open_timeout=_OPEN_S, close_timeout=1)
        socket = connecting.__enter__()
        socket.send(self._first)
        return connecting, socket

    def transmit(self, way: Any, frame: FaceFrame) -> None:
        way[1].send(line(frame))

    def disconnect(self, way: Any) -> None:
        way[0].__exit__(None, None, None)
