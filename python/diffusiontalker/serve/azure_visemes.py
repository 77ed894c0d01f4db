"""The viseme numbers of Azure Speech, 0..21, which huggingface/speech-to-speech uses as well."""

from __future__ import annotations

import numpy as np

from diffusiontalker.head import lip_opening, load_head
from diffusiontalker.io.visemes import CLOSED, poses
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX, LIP_CHANNELS

# Oculus shape -> viseme of Azure ("Get facial position with viseme", table of phonemes and visemes). Several numbers of
# Azure show one Oculus mouth; each shape gets the number of its commonest sound in English.
NUMBERS = {
    "sil": 0, "PP": 21, "FF": 18, "TH": 17, "DD": 19, "kk": 20, "CH": 16, "SS": 15, "nn": 19, "RR": 13,
    "aa": 2, "E": 4, "I": 6, "O": 8, "U": 7,
}  # fmt: skip


_MOUTH = [CHANNEL_INDEX[name] for name in (*LIP_CHANNELS, "tongueOut")]
_JAW, _CLOSE = (_MOUTH.index(CHANNEL_INDEX[name]) for name in ("jawOpen", "mouthClose"))
_AT_REST = 0.03  # no mouth channel above this: a mouth that does not speak


def _seen(faces: np.ndarray) -> np.ndarray:
    """What is seen of a mouth: its channels, with the jaw as far as it parts the lips. faces: [n, 52]."""
    mouth = faces[:, _MOUTH]
    # The jaw is what is seen most, so it counts twice: our choice.
    mouth[:, _JAW] = 2 * np.maximum(mouth[:, _JAW] - mouth[:, _CLOSE], 0)
    mouth[:, _CLOSE] = 0
    return mouth


class VisemeTrack:
    """The viseme of each frame of a response: that of the Oculus shape which comes nearest to the mouth, with as much
    of the shape, 0 to 1, as fits best. Lips that are closed are silence, or p, b and m. It takes a fraction of a
    millisecond a hop: io.visemes.shares(), which mixes shapes, takes five."""

    def __init__(self, channels: tuple[str, ...], fps: float):
        self._channels, self._fps = channels, fps
        names, table = poses("oculus")
        self._shut = [names.index("sil"), names.index("PP")]
        self._numbers = [NUMBERS[name] for name in names]
        self._shapes = _seen(np.array(table))
        self._sizes = np.maximum((self._shapes**2).sum(axis=1), 1e-9)
        self._open: tuple[int, int] | None = None  # (viseme, first frame)

    def _nearest(self, weights: np.ndarray) -> np.ndarray:
        faces = np.zeros((len(weights), len(ARKIT_CHANNELS)))
        for k, name in enumerate(self._channels):
            if name in CHANNEL_INDEX:
                faces[:, CHANNEL_INDEX[name]] = weights[:, k]
        mouths = _seen(faces)
        along = mouths @ self._shapes.T
        much = np.clip(along / self._sizes, 0, 1)
        # |mouth - much * shape|^2 but for |mouth|^2, which is the same for all shapes.
        left = much * (much * self._sizes - 2 * along)
        closed = lip_opening(load_head(), faces) <= CLOSED
        left[:, self._shut] = np.inf  # what is open is an open shape, and what is closed a closed one
        shut = np.where(faces[:, _MOUTH].max(axis=1) <= _AT_REST, *self._shut)
        return np.where(closed, shut, left.argmin(axis=1))

    def add(self, first: int, weights: np.ndarray) -> tuple[list[tuple[int, float]], list[tuple[int, float, float]]]:
        """Visemes that began, as (number, begin), and those that ended, as (number, begin, end), in seconds of the
        response.   weights: float32 [n, n_channels] of the frames from `first` on."""
        found = self._nearest(weights)
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
