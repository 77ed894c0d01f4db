"""Frames of a live face for programs that show one: Unreal, VMC receivers, VTube Studio and others (docs/live.md).

A sender never raises and never waits once it is made: what cannot be sent is counted as lost."""

from diffusiontalker.senders.base import FaceFrame, FaceFrames, Sender
from diffusiontalker.senders.opening import KINDS, open_sender

__all__ = ["KINDS", "FaceFrame", "FaceFrames", "Sender", "open_sender"]
