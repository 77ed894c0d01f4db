"""Edits: keys that pin channels at moments, blended softly, on top of whatever was generated."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import diffusiontalker as dt
from diffusiontalker import errors


@pytest.fixture
def animation():
    """Two seconds at 30 frames a second: three channels at 0.2, and a head."""
    weights = np.full((60, 3), 0.2, np.float32)
    pose = np.zeros((60, 3), np.float32)
    return dt.Animation(weights, ("jawOpen", "mouthClose", "browInnerUp"), 30, head_pose=pose)


def ease(u):
    return u * u * (3 - 2 * u)


def test_a_key_pins_its_frame_and_comes_and_goes_softly(animation):
    edits = [{"channel": "JAWOPEN", "time_s": 1.0, "value": 0.8, "ease_in_s": 0.2, "ease_out_s": 0.1}]
    out = animation.edited(edits)
    jaw = out.channel("jawOpen")
    assert jaw[30] == np.float32(0.8)
    assert np.allclose(jaw[24:31], 0.2 + 0.6 * ease(np.arange(7) / 6), atol=1e-6)
    assert np.allclose(jaw[30:34], 0.2 + 0.6 * ease(1 - np.arange(4) / 3), atol=1e-6)
    untouched = np.r_[0:25, 33:60]
    assert np.array_equal(jaw[untouched], animation.channel("jawOpen")[untouched])
    assert np.array_equal(out.weights[:, 1:], animation.weights[:, 1:])
    assert (animation.weights == np.float32(0.2)).all()  # the original stays


def test_a_second_run_keeps_the_corrections(animation):
    edits = dt.Edits.of([{"channel": "mouthClose", "time_s": 0.5, "until_s": 0.8, "value": 0.9, "ease_s": 0.1}])
    rng = np.random.default_rng(3)
    for _ in range(2):
        another = replace(animation, weights=rng.random((60, 3)).astype(np.float32))
        out = another.edited(edits)
        assert (out.channel("mouthClose")[15:25] == np.float32(0.9)).all()
        assert np.array_equal(out.weights[:12], another.weights[:12])
        assert np.array_equal(out.weights[28:], another.weights[28:])


def test_keys_that_overlap_are_each_exact(animation):
    edits = [
        {"channel": "jawOpen", "time_s": 1.0, "value": 0.0, "ease_s": 0.3},
        {"channel": "jawOpen", "time_s": 1.1, "value": 1.0, "ease_s": 0.3},
    ]
    jaw = animation.edited(edits).channel("jawOpen")
    assert jaw[30] == 0
    assert jaw[33] == 1
    assert (np.diff(jaw[30:34]) > 0).all()
    assert ((jaw >= 0) & (jaw <= 1)).all()


def test_add_and_the_head(animation):
    edits = [
        {"channel": "browInnerUp", "time_s": 0.0, "until_s": 10, "add": 0.3, "ease_s": 0},
        {"channel": "headYaw", "time_s": 1.0, "value": -0.2, "ease_s": 0.1},
    ]
    out = animation.edited(edits)
    assert np.allclose(out.channel("browInnerUp"), 0.5)
    assert out.head_pose[30, 0] == np.float32(-0.2)
    assert not out.head_pose[:27].any()
    assert animation.edited([{"channel": "jawOpen", "time_s": 1, "add": 2}]).weights.max() == 1


def test_without_an_ease_only_the_frame_changes(animation):
    out = animation.edited([{"channel": "jawOpen", "time_s": 1.01, "value": 1, "ease_s": 0}])
    assert np.flatnonzero(out.channel("jawOpen") != np.float32(0.2)).tolist() == [30]


def test_a_text_file_and_a_json_file_say_the_same(tmp_path):
    text, document = tmp_path / "e.txt", tmp_path / "e.json"
    text.write_text("# fixes\n1.20 mouthClose 0.9 ease 0.08\n0.5..0.7 browInnerUp +0.3 ease 0.2,0.5\n1 headYaw =-0.1\n")
    keys = [
        {"channel": "mouthClose", "time_s": 1.2, "value": 0.9, "ease_s": 0.08},
        {"channel": "browInnerUp", "time_s": 0.5, "until_s": 0.7, "add": 0.3, "ease_in_s": 0.2, "ease_out_s": 0.5},
        {"channel": "headYaw", "time_s": 1, "value": -0.1},
    ]
    document.write_text(json.dumps({"edits": keys}))
    assert dt.Edits.read(text).keys == dt.Edits.read(document).keys == dt.Edits.of(keys).keys


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("x jawOpen 1", "line 1: time_s is 'x', expected seconds"),
        ("1 jawOpen", "line 1: a line is TIME"),
        ("1 jawOpen much", "line 1: value is 'much', expected a number"),
        ("2..1 jawOpen 1", "line 1: until_s is 1, before its time_s 2"),
        ("1 jawOpen 1 ease -1", "line 1: ease_in_s is '-1'"),
        ("1 jawOpen 11", "line 1: value is '11'"),
        ("1 jawOpn 1", "did you mean 'jawOpen'"),
        ("9 jawOpen 1", "a key of jawOpen is at 9 s, and the animation ends at 2.00 s"),
    ],
)
def test_a_bad_line_is_told_in_a_sentence(animation, tmp_path, line, says):
    path = tmp_path / "e.txt"
    path.write_text(line + "\n")
    with pytest.raises(errors.InputError) as e:
        animation.edited(path)
    assert str(path) in str(e.value)
    assert says in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ({"channel": "jawOpen", "time_s": 1}, "either value"),
        ({"channel": "jawOpen", "time_s": 1, "value": 1, "add": 1}, "either value"),
        ({"time_s": 1, "value": 1}, "it has no channel"),
        ({"channel": "jawOpen", "time_s": 1, "vale": 1}, "did you mean 'value'"),
        ({"channel": 3, "time_s": 1, "value": 1}, "channel is 3, expected a name"),
        ({"channel": "jawOpen", "time_s": float("nan"), "value": 1}, "time_s is nan"),
    ],
)
def test_a_bad_key_is_told_in_a_sentence(animation, key, says):
    with pytest.raises(errors.InputError, match=f"key 1: .*{says}"):
        animation.edited([key])


def test_edits_need_blendshapes(animation):
    with pytest.raises(errors.InputError, match="this motion is of vertices"):
        replace(animation, space="vertices", channels=()).edited([{"channel": "jawOpen", "time_s": 1, "value": 1}])
