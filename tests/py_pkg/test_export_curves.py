"""JSON, NPZ and CSV files of weights."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from export_support import random_animation, skip_without_usd

from diffusiontalker.errors import InputError
from diffusiontalker.io import ANIMATION_SUFFIXES, save_animation
from diffusiontalker.io.formats.live_link import timecode_of
from diffusiontalker.spec.channels import ARKIT_CHANNELS

# Header of a file that the Live Link Face app recorded, kept here apart from the code that writes it.
LIVE_LINK_HEADER = (
    "Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft,EyeLookInLeft,EyeLookOutLeft,EyeLookUpLeft,EyeSquintLeft,"
    "EyeWideLeft,EyeBlinkRight,EyeLookDownRight,EyeLookInRight,EyeLookOutRight,EyeLookUpRight,EyeSquintRight,"
    "EyeWideRight,JawForward,JawRight,JawLeft,JawOpen,MouthClose,MouthFunnel,MouthPucker,MouthRight,MouthLeft,"
    "MouthSmileLeft,MouthSmileRight,MouthFrownLeft,MouthFrownRight,MouthDimpleLeft,MouthDimpleRight,MouthStretchLeft,"
    "MouthStretchRight,MouthRollLower,MouthRollUpper,MouthShrugLower,MouthShrugUpper,MouthPressLeft,MouthPressRight,"
    "MouthLowerDownLeft,MouthLowerDownRight,MouthUpperUpLeft,MouthUpperUpRight,BrowDownLeft,BrowDownRight,BrowInnerUp,"
    "BrowOuterUpLeft,BrowOuterUpRight,CheekPuff,CheekSquintLeft,CheekSquintRight,NoseSneerLeft,NoseSneerRight,"
    "TongueOut,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,RightEyeYaw,RightEyePitch,RightEyeRoll"
)


def read_csv(path):
    header, *rows = path.read_bytes().decode("ascii").split("\r\n")
    assert rows.pop() == "", "the last row ends its line"
    return header, [row.split(",") for row in rows]


def unreal_times(rows) -> tuple[int, list[float]]:
    """Rate and times as Unreal's Live Link Face importer computes them: 60 fps when a frame number is above 30."""
    codes = [[float(part) for part in row[0].split(":")] for row in rows]
    assert all(len(code) == 4 for code in codes)
    rate = 60 if any(code[3] > 30 for code in codes) else 30
    return rate, [h * 3600 + m * 60 + s + f / rate for h, m, s, f in codes]


def test_export_csv_is_what_live_link_face_writes(tmp_path):
    anim = random_animation(65)
    save_animation(anim, tmp_path / "a.csv")
    header, rows = read_csv(tmp_path / "a.csv")
    assert header == LIVE_LINK_HEADER
    columns = header.split(",")
    assert all(len(row) == 63 and row[1] == "61" and "" not in row for row in rows)
    assert all(len(value.split(".")[1]) == 10 for value in rows[3][2:])
    for k, name in enumerate(ARKIT_CHANNELS):  # jawLeft and jawRight land right although the file swaps them
        column = columns.index(name[0].upper() + name[1:])
        assert np.abs([float(r[column]) for r in rows] - anim.weights[:, k]).max() < 1e-9
    assert {value for row in rows for value in row[54:]} == {"0.0000000000"}
    assert rows[0][0] == "00:00:00:00.000" and rows[64][0] == "00:00:02:04.000"


@pytest.mark.parametrize(("fps", "n_frames"), [(30, 1), (30, 200), (60, 1), (60, 20), (60, 31), (60, 32), (60, 200)])
def test_export_csv_keeps_its_rate_in_unreal(tmp_path, fps, n_frames):
    save_animation(random_animation(n_frames, fps), tmp_path / "a.csv")
    rate, times = unreal_times(read_csv(tmp_path / "a.csv")[1])
    assert rate == fps
    assert np.abs(np.diff(times) - 1 / fps).max(initial=0) < 1e-9


def test_export_csv_timecode_carries():
    assert timecode_of(30 * 3600 * 25 + 30 * 61 + 29, 30) == "25:01:01:29.000"


def test_export_csv_unknown_channel_is_refused_and_missing_ones_are_zero(tmp_path):
    with pytest.raises(InputError, match="smirk"):
        save_animation(random_animation(2, channels=("jawOpen", "smirk")), tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []
    save_animation(random_animation(2, channels=("jawOpen",)), tmp_path / "a.csv")
    assert sum(float(v) > 0 for v in read_csv(tmp_path / "a.csv")[1][0][2:]) == 1


@pytest.mark.parametrize("n_frames", [0, 1, 2, 1799, 1800, 1801, 4000])
def test_export_json_and_npz_keep_every_bit(tmp_path, n_frames):
    anim = random_animation(n_frames, 30000, 1001)
    save_animation(anim, tmp_path / "a.json")
    saved = json.loads((tmp_path / "a.json").read_text())
    assert (saved["format"], saved["format_version"]) == ("diffusiontalker-weights", 1)
    assert (saved["fps_num"], saved["fps_den"], saved["n_frames"]) == (30000, 1001, n_frames)
    assert tuple(saved["channels"]) == ARKIT_CHANNELS
    weights = np.array(saved["weights"], np.float32).reshape(-1, 52)
    assert np.array_equal(weights, anim.weights)
    save_animation(anim, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as data:
        assert set(data) == {"weights", "channels", "fps", "times"}
        assert data["weights"].dtype == np.float32 and np.array_equal(data["weights"], anim.weights)
        assert tuple(data["channels"]) == ARKIT_CHANNELS
        assert float(data["fps"]) == 30000 / 1001
        assert np.array_equal(data["times"], np.arange(n_frames) * 1001 / 30000)


@pytest.mark.parametrize("suffix", ANIMATION_SUFFIXES)
def test_export_same_animation_gives_same_bytes(tmp_path, suffix):
    skip_without_usd(suffix if suffix != ".usda" else "")
    for name in "ab":
        save_animation(random_animation(50), tmp_path / (name + suffix))
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_export_unknown_ending_lists_those_there_are(tmp_path):
    with pytest.raises(InputError, match=r"\.fbx.*\.glb \.csv \.json \.npz"):
        save_animation(random_animation(), tmp_path / "a.fbx")
    save_animation(random_animation(), tmp_path / "UPPER.NPZ")
    assert np.load(io.BytesIO((tmp_path / "UPPER.NPZ").read_bytes()))["weights"].shape == (20, 52)
