"""The viseme numbers of Azure Speech, 0..21, which huggingface/speech-to-speech uses as well."""

from __future__ import annotations

import numpy as np

from diffusiontalker.io.visemes import arkit_weights, poses, shares

# Oculus shape -> viseme of Azure ("Get facial position with viseme", table of phonemes and visemes). Several numbers of
# Azure show one Oculus mouth; each shape gets the number of its commonest sound in English.
NUMBERS = {
    "sil": 0, "PP": 21, "FF": 18, "TH": 17, "DD": 19, "kk": 20, "CH": 16, "SS": 15, "nn": 19, "RR": 13,
    "aa": 2, "E": 4, "I": 6, "O": 8, "U": 7,
}  # fmt: skip


class VisemeTrack:
    """The viseme of each frame of a response: that with the largest share in the mouth."""

    def __init__(self, channels: tuple[str, ...], fps: float):
        self._channels, self._fps = channels, fps
        names, _ = poses("oculus")
        self._numbers = [NUMBERS[name] for name in names]
        self._open: tuple[int, int] | None = None  # (viseme, first frame)

    def add(self, first: int, weights: np.ndarray) -> tuple[list[tuple[int, float]], list[tuple[int, float, float]]]:
        """Visemes that began, as (number, begin), and those that ended, as (number, begin, end), in seconds of the
        response.   weights: float32 [n, n_channels] of the frames from `first` on."""
        found = shares("oculus", arkit_weights(self._channels, weights)).argmax(axis=1)
        begun, ended = [], []
        for index, shape in enumerate(found, first):
            number = self._numbers[int(shape)]
            if self._open is None or self._open[0] != number:
                ended += self.end(index)
                self._open = (number, index)
                begun.append((number, index / self._fps))
        return begun, ended

    def end(self, index: int) -> list[tuple[int, float, float]]:
        """The one that lasts, when it ends with the frame before `index`."""
        if self._open is None:
            return []
        number, begin = self._open
        self._open = None
        return [(number, begin / self._fps, index / self._fps)]
