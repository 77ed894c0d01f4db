"""Would Unreal take our .csv? The rules of its Live Link Face importer, restated from its behaviour."""

from __future__ import annotations

from itertools import pairwise

import pytest
from export_support import random_animation

from diffusiontalker.io import save_animation

CURVES = 61  # 52 blendshapes, and the rotations of head and eyes


def unreal_reads(text: str, name: str) -> tuple[str, int, list[float], dict[str, list[float]]]:
    """Subject, frame rate, seconds and curves, as the importer has them. Raises ValueError for what it refuses."""
    rows = [line.split(",") for line in text.splitlines() if line]
    header, body = rows[0], rows[1:]
    if header[:2] != ["Timecode", "BlendShapeCount"]:
        raise ValueError("columns 0 and 1")
    for row in body:
        if len([cell for cell in row if cell]) != len(header):  # empty cells are dropped before they are counted
            raise ValueError("a row has another number of values")
    frames = []
    for row in body:
        tokens = row[0].split(":")
        if len(tokens) != 4:
            raise ValueError("timecode")
        frames.append([float(token) for token in tokens])
    rate = 60 if any(frame > 30.0 for *_, frame in frames) else 30
    seconds = [h * 3600 + m * 60 + s + frame / rate for h, m, s, frame in frames]
    tokens = name.removesuffix(".csv").split("_")
    subject = tokens[2] if len(tokens) > 3 else name.removesuffix(".csv")
    curves = {header[k]: [float(row[k]) for row in body] for k in range(2, len(header))}
    if any(int(row[1]) != CURVES for row in body) or len(curves) != CURVES:
        raise ValueError("number of curves")
    return subject, rate, seconds, curves


@pytest.mark.parametrize("fps", [30, 60])
@pytest.mark.parametrize("n_frames", [1, 20, 31, 200])
def test_unreal_takes_the_csv_with_its_rate_and_every_weight(tmp_path, fps, n_frames):
    anim = random_animation(n_frames, fps, pose=True)
    path = tmp_path / "Hero_1_iPhone_cal.csv"
    save_animation(anim, path)
    subject, rate, seconds, curves = unreal_reads(path.read_text(encoding="utf-8"), path.name)
    assert subject == "iPhone" and rate == fps
    steps = [b - a for a, b in pairwise(seconds)]
    assert steps == pytest.approx([1 / fps] * (n_frames - 1), abs=1e-4)
    for channel, weights in zip(anim.channels, anim.weights.T, strict=True):
        assert curves[channel[0].upper() + channel[1:]] == pytest.approx(weights.tolist(), abs=1e-9)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda t: t.replace("Timecode", "Time", 1), "columns"),
        (lambda t: t.replace("0.", "", 1).replace(",61,", ",,", 1), "number of values"),
        (lambda t: t.replace(":", "-", 3), "timecode"),
        (lambda t: t.replace(",61,", ",52,", 1), "number of curves"),
    ],
)
def test_the_rules_refuse_what_is_wrong(tmp_path, change, what):
    path = tmp_path / "a.csv"
    save_animation(random_animation(3), path)
    with pytest.raises(ValueError, match=what):
        unreal_reads(change(path.read_text(encoding="utf-8")), path.name)
