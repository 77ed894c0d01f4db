"""`diffusiontalker convert`, and the frame rate of `animate`."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from export_support import random_animation

from diffusiontalker.api.saved import load_animation
from diffusiontalker.cli.arguments import frame_rate
from diffusiontalker.cli.main import main
from diffusiontalker.io import save_animation


@pytest.fixture
def take(tmp_path, monkeypatch):
    """A folder to work in with take.npz, two seconds at 25 frames a second."""
    monkeypatch.chdir(tmp_path)
    save_animation(random_animation(50, 25, pose=True), tmp_path / "take.npz")
    return tmp_path


def files(folder) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_several_outputs_at_one_rate(take, capsys):
    assert main(["convert", "take.npz", "-o", "a.json", "-o", "a.curves.csv", "--fps", "29.97", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "diffusiontalker.convert/1" and document["format"] == "npz"
    assert document["outputs"] == ["a.json", "a.curves.csv"] and document["notes"] == []
    for name in document["outputs"]:
        animation = load_animation(take / name)
        assert (animation.fps_num, animation.fps_den, animation.n_frames) == (30000, 1001, 60)
    assert np.array_equal(load_animation(take / "a.json").weights[0], load_animation(take / "take.npz").weights[0])


def test_what_a_format_does_not_hold_is_told(take, capsys):
    assert main(["convert", "take.npz", "-o", "a.a2f.json", "-o", "a.csv", "-o", "a.bvh"]) == 0
    told = capsys.readouterr().err
    assert ".a2f.json does not hold the head pose" in told
    assert ".csv is written at 60 frames a second, not 25" in told
    assert ".bvh holds the head pose only" in told
    assert load_animation(take / "a.csv").fps_num == 60
    assert main(["convert", "take.npz", "-o", "b.csv", "--fps", "25"]) == 0
    assert load_animation(take / "b.csv").fps_num == 25, "the rate that was asked for"


def test_standard_output(take, capfdbinary):
    assert main(["convert", "take.npz", "-o", "-", "--format", "a2f.json", "--quiet"]) == 0
    out, err = capfdbinary.readouterr()
    assert json.loads(out)["numFrames"] == 50 and err == b""


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["take.npz", "-o", "b.npz", "--edits", "none.txt"], 3, "none.txt does not exist"),
        (["take.npz", "-o", "a.fbx"], 2, "names no format"),
        (["take.npz", "-o", "a.csv", "--fps", "fast"], 2, "'fast' is no frame rate"),
        (["take.npz", "-o", "a.csv", "--fps", "0"], 2, "outside 0.1..1000"),
        (["take.npz", "-o", "take.npz"], 6, "exists already"),
        (["take.npz", "-o", "take.npz", "--force"], 6, "is the input"),
        (["none.csv", "-o", "a.npz"], 3, "does not exist"),
        (["talk.wav", "-o", "a.npz"], 3, "is sound, not an animation: `diffusiontalker animate talk.wav -o a.npz`"),
        (["-", "-o", "a.npz"], 2, "reads files only"),
        (["take.npz", "-o", "a.csv", "--fps", "25", "--timecode", "10:00:00:25"], 3, "FF below 25"),
        (["take.npz", "-o", "a.npz", "--timecode", "10:00:00:00"], 2, "--timecode is for files that have one"),
        (["take.npz", "-o", "a.csv", "--timecode", "noon"], 3, "write HH:MM:SS:FF"),
        (["talk.wav", "-o", "a.png"], 2, "`diffusiontalker render talk.wav -o a.png` does that"),
        (["points.mdd", "-o", "a.pc2", "-o", "a.csv"], 3, "this motion is of vertices: save it as"),
        (["broken.csv", "-o", "a.npz", "-o", "a.glb"], 3, "Timecode and BlendShapeCount"),
    ],
)
def test_what_cannot_be_done_leaves_no_file(take, capfd, args, code, says):
    save_animation(random_animation(2), take / "points.mdd")
    (take / "broken.csv").write_text("a,b\n1,2\n")
    (take / "talk.wav").write_bytes(b"")
    before = files(take)
    assert main(["convert", *args]) == code
    out, err = capfd.readouterr()
    assert out == "" and says in err and "Traceback" not in err
    assert sum(line.startswith("error: ") for line in err.splitlines()) == 1
    assert files(take) == before


def test_edits_correct_a_finished_animation(take):
    (take / "fixes.txt").write_text("0.4 jawOpen 0.75 ease 0\n")
    assert main(["convert", "take.npz", "-o", "b.npz", "--edits", "fixes.txt"]) == 0
    before, after = (load_animation(take / name) for name in ("take.npz", "b.npz"))
    assert np.argwhere(before.weights != after.weights).tolist() == [[10, before.channels.index("jawOpen")]]
    assert after.channel("jawOpen")[10] == 0.75 and np.array_equal(before.head_pose, after.head_pose)


def test_edits_of_mouth_cues_are_in_the_cues(take):
    """Cues that are read are written as they were; with edits they are found anew."""
    (take / "cues.tsv").write_text("0.00\tX\n0.50\tA\n1.50\tX\n")
    (take / "fixes.txt").write_text("0.8..1.2 jawOpen 0.7 ease 0\n0.8..1.2 mouthClose 0 ease 0\n")
    for name, options in (("same.tsv", ()), ("open.tsv", ("--edits", "fixes.txt"))):
        assert main(["convert", "cues.tsv", "-o", name, *options]) == 0
    assert (take / "same.tsv").read_bytes() == (take / "cues.tsv").read_bytes()
    cues = [line.split("\t") for line in (take / "open.tsv").read_text().splitlines()]
    assert any(0.7 <= float(time) <= 1.2 and shape in "CD" for time, shape in cues), cues


def test_a_recording_of_the_phone_becomes_a_head(take):
    save_animation(random_animation(61, 60, pose=True), take / "MySlate_1_iPhone_cal.csv")
    assert main(["convert", "MySlate_1_iPhone_cal.csv", "-o", "take.glb", "--fps", "24", "--head", "narrow"]) == 0
    back = load_animation(take / "take.glb")
    assert (back.fps_num, back.n_frames, back.n_channels) == (24, 24, 52) and back.head_pose is not None


def test_a_timecode_is_written_and_told(take, capsys):
    assert main(["convert", "take.npz", "-o", "a.csv", "--fps", "60", "--timecode", "10:00:59:58"]) == 0
    rows = (take / "a.csv").read_text().splitlines()[1:4]
    assert [row.split(",")[0] for row in rows] == ["10:00:59:58.000", "10:00:59:59.000", "10:01:00:00.000"]
    assert main(["convert", "a.csv", "-o", "b.npz", "--json"]) == 0
    assert "begins at 10:00:59:58: --timecode 10:00:59:58" in json.loads(capsys.readouterr().out)["notes"][0]


def test_the_folder_of_a_take_and_an_output_without_a_dash(take):
    (take / "20260101_MySlate_1").mkdir()
    save_animation(random_animation(70, 60), take / "20260101_MySlate_1" / "MySlate_1_iPhone_cal.csv")
    assert main(["convert", "20260101_MySlate_1", "out.npz"]) == 0
    assert main(["convert", "out.npz"]) == 0
    assert load_animation(take / "out.glb").n_frames == 70


def test_channels_that_a_format_lacks_are_left_out(take, capsys):
    save_animation(random_animation(3, channels=("jawOpen", "tongueTipUp")), take / "a.json")
    assert main(["convert", "a.json", "-o", "a.csv", "-o", "a.glb"]) == 0
    told = capsys.readouterr().err
    assert (
        ".csv leaves out 1 channels that it does not hold, tongueTipUp among them" in told and ".glb leaves" not in told
    )
    save_animation(random_animation(3, channels=("smirk",)), take / "b.json")
    assert main(["convert", "b.json", "-o", "b.csv"]) == 3
    assert "holds none of the 1 channels, such as smirk" in capsys.readouterr().err


def test_rates_are_fractions():
    rates = {"24": 24, "29.97": Fraction(30000, 1001), "30000/1001": Fraction(30000, 1001), "12.5": Fraction(25, 2)}
    rates |= {"23.976": Fraction(24000, 1001), "59.94": Fraction(60000, 1001), "60.0": 60}
    assert {text: frame_rate(text) for text in rates} == rates


@pytest.mark.slow
def test_animate_takes_a_frame_rate(place):
    place.wav(seconds=0.5)
    done = place.animate("in.wav", "-o", "a.npz", "-o", "a.curves.csv", "-o", "a.a2f.json", "--fps", "24", "--json")
    assert done.returncode == 0, done.stderr
    assert (json.loads(done.stdout)["fps_num"], json.loads(done.stdout)["n_frames"]) == (24, 12)
    for name in ("a.npz", "a.curves.csv", "a.a2f.json"):
        animation = load_animation(place.folder / name)
        assert (animation.fps_num, animation.n_frames) == (24, 12)
