"""Live Link of Unreal Engine 5: the datagrams of the Live Link Face app, version 6.

Source of the layout: Epic's AppleARKit plug-in (AppleARKitLiveLinkSource.cpp), which reads them. All numbers are
big-endian."""

from __future__ import annotations

import struct
import time
from fractions import Fraction

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.senders.base import FaceFrame
from diffusiontalker.senders.udp import UdpSender
from diffusiontalker.spec.channels import ARKIT_CHANNELS

PORT = 11111
_VERSION = 6
_N_VALUES = len(ARKIT_CHANNELS) + 9  # and yaw, pitch, roll of the head, the left and the right eye
_MAX_TEXT = 256  # bytes of the device id, and of the subject's name
_MAX_FRAME = 2**31


def packet(
    weights: np.ndarray, head_pose: np.ndarray | None, frame: int, fps: Fraction, device_id: str, subject: str
) -> bytes:
    """One datagram. weights: float [52], order of ARKIT_CHANNELS, which is that of the packet (jawLeft before jawRight;
    the CSV of the app has them the other way round).   head_pose: yaw, pitch, roll in radians; the gaze is in eyeLook*,
    so the rotations of the eyes are 0.   frame: number of the frame, of the timecode.   Raises InputError for names
    that are too long."""
    texts = b""
    for what, text in (("device id", device_id), ("subject", subject)):
        data = text.encode()
        if not 0 < len(data) <= _MAX_TEXT:
            raise InputError(f"the {what} of Live Link has {len(data)} bytes, expected 1..{_MAX_TEXT}")
        texts += struct.pack(">i", len(data)) + data
    values = np.zeros(_N_VALUES, ">f4")
    values[: len(ARKIT_CHANNELS)] = weights
    if head_pose is not None:
        values[len(ARKIT_CHANNELS) : len(ARKIT_CHANNELS) + 3] = head_pose
    # The time of the frame: whole frames and, as a float, the part of one.
    when = struct.pack(">ifii", frame % _MAX_FRAME, 0.0, fps.numerator, fps.denominator)
    return bytes([_VERSION]) + texts + when + bytes([_N_VALUES]) + values.tobytes()


def frame_of_day(fps: Fraction) -> int:
    """Frames since midnight, local time, as the app counts them: recordings then have the timecode of the day."""
    now = time.localtime()
    return int((now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec) * fps)


class LiveLink(UdpSender):
    """host, port: of the machine that runs Unreal.   subject: its name in the Live Link panel."""

    def __init__(self, host: str, port: int, fps: Fraction, subject: str = "DiffusionTalker"):
        # Any text does; the app sends an upper-case UUID of 36 characters.
        self._device_id, self._subject, self._fps = "D1FF0510-7A1C-4E2B-9C3D-000000000001", subject, fps
        packet(np.zeros(len(ARKIT_CHANNELS)), None, 0, fps, self._device_id, subject)
        super().__init__("live-link", host, port)
        self._first = frame_of_day(fps)

    def datagrams(self, frame: FaceFrame) -> list[bytes]:
        at = self._first + frame.index
        return [packet(frame.weights, frame.head_pose, at, self._fps, self._device_id, self._subject)]
