"""Two takes side by side: the numbers, the pictures, the command."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import soundfile
from export_support import random_animation
from PIL import Image
from test_own_head_pictures import foreign
from test_render_page import Page

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.difference import difference
from diffusiontalker.cli.main import main
from diffusiontalker.errors import InputError
from diffusiontalker.io import save_animation
from diffusiontalker.render import Take, comparison_sheet
from diffusiontalker.render.comparison import SideBySide
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX


def moving(seconds: float = 4, fps: int = 30, late_s: float = 0.0) -> Animation:
    """Smooth curves of every channel and a head pose; late_s: how much later than at 0 all happens."""
    t = np.arange(round(seconds * fps))[:, None] / fps - late_s
    rng = np.random.default_rng(0)
    pace, phase = rng.uniform(2, 9, 55), rng.uniform(0, 6, 55)
    values = 0.3 + 0.25 * np.sin(t * pace + phase) * np.sin(t * 1.3)
    return Animation(
        np.float32(values[:, :52]), ARKIT_CHANNELS, fps, head_pose=np.float32(0.3 * (values[:, 52:] - 0.3))
    )


def changed(animation: Animation, channel: str, by: float, frame: int | None = None) -> Animation:
    weights = animation.weights.copy()
    weights[slice(None) if frame is None else frame, CHANNEL_INDEX[channel]] += by
    return replace(animation, weights=weights)


def test_a_take_differs_from_itself_in_nothing():
    found = difference(moving(), moving())
    assert [r.name for r in found.regions] == [
        "lips",
        "jaw",
        "tongue",
        "cheeks",
        "brows",
        "eyes",
        "lip opening",
        "head",
    ]
    for region in found.regions:
        assert (region.mean, region.largest) == (0, 0)
        assert region.delay_s == pytest.approx(0, abs=1e-9) and region.correlation == pytest.approx(1)
    assert (found.n_frames, found.fps, found.shift_s, found.missing) == (120, 30, 0, ())


def test_a_difference_is_told_where_it_is():
    first = moving()
    found = difference(first, changed(changed(first, "browInnerUp", 0.1), "browInnerUp", 0.3, frame=60))
    brows = found.region("brows")
    assert brows.largest == pytest.approx(0.4, abs=1e-6) and brows.where == "browInnerUp" and brows.at_s == 2.0
    assert brows.mean == pytest.approx((0.1 + 0.3 / 120) / 5, rel=1e-4)
    assert all(r.largest == 0 for r in found.regions if r.name != "brows")


def test_degrees_of_the_head_and_the_lip_opening():
    first = moving()
    turned = replace(first, head_pose=first.head_pose + np.float32([np.radians(5), 0, 0]))
    head = difference(first, turned).region("head")
    assert (head.unit, head.where) == ("degrees", "yaw") and head.largest == pytest.approx(5, abs=1e-3)
    assert head.mean == pytest.approx(5 / 3, abs=1e-3)
    opened = difference(first, changed(first, "jawOpen", 0.3)).region("lip opening")
    assert opened.unit == "eye distance" and 0.02 < opened.mean < 0.4


@pytest.mark.parametrize("late_s", [0.1, -0.25, 0.05, 0.75])
def test_the_delay_is_found_to_a_part_of_a_frame(late_s):
    found = difference(moving(8), moving(8, late_s=late_s))
    for region in found.regions:
        assert region.delay_s == pytest.approx(late_s, abs=0.01), region.name
        assert region.correlation > 0.85


def test_aligned_takes_differ_by_less_than_a_frame_of_movement():
    first, second = moving(8), moving(8, late_s=0.4)
    apart, together = difference(first, second), difference(first, second, align=True)
    assert together.shift_s == pytest.approx(0.4) and together.n_frames == 240 - 12
    for name in ("lips", "eyes", "head"):
        assert together.region(name).mean < 1e-5 < apart.region(name).mean
    back = difference(second, first, align=True)
    assert back.shift_s == pytest.approx(-0.4) and back.region("lips").mean < 1e-5


def test_rates_and_lengths_may_differ():
    found = difference(moving(4, 30), moving(3, 60))
    assert (found.fps, found.n_frames) == (Fraction(30), 90)
    assert all(r.largest < 1e-5 for r in found.regions if r.name not in ("lips", "lip opening"))


def test_what_does_not_move_has_no_delay_and_what_is_missing_is_told():
    first = moving()
    still = replace(first, weights=np.zeros_like(first.weights), head_pose=None)
    found = difference(first, still)
    assert all(r.delay_s is None and r.correlation is None for r in found.regions)
    assert found.missing == ("the second has no head pose",) and found.region("head") is None
    few = Animation(first.weights[:, :2], ARKIT_CHANNELS[:2], 30)
    found = difference(few, first)
    assert [r.name for r in found.regions] == ["eyes"] and found.region("eyes").channels == ARKIT_CHANNELS[:2]
    assert found.missing[0].startswith("the first has no eyeLookInLeft") and "46 more" in found.missing[0]


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (random_animation(0), "no frames"),
        (random_animation(5, channels=("smirk",)), "no channel in common"),
        (Animation(np.zeros((5, 9), np.float32), (), 30, space="vertices"), "this motion is of vertices"),
    ],
)
def test_what_cannot_be_compared(second, says):
    with pytest.raises(InputError, match=says):
        difference(moving(1), second)


def test_moments_are_the_same_of_both_whatever_their_rates_and_delay(monkeypatch):
    both = SideBySide([Take("a", moving(4, 30)), Take("b", moving(4, 60), offset_s=0.5)], "face")
    assert both.n_frames == 120
    numbers = [list(both._numbers(take, [0, 30, 119])) for take in both.takes]
    assert numbers == [[0, 30, 119], [30, 90, 239]]


@pytest.mark.slow
def test_a_sheet_has_both_rows_and_their_curves(tmp_path):
    takes = [Take("still", random_animation(20)), Take("other", random_animation(20, seed=1, pose=True))]
    comparison_sheet(takes, tmp_path / "a.png", n=3, size=100)
    with Image.open(tmp_path / "a.png") as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert pixels.shape[1] == 300
    rows = pixels[:100], pixels[100:200]
    assert np.abs(rows[0] - rows[1]).mean() > 3
    assert (np.abs(pixels[200:] - [24, 95, 165]).sum(axis=2) < 30).sum() > 100


@pytest.mark.slow
def test_the_command_prints_a_table_and_writes_pages(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save_animation(moving(4), "a.npz")
    save_animation(moving(4, late_s=0.2), "b.glb")
    assert main(["compare", "a.npz", "b.glb"]) == 0
    out, err = capsys.readouterr()
    assert "lips" in out and "200 ms" in out and "120 frames (4.0 s) at 30 a second" in err
    soundfile.write("a.wav", np.zeros(16000, np.float32), 16000)
    args = ["compare", "a.npz", "b.glb", "--align", "--json", "-o", "both.html", "-o", "both.png", "--audio", "a.wav"]
    assert main(args) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "diffusiontalker.compare/1" and document["shift_s"] == pytest.approx(0.2)
    assert document["regions"]["lips"]["mean"] < 1e-4 and document["outputs"] == ["both.html", "both.png"]
    page = Page(tmp_path / "both.html")
    assert [(t["name"], t["offset_s"]) for t in page.document["takes"]] == [("a", 0), ("b", pytest.approx(0.2))]
    assert page.document["sound"] and (tmp_path / "both.png").stat().st_size > 1000


@pytest.mark.slow
def test_a_video_is_twice_as_wide(tmp_path, monkeypatch):
    av = pytest.importorskip("av")
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        save_animation(random_animation(3), f"{name}.glb")
    foreign(tmp_path / "b.glb")
    assert main(["compare", "a.glb", "b.glb", "-o", "both.mp4", "-q"]) == 0
    with av.open("both.mp4") as container:
        video = container.streams.video[0]
        assert (video.width, video.height, video.frames) == (960, 480, 3)


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["a.npz", "none.npz"], 3, "none.npz does not exist"),
        (["a.npz", "talk.wav"], 3, "talk.wav is sound, not an animation"),
        (["a.npz", "-"], 2, "compare reads files only"),
        (["a.npz", "b.npz", "-o", "x.csv"], 2, "`diffusiontalker convert a.npz -o x.csv` does that"),
        (["a.npz", "b.npz", "-o", "-"], 2, "compare writes files only"),
        (["a.npz", "b.npz", "-o", "there.png"], 6, "exists already"),
        (["a.npz", "b.npz", "--channel", "1"], 2, "name one with --audio"),
        (["a.npz", "b.npz", "--fit"], 2, "--fit is for a character of your own"),
        (["a.npz", "b.npz", "--audio", "none.wav", "-o", "x.png"], 3, "none.wav does not exist"),
    ],
)
def test_what_the_command_refuses(tmp_path, monkeypatch, capsys, args, code, says):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        save_animation(random_animation(2), f"{name}.npz")
    (tmp_path / "talk.wav").write_bytes(b"")
    (tmp_path / "there.png").write_bytes(b"mine")
    before = sorted(p.name for p in tmp_path.iterdir())
    assert main(["compare", *args]) == code
    out, err = capsys.readouterr()
    assert says in err and out == "" and "Traceback" not in err
    assert sorted(p.name for p in tmp_path.iterdir()) == before and (tmp_path / "there.png").read_bytes() == b"mine"
