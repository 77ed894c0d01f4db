"""A contact sheet: frames of an animation with their times, above its curves and the sound."""

from __future__ import annotations

import os

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.head import CLOSED_LIP_OPENING, head_of, in_head_order, lip_opening
from diffusiontalker.io.atomic import atomic_writer
from diffusiontalker.io.sound.reading import Sound, read_audio
from diffusiontalker.ownhead.puppet import Puppet
from diffusiontalker.render.subject import pictures_of
from diffusiontalker.spec.channels import CHANNEL_INDEX

_COLUMNS = 4
_CURVE_HEIGHT, _MARGIN = 150, 14
_PAPER, _INK, _FAINT = (250, 250, 251), (45, 50, 58), (205, 209, 215)
_GAP_COLOR, _JAW_COLOR, _WAVE_COLOR = (24, 95, 165), (214, 108, 24), (190, 198, 208)


def contact_sheet(
    anim,
    path: str | os.PathLike[str],
    n: int = 12,
    size: int = 300,
    view: str = "face",
    audio_path: str | os.PathLike[str] | Sound | None = None,
    force: bool = False,
    puppet: Puppet | None = None,
) -> None:
    """Writes a PNG with n evenly spaced frames, the lip opening and jawOpen over time, and the waveform.
    anim: weights [n_frames, C], channels, fps_num, fps_den.   n: 1..100 pictures.   size: pixels of each.
    audio_path: the sound, which may be open already; None takes anim.audio_path, and leaves the waveform away when
    there is none.
    force: overwrite.   puppet: a character with the same frames, which is drawn instead of the built-in head.
    Raises InputError: no frames, n or size out of range, an unknown view. OutputError: the file cannot be written.
    """
    from PIL import Image, ImageDraw

    _check(anim, n, size)
    n = min(n, len(anim.weights))
    chosen = ((np.arange(n) + 0.5) * len(anim.weights) / n).astype(int)
    columns = min(_COLUMNS, n)
    height = -(-n // columns) * size
    sheet = Image.new("RGB", (columns * size, height + _CURVE_HEIGHT + 2 * _MARGIN), _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = _font(max(11, size // 20))
    pictures = pictures_of(anim, view, puppet).frames(chosen.tolist(), size)
    for i, picture in enumerate(pictures):
        corner = (i % columns * size, i // columns * size)
        sheet.paste(Image.fromarray(picture), corner)
        time = chosen[i] * anim.fps_den / anim.fps_num
        draw.text((corner[0] + 8, corner[1] + 6), f"{time:.2f} s", fill=_INK, font=font)
    if audio_path is None:
        audio_path = getattr(anim, "audio_path", None)
    box = (_MARGIN + 4, height + _MARGIN, columns * size - _MARGIN, height + _MARGIN + _CURVE_HEIGHT)
    _draw_curves(draw, box, anim, chosen, audio_path)
    with atomic_writer(path, force) as f:
        sheet.save(f, "PNG")


def _check(anim, n: int, size: int) -> None:
    if not len(anim.weights):
        raise InputError("the animation has no frames: there is nothing to draw")
    if not 1 <= n <= 100:
        raise InputError(f"the sheet has {n} pictures, expected 1..100")
    if not 64 <= size <= 2048:
        raise InputError(f"the pictures of the sheet are {size} pixels wide, expected 64..2048")


def _font(size: int):
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _draw_curves(draw, box, anim, chosen, audio_path) -> None:
    """Waveform, grid, the closed-mouth line, the two curves and marks at the pictured frames."""
    left, top, right, bottom = box
    n_columns = right - left
    duration = len(anim.weights) * anim.fps_den / anim.fps_num
    if audio_path is not None:
        peaks = _peaks(audio_path, duration, n_columns)
        middle = (top + bottom) / 2
        for i, peak in enumerate(peaks / max(float(peaks.max()), 1e-6)):
            reach = peak * (bottom - top) * 0.48
            draw.line([(left + i, middle - reach), (left + i, middle + reach)], fill=_WAVE_COLOR)
    draw.line([(left, bottom - 4), (right, bottom - 4)], fill=_FAINT)
    for k in chosen.tolist():
        x = left + (k + 0.5) / len(anim.weights) * n_columns
        draw.line([(x, bottom - 1), (x, bottom + 5)], fill=_INK)
    font = _font(12)
    draw.text((right, top), f"0 .. {duration:.2f} s", fill=_INK, font=font, anchor="ra")
    if not any(c in CHANNEL_INDEX for c in anim.channels):
        return  # a character whose targets have other names
    gap, jaw = _curves(anim, head_of(anim), n_columns)
    scale = max(0.25, float(gap.max()), float(jaw.max()) * 1.02)

    def y(value):
        return bottom - 4 - (bottom - top - 8) * np.clip(value / scale, 0, 1)

    for x in range(left, right, 8):
        draw.line([(x, y(CLOSED_LIP_OPENING)), (x + 3, y(CLOSED_LIP_OPENING))], fill=_GAP_COLOR)
    for curve, color in ((jaw, _JAW_COLOR), (gap, _GAP_COLOR)):
        points = list(zip(left + np.arange(n_columns), y(curve), strict=True))
        draw.line(points, fill=color, width=2, joint="curve")
    draw.text((left + 4, top), "lip opening / eye corners (dashes: closed)", fill=_GAP_COLOR, font=font)
    draw.text((left + 250, top), "jawOpen", fill=_JAW_COLOR, font=font)


def _curves(anim, head, n_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Lip opening and jawOpen resampled to n_columns; at most some thousand frames are read from long animations."""
    n = len(anim.weights)
    step = max(1, n // (8 * n_columns))
    rows = in_head_order(head, anim.channels, np.asarray(anim.weights[::step]))
    at = np.linspace(0, n - 1, n_columns)
    frames = np.arange(0, n, step)
    gap = np.interp(at, frames, lip_opening(head, rows))
    return gap, np.interp(at, frames, rows[:, head.channels.index("jawOpen")])


def _peaks(audio_path, duration: float, n_columns: int) -> np.ndarray:
    """Largest absolute sample in each of n_columns equal parts of `duration` seconds, float64 [n_columns]."""
    peaks = np.zeros(n_columns)
    done = 0
    for block, rate in read_audio(audio_path):
        column = ((done + np.arange(len(block))) / (duration * rate) * n_columns).astype(int)
        loud = np.abs(block).max(axis=1)
        inside = column < n_columns
        np.maximum.at(peaks, column[inside], loud[inside])
        done += len(block)
    return peaks
