"""Events of one response: the frames of one utterance in the forms that the client asked for."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from diffusiontalker.api.model import Model
from diffusiontalker.api.stream import Frame
from diffusiontalker.serve import wire
from diffusiontalker.serve.azure_visemes import VisemeTrack
from diffusiontalker.serve.frame_rate import FrameRate, OutFrame
from diffusiontalker.serve.settings import Settings


class Response:
    """number: 1, 2, .. in the session.   first: index of its first frame in the stream."""

    def __init__(self, session_id: str, number: int, first: int, settings: Settings, model: Model):
        self.number, self.first, self.settings, self._model = number, first, settings, model
        self.ids = {
            "response_id": f"resp_{session_id}_{number}",
            "item_id": f"item_{session_id}_{number}",
            "output_index": 0,
            "content_index": 0,
        }
        self.last_sent = first - 1  # of the stream's frames
        self.n_sent = 0  # frames at the client's rate
        self._n_events = 0
        self.sent_at: float | None = None  # when its first frame left, by the loop's clock
        self.began_at: float | None = None  # for pace "due": when its frame 0 was due, by the loop's clock
        self._rate = FrameRate(Fraction(model.fps_num, model.fps_den), settings.fps)
        wants_visemes = {"viseme_id", "visemes"} & set(settings.outputs)
        self._visemes = VisemeTrack(model.channels, model.fps) if wants_visemes else None

    def shown(self, client_frame: int) -> int:
        """The stream's frame that a client shows with its frame `client_frame`."""
        return self.first + int(client_frame * self._rate.step) if client_frame >= 0 else self.first - 1

    def restart(self, shown: int) -> None:
        """The next frame that comes follows the stream's frame `shown`; those sent after it were not shown."""
        self._rate.restart(shown - self.first)
        self.last_sent = shown

    def events(self, frames: Sequence[Frame]) -> list[str | bytes]:
        """Messages for consecutive frames of the stream."""
        layout, out = self.settings.layout, []
        for frame in frames:
            out += self._rate.add(frame.index - self.first, wire.values_of(frame.weights, frame.head_pose, layout))
            self.last_sent = frame.index
        weights = np.stack([frame.weights for frame in frames])
        return self._messages(out) + self._viseme_messages(frames[0].index - self.first, weights)

    def done(self, reason: str) -> list[str | bytes]:
        """Its last messages. reason: `completed` or `interrupted`."""
        found = self._messages(self._rate.end())
        if self._visemes is not None:
            found += self._ended(self._visemes.end(self.last_sent + 1 - self.first))
        kinds = {"blendshapes": "animation_blendshapes", "viseme_id": "animation_viseme"}
        for output, kind in kinds.items():
            if output in self.settings.outputs:
                found.append(self._event(f"response.{kind}.done", n_frames=self.n_sent, reason=reason))
        if "visemes" in self.settings.outputs:
            found.append(self._event("visemes.done", n_frames=self.n_sent, reason=reason))
        return found

    def _messages(self, frames: list[OutFrame]) -> list[str | bytes]:
        if not frames:
            return []
        self.n_sent += len(frames)
        if "blendshapes" not in self.settings.outputs:
            return []
        values, first = np.stack([frame.values for frame in frames]), frames[0].index
        time_s = float(first / self.settings.fps)
        if self.settings.format == "binary":
            return [wire.binary_frames(self.number, first, time_s, values)]
        return [
            self._event(
                "response.animation_blendshapes.delta",
                frame_index=first,
                time_s=round(time_s, 6),
                frames=wire.rows(values),
            )
        ]

    def _viseme_messages(self, first: int, weights: np.ndarray) -> list[str | bytes]:
        if self._visemes is None:
            return []
        begun, ended = self._visemes.add(first, weights)
        found: list[str | bytes] = []
        if "viseme_id" in self.settings.outputs:
            found += [
                self._event("response.animation_viseme.delta", viseme_id=number, audio_offset_ms=round(begin * 1000))
                for number, begin in begun
            ]
        return found + self._ended(ended)

    def _ended(self, ended: list[tuple[int, float, float]]) -> list[str | bytes]:
        """In the form of huggingface/speech-to-speech."""
        if not ended or "visemes" not in self.settings.outputs:
            return []
        visemes = [{"viseme": n, "timestamp": [round(begin, 4), round(end, 4)]} for n, begin, end in ended]
        return [self._event("visemes", visemes=visemes)]

    def _event(self, kind: str, **fields: Any) -> str:
        self._n_events += 1
        event_id = f"event_{self.number}_{self._n_events}"
        return wire.json_text({"type": kind, "event_id": event_id, **self.ids, **fields})
