"""The pictures of README and docs, by the bundle that ships: `python docs/generator/pictures.py`, in a checkout.

speech.webp: a recording, moving, without its sound.   moods.png: five moods at strength 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import diffusiontalker as dt
from diffusiontalker.head import load_head
from diffusiontalker.render.scene import render_frames

ROOT = Path(__file__).parents[2]
RECORDING, OUT = ROOT / "examples" / "speech.wav", ROOT / "docs" / "images"
MOVING_S, MOVING_SIZE, EVERY = (0.0, 4.0), 320, 2  # seconds shown, pixels, and every so many-th frame
MOOD_SIZE, MOOD_AT_S = 300, (1.0, 2.2)


def moving_picture(model: dt.Model) -> None:
    anim = model.animate(RECORDING)
    first, last = (round(t * 30) for t in MOVING_S)
    rows = slice(first, min(last, len(anim.weights)), EVERY)
    pose = None if anim.head_pose is None else anim.head_pose[rows]
    frames = [
        Image.fromarray(f) for f in render_frames(load_head(), anim.weights[rows], MOVING_SIZE, "face", head_pose=pose)
    ]
    frames[0].save(
        OUT / "speech.webp", save_all=True, append_images=frames[1:], duration=round(1000 * EVERY / 30), loop=0,
        quality=60, method=6,
    )  # fmt: skip


def moods(model: dt.Model) -> None:
    """One column per mood, at two moments of the same sentence."""
    names = list(model.emotions)
    rows = [round(t * 30) for t in MOOD_AT_S]
    sheet = Image.new("RGB", (MOOD_SIZE * len(names), MOOD_SIZE * len(rows) + 24), "white")
    draw = ImageDraw.Draw(sheet)
    for column, name in enumerate(names):
        anim = model.animate(RECORDING, emotion=name, emotion_strength=1.0)
        draw.text((column * MOOD_SIZE + 8, 6), name, fill="black")
        pose = None if anim.head_pose is None else anim.head_pose[rows]
        pictures = render_frames(load_head(), np.asarray(anim.weights)[rows], MOOD_SIZE, "face", head_pose=pose)
        for row, picture in enumerate(pictures):
            sheet.paste(Image.fromarray(picture), (column * MOOD_SIZE, 24 + row * MOOD_SIZE))
    sheet.save(OUT / "moods.png", optimize=True)


def main() -> None:
    model = dt.load("base")
    moving_picture(model)
    moods(model)


if __name__ == "__main__":
    main()
