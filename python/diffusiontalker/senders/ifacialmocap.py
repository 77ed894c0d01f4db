"""iFacialMocap: the text datagrams of the app, which many receivers take (ifacialmocap.com, "for developer")."""

from __future__ import annotations

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.senders.base import FaceFrame
from diffusiontalker.senders.rotations import unity_euler_degrees
from diffusiontalker.senders.udp import UdpSender
from diffusiontalker.spec.channels import ARKIT_CHANNELS

PORT = 49983
_SIGNS = {1: "-", 2: "&"}  # between name and value, by version


def text(weights: np.ndarray, head_pose: np.ndarray | None, version: int = 1) -> str:
    """One frame. Values are whole hundredths, 0..100; names end with _L and _R. There is one `=`, before the head, and
    a `|` at the end. Angles are degrees for Unity's Quaternion.Euler. The gaze is in eyeLook*: the eyes do not turn."""
    sign = _SIGNS[version]
    parts = [
        f"{name.replace('Left', '_L').replace('Right', '_R') if name not in _PLAIN else name}{sign}{value}"
        for name, value in zip(ARKIT_CHANNELS, np.clip(np.rint(weights * 100), 0, 100).astype(int), strict=True)
    ]
    angles = (0.0, 0.0, 0.0) if head_pose is None else unity_euler_degrees(head_pose)
    head = ",".join(f"{angle:.3f}" for angle in angles)
    return "|".join([*parts, f"=head#{head},0,0,0", "rightEye#0,0,0", "leftEye#0,0,0"]) + "|"


# Left and right are directions here, not sides of the face.
_PLAIN = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")


class IFacialMocap(UdpSender):
    """version: 1 or 2 of the format, as the receiver asks the app for."""

    def __init__(self, host: str, port: int, version: int = 1):
        if version not in _SIGNS:
            raise InputError(f"version is {version!r}, expected 1 or 2")
        super().__init__("ifacialmocap", host, port)
        self._version = version

    def datagrams(self, frame: FaceFrame) -> list[bytes]:
        return [text(frame.weights, frame.head_pose, self._version).encode()]
