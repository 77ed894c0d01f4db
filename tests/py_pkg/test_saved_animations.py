"""Animations that were saved: what is damaged is one sentence, and nothing without a meaning is saved."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from export_support import random_animation

import diffusiontalker as dt
from diffusiontalker.api.animation import Animation
from diffusiontalker.api.saved import load_animation
from diffusiontalker.cli.main import main


@pytest.fixture
def animation():
    made = random_animation(7, pose=True)
    return Animation(made.weights, made.channels, 30000, 1001, head_pose=made.head_pose)


@pytest.mark.parametrize("ending", ["npz", "json"])
def test_what_is_saved_is_read_again(tmp_path, animation, ending):
    animation.save(tmp_path / f"a.{ending}")
    again = load_animation(tmp_path / f"a.{ending}")
    np.testing.assert_array_equal(again.weights, animation.weights)
    np.testing.assert_array_equal(again.head_pose, animation.head_pose)
    assert (again.channels, again.fps_num, again.fps_den) == (animation.channels, 30000, 1001)


GOOD = {"channels": ["jawOpen", "mouthClose"], "fps_num": 30, "fps_den": 1, "weights": [[0, 1], [1, 0.5]]}
DEEP = "[" * 200_000
BAD_JSON = {
    "weights null": {"weights": None},
    "weights text": {"weights": "no"},
    "weights of texts": {"weights": [["a", "b"]]},
    "weights ragged": {"weights": [[1, 2], [3]]},
    "weights flat": {"weights": [1, 2]},
    "weights three deep": {"weights": [[[1, 2]]]},
    "weights empty": {"weights": []},
    "weights of the wrong width": {"weights": [[1, 2, 3]]},
    "weights infinite": {"weights": [[1e39, 0]]},
    "weights huge": {"weights": [[3e38, 0]]},
    "weights of large integers": {"weights": [[10**400, 0]]},
    "channels null": {"channels": None},
    "channels numbers": {"channels": [1, 2]},
    "channels twice": {"channels": ["jawOpen", "jawOpen"]},
    "channels text": {"channels": "ab"},
    "fps 0": {"fps_num": 0},
    "fps by 0": {"fps_den": 0},
    "fps negative": {"fps_num": -30},
    "fps huge": {"fps_num": 10**30},
    "fps tiny": {"fps_den": 10**9},
    "fps text": {"fps_num": "30"},
    "fps true": {"fps_num": True},
    "fps real": {"fps_num": 30.5},
    "head pose of another length": {"head_pose": [[0, 0, 0]]},
    "head pose of texts": {"head_pose": [["x", "y", "z"]] * 2},
    "head pose beyond all angles": {"head_pose": [[1e30, 0, 0]] * 2},
}
BAD_TEXTS = [
    "",
    "{",
    "[]",
    "null",
    "7",
    '"a"',
    DEEP,
    '{"weights": ' + DEEP,
    "NaN",
    "\ufeff{}",
    '{"weights": [[NaN, 1]]}',
]


@pytest.mark.parametrize("change", BAD_JSON.values(), ids=BAD_JSON)
def test_a_damaged_json_is_one_sentence(tmp_path, change):
    (tmp_path / "a.json").write_text(json.dumps(GOOD))
    assert load_animation(tmp_path / "a.json").n_frames == 2
    (tmp_path / "a.json").write_text(json.dumps(GOOD | change))
    expect_refused(tmp_path / "a.json")


@pytest.mark.parametrize("n", range(len(BAD_TEXTS)))
def test_a_json_of_something_else_is_one_sentence(tmp_path, n):
    (tmp_path / "a.json").write_text(BAD_TEXTS[n])
    expect_refused(tmp_path / "a.json")


def expect_refused(path) -> None:
    with pytest.raises(dt.InputError) as caught:
        load_animation(path)
    text = str(caught.value)
    assert str(path) in text and "\n" not in text and len(text) < 400, text


def npz(path, **changes) -> None:
    fields = {"weights": np.ones((3, 2), np.float32), "channels": np.array(["a", "b"]), "fps": np.float64(30)} | changes
    np.savez(path, **{k: v for k, v in fields.items() if v is not None})


BAD_NPZ = {
    "no weights": {"weights": None},
    "no channels": {"channels": None},
    "no fps": {"fps": None},
    "fps 0": {"fps": 0.0},
    "fps tiny": {"fps": 1e-9},
    "fps negative": {"fps": -30.0},
    "fps 1e30": {"fps": 1e30},
    "fps NaN": {"fps": np.nan},
    "fps text": {"fps": "30"},
    "fps a list": {"fps": np.ones(2)},
    "fps complex": {"fps": 30 + 1j},
    "channels numbers": {"channels": np.arange(2)},
    "channels a table": {"channels": np.array([["a", "b"]])},
    "weights flat": {"weights": np.ones(6)},
    "weights texts": {"weights": np.array([["a", "b"]])},
    "weights NaN": {"weights": np.full((3, 2), np.nan)},
    "weights complex": {"weights": np.ones((3, 2), complex)},
    "weights none": {"weights": np.ones((0, 2))},
    "space unknown": {"space": np.array("\x1b[2J")},
    "head pose infinite": {"head_pose": np.full((3, 3), np.inf)},
    "head pose flat": {"head_pose": np.zeros(9)},
}


@pytest.mark.parametrize("change", BAD_NPZ.values(), ids=BAD_NPZ)
def test_a_damaged_npz_is_one_sentence(tmp_path, change):
    npz(tmp_path / "a.npz")
    assert load_animation(tmp_path / "a.npz").n_frames == 3
    npz(tmp_path / "a.npz", **change)
    expect_refused(tmp_path / "a.npz")


def test_an_npz_that_unpacks_to_gigabytes_is_refused_before_it_does(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10_000_000, 52)})
    npz(tmp_path / "a.npz", weights=None)
    with zipfile.ZipFile(tmp_path / "a.npz", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights.npy", header.getvalue() + b"\0" * (1 << 20))
    with pytest.raises(dt.InputError, match="more than 256 MB"):
        load_animation(tmp_path / "a.npz")


def test_every_cut_and_many_changed_bytes_of_a_saved_file_are_refused_or_read(tmp_path, animation):
    rng = np.random.default_rng(3)
    for ending in ("npz", "json"):
        animation.save(tmp_path / f"good.{ending}")
        good = (tmp_path / f"good.{ending}").read_bytes()
        bad = tmp_path / f"bad.{ending}"
        cuts = [good[:n] for n in range(0, len(good), max(1, len(good) // 40))]
        changed = []
        for _ in range(150):
            data = bytearray(good)
            data[rng.integers(len(data))] = rng.integers(256)
            changed.append(bytes(data))
        for data in cuts + changed:
            bad.write_bytes(data)
            with contextlib.suppress(dt.InputError):
                assert load_animation(bad).n_frames


@pytest.mark.parametrize("ending", ["csv", "json", "npz", "glb"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_not_saved(tmp_path, animation, ending, value):
    weights = animation.weights.copy()
    weights[5, 17] = value
    with pytest.raises(dt.InputError, match=f"{animation.channels[17]} of frame 5"):
        replace(animation, weights=weights).save(tmp_path / f"a.{ending}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_saved_animations_given_as_sound_are_told_apart(tmp_path, animation, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for ending in ("csv", "json", "npz", "glb"):
        animation.save(f"a.{ending}")
        assert main(["animate", f"a.{ending}", "-o", "b.csv"]) == 3
        assert f"a.{ending} is an animation, not sound" in capsys.readouterr().err
    for ending in ("csv", "glb"):
        assert main(["render", f"a.{ending}", "-o", f"{ending}.png"]) == 0
    capsys.readouterr()
    assert main(["render", "a.npz", "-o", "b.png", "--identity", "ada"]) == 2
    assert "--identity is for sound" in capsys.readouterr().err
