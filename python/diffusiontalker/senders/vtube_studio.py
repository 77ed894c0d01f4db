"""VTube Studio: its public API over WebSocket (github.com/DenchiSoft/VTubeStudio). The user allows the plug-in once, in
VTube Studio; the token that it gives then is kept."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from diffusiontalker.senders.base import FaceFrame, ThreadedSender
from diffusiontalker.senders.rotations import unity_euler_degrees
from diffusiontalker.spec.channels import CHANNEL_INDEX

PORT = 8001
PLUGIN = {"pluginName": "DiffusionTalker", "pluginDeveloper": "DiffusionTalker"}
_ANSWER_S = 5.0
_ALLOW_S = 120.0  # for the user to allow the plug-in


def parameters(weights: np.ndarray, head_pose: np.ndarray | None) -> dict[str, float]:
    """VTube Studio's own tracking parameters of a frame, by its documentation: mouth, brows and eyes 0..1 (smile and
    brows 0.5 at rest), gaze and the side of the mouth -1..1, angles in degrees.   weights: float [52]."""

    def of(*names: str) -> float:
        return float(sum(weights[CHANNEL_INDEX[name]] for name in names)) / len(names)

    smile = of("mouthSmileLeft", "mouthSmileRight") - of("mouthFrownLeft", "mouthFrownRight")
    brows = {side: of("browInnerUp", f"browOuterUp{side}") - of(f"browDown{side}") for side in ("Left", "Right")}
    found = {
        # Lips that are pressed over an open jaw are closed: mouthClose takes the jaw back.
        "MouthOpen": _share(of("jawOpen") - of("mouthClose")),
        "MouthSmile": _share(0.5 + 0.5 * smile),
        "MouthX": max(-1.0, min(1.0, of("mouthRight") - of("mouthLeft"))),
        "TongueOut": _share(of("tongueOut")),
        "CheekPuff": _share(of("cheekPuff")),
        "Brows": _share(0.5 + 0.25 * (brows["Left"] + brows["Right"])),
        "BrowLeftY": _share(0.5 + 0.5 * brows["Left"]),
        "BrowRightY": _share(0.5 + 0.5 * brows["Right"]),
        "EyeOpenLeft": _share(1 - of("eyeBlinkLeft")),
        "EyeOpenRight": _share(1 - of("eyeBlinkRight")),
        "EyeLeftX": of("eyeLookInLeft") - of("eyeLookOutLeft"),
        "EyeLeftY": of("eyeLookUpLeft") - of("eyeLookDownLeft"),
        "EyeRightX": of("eyeLookOutRight") - of("eyeLookInRight"),
        "EyeRightY": of("eyeLookUpRight") - of("eyeLookDownRight"),
    }
    if head_pose is not None:
        pitch, yaw, roll = unity_euler_degrees(head_pose)
        found |= {"FaceAngleX": yaw, "FaceAngleY": -pitch, "FaceAngleZ": roll}
    return found


def _share(value: float) -> float:
    return max(0.0, min(1.0, value))


def token_file() -> Path:
    """Where the token is kept."""
    base = os.environ.get("APPDATA") or os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "diffusiontalker" / "vtube-studio-token"


class VTubeStudio(ThreadedSender):
    """say: called with lines for people."""

    MOST_WAITING = 2

    def __init__(self, host: str, port: int, say: Callable[[str], None] = lambda _line: None):
        super().__init__(f"vtube-studio {host}:{port}")
        from websockets.sync.client import connect

        self._connect, self._url, self._say = connect, f"ws://{host}:{port}", say
        self.start()

    def connect(self) -> Any:
        connecting = self._connect(self._url, open_timeout=_ANSWER_S, close_timeout=1)
        socket = connecting.__enter__()
        try:
            self._authenticate(socket)
        except BaseException:
            connecting.__exit__(None, None, None)
            raise
        return connecting, socket

    def _authenticate(self, socket: Any) -> None:
        """With the token that is kept, or a new one, which the user allows."""
        file = token_file()
        with contextlib.suppress(OSError, UnicodeDecodeError):
            token = file.read_text(encoding="ascii").strip()
            if token and self._has_access(socket, token):
                return
        self._say("VTube Studio asks whether DiffusionTalker may control the model: click Allow there")
        answer = self._ask(socket, "AuthenticationTokenRequest", PLUGIN, _ALLOW_S)
        token = str(answer["authenticationToken"])
        if not self._has_access(socket, token):
            raise ConnectionError("VTube Studio does not take the token that it gave")
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as f:
                f.write(token)

    def _has_access(self, socket: Any, token: str) -> bool:
        answer = self._ask(socket, "AuthenticationRequest", {**PLUGIN, "authenticationToken": token}, _ANSWER_S)
        return bool(answer.get("authenticated"))

    def _ask(self, socket: Any, kind: str, data: dict[str, Any], wait_s: float) -> dict[str, Any]:
        socket.send(request(kind, data))
        answer = json.loads(socket.recv(timeout=wait_s))
        if answer.get("messageType") == "APIError":
            raise ConnectionError(f"VTube Studio refuses: {answer['data'].get('message', 'no reason given')}")
        return answer.get("data", {})

    def transmit(self, way: Any, frame: FaceFrame) -> None:
        values = [{"id": name, "value": value} for name, value in parameters(frame.weights, frame.head_pose).items()]
        self._ask(
            way[1],
            "InjectParameterDataRequest",
            {"faceFound": True, "mode": "set", "parameterValues": values},
            _ANSWER_S,
        )

    def disconnect(self, way: Any) -> None:
        way[0].__exit__(None, None, None)


def request(kind: str, data: dict[str, Any]) -> str:
    return json.dumps({
        "apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0", "requestID": f"diffusiontalker-{kind}",
        "messageType": kind, "data": data,
    })  # fmt: skip
