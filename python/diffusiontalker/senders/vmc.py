"""VMC protocol over OSC: VSeeFace, Warudo, VNyan, VirtualMotionCapture and others (protocol.vmc.info)."""

from __future__ import annotations

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.visemes import poses, shares
from diffusiontalker.senders import osc
from diffusiontalker.senders.base import FaceFrame
from diffusiontalker.senders.rotations import unity_quaternion
from diffusiontalker.senders.udp import UdpSender
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX

PORT = 39539  # of the receiver that shows the avatar (Marionette)
MOST_BYTES = 1400  # of a datagram, below the 1500 bytes of an Ethernet frame
NAMES = ("perfect-sync", "vrm1-arkit", "vrm0", "vrm1")
_VRM0 = {"aa": "A", "ih": "I", "ou": "U", "ee": "E", "oh": "O"}
_BLINKS = {"vrm0": ("Blink_L", "Blink_R"), "vrm1": ("blinkLeft", "blinkRight")}


def blendshapes(weights: np.ndarray, names: str) -> list[tuple[str, float]]:
    """(name, value) of a frame. weights: float [52].   names: `perfect-sync`, the 52 ARKit names as clips of Perfect
    Sync have them (JawOpen); `vrm1-arkit`, the same as VRM 1 expressions (jawOpen); `vrm0` and `vrm1`, the five vowels
    and the blinks that every VRM avatar has."""
    if names == "perfect-sync":
        return [(name[0].upper() + name[1:], float(w)) for name, w in zip(ARKIT_CHANNELS, weights, strict=True)]
    if names == "vrm1-arkit":
        return [(name, float(w)) for name, w in zip(ARKIT_CHANNELS, weights, strict=True)]
    shapes, _ = poses("vrm")
    share = shares("vrm", np.asarray(weights, np.float64)[None])[0]
    vowels = {shape: float(s) for shape, s in zip(shapes, share, strict=True) if shape in _VRM0}
    found = [(_VRM0[shape] if names == "vrm0" else shape, value) for shape, value in vowels.items()]
    blinks = (weights[CHANNEL_INDEX["eyeBlinkLeft"]], weights[CHANNEL_INDEX["eyeBlinkRight"]])
    return found + [(name, float(w)) for name, w in zip(_BLINKS[names], blinks, strict=True)]


class Vmc(UdpSender):
    """names: one of NAMES.   head: send the rotation of the head bone as well. Its position is sent as 0, so this is
    for receivers that take rotations only."""

    def __init__(self, host: str, port: int, names: str = "perfect-sync", head: bool = False):
        if names not in NAMES:
            raise InputError(f"names is {names!r}, expected one of {', '.join(NAMES)}")
        super().__init__("vmc", host, port)
        self._names, self._head = names, head

    def datagrams(self, frame: FaceFrame) -> list[bytes]:
        messages = [
            osc.message("/VMC/Ext/Blend/Val", name, value) for name, value in blendshapes(frame.weights, self._names)
        ]
        messages.append(osc.message("/VMC/Ext/Blend/Apply"))
        if self._head and frame.head_pose is not None:
            turn = unity_quaternion(frame.head_pose)
            messages.append(osc.message("/VMC/Ext/Bone/Pos", "Head", 0.0, 0.0, 0.0, *turn))
        messages += [osc.message("/VMC/Ext/OK", 1), osc.message("/VMC/Ext/T", float(frame.time_s))]
        return osc.bundles(messages, MOST_BYTES)
