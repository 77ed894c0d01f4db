"""Pictures beside the numbers: six measures of real and rendered faces over one sentence, a mouth per phone, shares."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from diffusiontalker.head import LIP_MEASURES, load_head
from training.eval.face.clip import Clip, rendered
from training.eval.recordings import Recording
from training.eval.scores_speech import BILABIAL

MOST_FACES = 4
_COLUMNS, _TOKENS = 4, 3
_COLORS = 128  # of the sheet of mouths, which is skin and lips: a third of the bytes
_PHONE_ORDER = (
    "P B M F V W UW R AO OW OY AA AE AY AW AH EH EY ER IH IY UH S Z SH CH JH ZH TH DH T D N L K G NG HH Y".split()
)


def draw_pictures(
    out: Path, recordings: list[Recording], motion: dict[str, list[np.ndarray]], real: list[Clip], shown: int
) -> None:
    """measures.png of the recording `shown`, mouths.png of the first face. motion: label -> weights per recording."""
    if not motion:
        return
    recording = recordings[shown]
    faces = {label: rendered(recording, clips[shown]) for label, clips in list(motion.items())[:MOST_FACES]}
    plot_measures(out / "measures.png", recording, faces, next((c for c in real if c.name == recording.name), None))
    label, first = next(iter(motion.items()))
    draw_mouths(out / "mouths.png", [rendered(r, w) for r, w in zip(recordings, first, strict=True)], label)


def plot_measures(file: Path, recording: Recording, faces: dict[str, Clip], real: Clip | None) -> None:
    """The six measures of one recording, less those at rest but for the opening, in outer-canthal distances; the real
    face black, p/b/m shaded, phones above."""
    figure, axes = plt.subplots(len(LIP_MEASURES), 1, figsize=(11, 11), sharex=True)
    curves = ({"tracked face": real} if real is not None else {}) | faces
    for k, (axis, name) in enumerate(zip(axes, LIP_MEASURES, strict=True)):
        for n, (label, clip) in enumerate(curves.items()):
            reference = np.median(clip.measures, axis=0) if clip.rest is None else clip.rest
            curve = clip.measures[:, k] - (reference[k] if name != "opening" else 0)
            style = {"color": "black", "linewidth": 2} if clip is real else {"color": f"C{n}", "linewidth": 1.3}
            axis.plot(clip.times, curve, label=label, **style)
        for phone, start, end in recording.phones:
            if phone in BILABIAL:
                axis.axvspan(start, end, color="tab:blue", alpha=0.15, linewidth=0)
            if k == 0 and phone != "SIL":
                axis.annotate(
                    phone, ((start + end) / 2, 1.02), xycoords=("data", "axes fraction"), fontsize=7, ha="center"
                )
        axis.set_ylabel(name if name == "opening" else f"{name} - rest")
        axis.grid(alpha=0.25)
    axes[0].legend(fontsize=8, loc="upper right")
    axes[0].set_title(f"{recording.name}: outer-canthal distances\n", fontsize=10)
    axes[-1].set_xlabel("seconds; p b m shaded")
    figure.tight_layout()
    figure.savefig(file, dpi=100)
    plt.close(figure)


def draw_mouths(file: Path, clips: list[Clip], title: str, size: int = 130) -> None:
    """The rendered mouth in the middle of each phone: a row per phone in _COLUMNS columns, _TOKENS recordings each."""
    from PIL import Image, ImageDraw, ImageFont

    tokens: dict[str, list[np.ndarray]] = {}
    for clip in clips:
        for name, start, end in clip.sounds:
            if clip.weights is not None:
                frame = int(np.clip(round((start + end) / 2 * 30), 0, len(clip.weights) - 1))
                tokens.setdefault(name, []).append(clip.weights[frame])
    names = [name for name in _PHONE_ORDER if name in tokens]
    if not names:
        return
    # Tokens spread over the recordings, so that one sentence does not stand for all.
    chosen = {n: [tokens[n][i] for i in np.linspace(0, len(tokens[n]) - 1, _TOKENS).astype(int)] for n in names}
    frames = _mouths(np.array([w for n in names for w in chosen[n]], np.float32), size)
    rows = -(-len(names) // _COLUMNS)
    height, width, label = frames[0].shape[0], frames[0].shape[1], 34
    sheet = Image.new("RGB", (_COLUMNS * (label + _TOKENS * width + 8), 24 + rows * (height + 4)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    draw.text((4, 4), f"{title}: the mouth in the middle of each phone", fill="black", font=font)
    for k, name in enumerate(names):
        left, top = (k // rows) * (label + _TOKENS * width + 8), 24 + (k % rows) * (height + 4)
        draw.text((left + 4, top + height // 2 - 8), name, fill="black", font=font)
        for t in range(_TOKENS):
            sheet.paste(Image.fromarray(frames[k * _TOKENS + t]), (left + label + t * width, top))
    file.parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(_COLORS).save(file, optimize=True)


def _mouths(weights: np.ndarray, size: int) -> list[np.ndarray]:
    """Pictures uint8 [height, size, 3] of the lower face, cut from a larger picture of the face."""
    from diffusiontalker.render.scene import render_frames

    large = round(2.4 * size)
    left, top = (large - size) // 2, round(0.5 * large)
    frames = render_frames(load_head(), weights, large, "face")
    return [frame[top : top + round(0.8 * size), left : left + size] for frame in frames]
