"""Two takes side by side: a sheet with frames and curves, a video, a page."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.atomic import atomic_writer
from diffusiontalker.io.sound.reading import Sound
from diffusiontalker.render.lanes import lanes_of
from diffusiontalker.render.page import Take
from diffusiontalker.render.subject import pictures_of
from diffusiontalker.render.video import write_frames

_LANE_HEIGHT, _MARGIN = 90, 14
_PAPER, _INK, _FAINT = (250, 250, 251), (45, 50, 58), (205, 209, 215)
_COLORS = ((24, 95, 165), (214, 108, 24), (43, 138, 87), (138, 79, 176))
_DASH, _GAP = 5, 4  # pixels of the curves of the second take


class SideBySide:
    """Frames of two takes at the same moments of time."""

    def __init__(self, takes: Sequence[Take], view: str):
        """takes: two.   view: as for contact_sheet()."""
        for take in takes:
            if not len(take.anim.weights):
                raise InputError("an animation has no frames: there is nothing to draw")
        self.takes = takes
        self.rate = rate_of(takes[0])
        self._pictures = [pictures_of(take.anim, view, take.puppet) for take in takes]
        # Frames of the first take's rate until the last of both.
        self.n_frames = max(round((len(t.anim.weights) / rate_of(t) - Fraction(t.offset_s)) * self.rate) for t in takes)

    def frames(self, numbers: Sequence[int] | range, size: int) -> Iterator[list[np.ndarray]]:
        """A picture of each take for frames of the first one's rate; the last frame stays."""
        streams = [p.frames(self._numbers(t, numbers), size) for t, p in zip(self.takes, self._pictures, strict=True)]
        for both in zip(*streams, strict=True):
            yield list(both)

    def _numbers(self, take: Take, numbers: Sequence[int] | range) -> Iterator[int]:
        rate, n = rate_of(take), len(take.anim.weights)
        for k in numbers:
            yield min(n - 1, max(0, round((k / self.rate + Fraction(take.offset_s)) * rate)))


def rate_of(take: Take) -> Fraction:
    return Fraction(take.anim.fps_num, take.anim.fps_den)


def comparison_sheet(
    takes: Sequence[Take],
    path: str | os.PathLike[str],
    n: int = 6,
    size: int = 220,
    view: str = "face",
    force: bool = False,
) -> None:
    """Writes a PNG: n evenly spaced moments, the first take above the second, and the curves of both, those of the
    second dashed.   takes: two.   Raises InputError: no frames, an unknown view. OutputError: it cannot be written."""
    from PIL import Image, ImageDraw, ImageFont

    both = SideBySide(takes, view)
    n = min(n, both.n_frames)
    chosen = ((np.arange(n) + 0.5) * both.n_frames / n).astype(int).tolist()
    lanes = lanes_of([take.anim for take in takes], lambda values: values)
    width, top = n * size, 2 * size
    sheet = Image.new("RGB", (width, top + _LANE_HEIGHT * len(lanes) + 2 * _MARGIN), _PAPER)
    draw, font, small = ImageDraw.Draw(sheet), ImageFont.load_default(14), ImageFont.load_default(12)
    for column, pictures in enumerate(both.frames(chosen, size)):
        for row, picture in enumerate(pictures):
            sheet.paste(Image.fromarray(picture), (column * size, row * size))
        draw.text((column * size + 8, 6), f"{float(chosen[column] / both.rate):.2f} s", fill=_INK, font=font)
    for row, take in enumerate(takes):
        draw.text((8, (row + 1) * size - 24), take.name, fill=_INK, font=font)
    for i, lane in enumerate(lanes):
        box = (_MARGIN, top + _MARGIN + i * _LANE_HEIGHT, width - _MARGIN, top + _MARGIN + (i + 1) * _LANE_HEIGHT)
        _draw_lane(draw, box, lane, both, small)
    with atomic_writer(path, force) as f:
        sheet.save(f, "PNG")


def _draw_lane(draw, box, lane: dict, both: SideBySide, font) -> None:
    left, top, right, bottom = box
    low, high = lane["range"]
    seconds = float(both.n_frames / both.rate)

    def y(values):
        return bottom - 6 - (bottom - top - 26) * (np.asarray(values) - low) / (high - low)

    draw.line([(left, y(0)), (right, y(0))], fill=_FAINT)
    at = left + 4
    for i, curve in enumerate(lane["curves"]):
        color = _COLORS[i % len(_COLORS)]
        for t, (take, values) in enumerate(zip(both.takes, curve["values"], strict=True)):
            if values is None:
                continue
            times = np.arange(len(values)) / float(rate_of(take)) - take.offset_s
            x = np.arange(left, right)
            line = np.interp((x - left) / (right - left) * seconds, times, values)
            points = list(zip(x.tolist(), y(line).tolist(), strict=True))
            for begin in range(0, len(points), _DASH + _GAP) if t else [0]:
                draw.line(points[begin : begin + _DASH] if t else points, fill=color, width=2)
        draw.text((at, top + 2), curve["name"], fill=color, font=font)
        at += int(draw.textlength(curve["name"], font=font)) + 16


def comparison_video(
    takes: Sequence[Take],
    audio_path: str | os.PathLike[str] | Sound | None,
    path: str | os.PathLike[str],
    size: int = 480,
    view: str = "front",
    force: bool = False,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Writes an MP4 with the two takes side by side, at the first one's rate.
    takes: two.   audio_path, size (of each), view, force, progress and errors: as for write_video()."""
    from PIL import Image, ImageDraw, ImageFont

    both = SideBySide(takes, view)
    font = ImageFont.load_default(16)

    def pictures() -> Iterator[np.ndarray]:
        for pair in both.frames(range(both.n_frames), size):
            image = Image.fromarray(np.hstack(pair))
            for i, take in enumerate(takes):
                ImageDraw.Draw(image).text((i * size + 10, 8), take.name, fill=_INK, font=font)
            yield np.asarray(image)

    write_frames(pictures(), both.n_frames, both.rate, (2 * size, size), audio_path, path, force, progress)
