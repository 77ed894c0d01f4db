"""Dials in Python: neutral by default, the same in streams and offline, judged by one sentence, kept in files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import c_headers
import numpy as np
import pytest
from bundles import KINDS, write_bundle
from export_support import skip_without_usd

import diffusiontalker as dt
from diffusiontalker import errors
from diffusiontalker.api.dials import CHANNEL_RANGES, RANGES, WHOLE

RATE = 16000
TURNED = dt.Dials(
    strength=0.8, lower_strength=1.2, jaw_sharpness=0.5, smoothing_ms=40, blink_rate=2, gaze_side_deg=8, gaze_hold=0.6,
    channel_gain={"jawOpen": 0.9}, channel_offset={"browInnerUp": 0.1}, channel_max={"mouthSmileLeft": 0.4},
)  # fmt: skip


@pytest.fixture(scope="module")
def moods(tmp_path_factory):
    """Emotions neutral, happy (the default), angry."""
    return dt.load(write_bundle(tmp_path_factory.mktemp("moods") / "m", kind=KINDS["emotions"]), backend="reference")


def pulled(model, audio, chunk, **options):
    stream = model.stream(**options)
    blocks = []
    for i in range(0, len(audio), chunk):
        stream.push(audio[i : i + chunk], RATE)
        blocks += [f.weights for f in stream.pull()]
    stream.flush()
    return np.array(blocks + [f.weights for f in stream.pull()])


def test_the_dials_are_those_of_the_header_with_its_ranges():
    fields = {f.name for f in c_headers.read().structs["dt_dials"]} - {"struct_size", "emotions", "n_emotions"}
    assert {*RANGES, *CHANNEL_RANGES} == fields
    header = (Path(c_headers.FOLDER) / "dials.h").read_text()
    for name, (low, high) in {**RANGES, **CHANNEL_RANGES}.items():
        line = header[header.index(f" {name};") if f" {name};" in header else header.index(f"*{name};") :]
        assert f"{low:g}..{high:g}" in line[: line.index("*/")], name


def test_dials_at_their_defaults_leave_every_frame(model, audio):
    plain = model.animate(audio, RATE, seed=3).weights
    assert np.array_equal(model.animate(audio, RATE, seed=3, dials=dt.Dials()).weights, plain)
    stream = model.stream(seed=3)
    stream.push(audio, RATE)
    stream.set_dials(dt.Dials(), 500)
    stream.flush()
    assert np.array_equal(np.array([f.weights for f in stream.pull()]), plain)


def test_streams_and_offline_give_the_same_frames(model, audio):
    whole = model.animate(audio, RATE, seed=3, dials=TURNED).weights
    for chunk in (160, 4096):
        assert np.array_equal(pulled(model, audio, chunk, seed=3, dials=TURNED), whole)
    assert not np.array_equal(whole, model.animate(audio, RATE, seed=3).weights)


def test_dials_of_a_running_stream_change_at_their_frame(model, audio):
    plain = model.animate(audio, RATE, seed=3).weights
    turned = model.animate(audio, RATE, seed=3, dials=dt.Dials(channel_gain={"jawOpen": 0.0})).weights
    stream = model.stream(seed=3)
    stream.set_dials(dt.Dials(channel_gain={"JAWOPEN": 0.0}), 200, frame=20)  # 6 frames
    stream.push(audio, RATE)
    stream.flush()
    frames = np.array([f.weights for f in stream.pull()])
    assert np.array_equal(frames[:20], plain[:20])
    assert np.array_equal(frames[26:], turned[26:])
    jaw = model.channels.index("jawOpen")
    assert ((turned[20:26, jaw] <= frames[20:26, jaw]) & (frames[20:26, jaw] <= plain[20:26, jaw])).all()


def test_emotions_among_the_dials_are_those_of_the_stream(moods, audio):
    def animate(**options):
        return moods.animate(audio, RATE, seed=3, **options).weights

    strong = animate(emotion="angry", emotion_strength=1.5)
    assert np.array_equal(animate(dials=dt.Dials(emotion="angry", emotion_strength=1.5)), strong)
    assert np.array_equal(animate(emotion="angry", dials=dt.Dials(emotion_strength=1.5)), strong)
    mixed = animate(emotion={"happy": 0.7, "angry": 0.4})
    assert np.array_equal(animate(dials=dt.Dials(emotion={"HAPPY": 0.7, "angry": 0.4})), mixed)
    stream = moods.stream(seed=3, emotion={"happy": 0.7, "angry": 0.4})
    stream.set_dials(dt.Dials(), 0, frame=0)  # a mixture stays when other dials are turned back
    stream.push(audio, RATE)
    stream.flush()
    assert np.array_equal(np.array([f.weights for f in stream.pull()]), mixed)


def test_a_style_of_your_own_holds_its_emotion(moods):
    stream = moods.stream(style=moods.style("ben", "angry"))
    stream.set_dials(dt.Dials(strength=0.5))
    with pytest.raises(errors.InputError, match="a style of your own"):
        stream.set_dials(dt.Dials(emotion_strength=0.5))


@pytest.mark.parametrize(
    ("dials", "says"),
    [
        ({"strength": 2.5}, "strength is 2.5, expected a number from 0 to 2"),
        ({"strength": "much"}, "strength is 'much', expected a number"),
        ({"lower_strength": float("nan")}, "lower_strength is nan"),
        ({"smoothing_ms": 20.5}, "smoothing_ms is 20.5, expected a whole number from 0 to 1000"),
        ({"channel_gain": {"jawOpen": 5}}, "channel_gain of jawOpen is 5, expected a number from 0 to 4"),
        ({"channel_gain": 2}, "channel_gain is 2, expected channels with values"),
        ({"channel_min": {"jawOpen": 0.5}, "channel_max": {"jawOpen": 0.2}}, "above its channel_max 0.2"),
        ({"emotion": {}}, "mixture of emotions is empty"),
    ],
)
def test_a_bad_value_is_told_in_a_sentence(dials, says):
    with pytest.raises(errors.InputError, match=says):
        dt.Dials(**dials)


def test_names_that_nothing_has_are_told_with_what_may_be_meant(model):
    with pytest.raises(errors.InputError, match="no dial \"strenght\", did you mean 'strength'"):
        dt.Dials.from_dict({"strenght": 1})
    with pytest.raises(errors.InputError, match="did you mean 'jawOpen'"):
        model.stream(dials=dt.Dials(channel_gain={"jawOpn": 1.2}))
    with pytest.raises(errors.InputError, match="offset_ms is 40, but it is fixed"):
        model.stream().set_dials(dt.Dials(offset_ms=40))


def test_dials_that_a_motion_has_no_channels_for(tmp_path):
    model = dt.load(write_bundle(tmp_path / "v", kind=KINDS["vertices"]), backend="reference")
    model.stream(dials=dt.Dials(strength=0.5, smoothing_ms=100))
    with pytest.raises(errors.InputError, match="the dial upper_strength is for blendshapes"):
        model.stream(dials=dt.Dials(upper_strength=0.5))
    with pytest.raises(errors.InputError, match="the dial channel_gain is for blendshapes"):
        model.stream(dials=dt.Dials(channel_gain={"jawOpen": 1.2}))


def test_dials_go_through_a_dict_and_back():
    assert dt.Dials().as_dict() == {}
    values = TURNED.as_dict()
    assert json.loads(json.dumps(values)) == values
    assert dt.Dials.from_dict(values) == TURNED
    assert all(isinstance(getattr(TURNED, name), int) for name in WHOLE)


@pytest.fixture
def speaking(model, audio):
    """An animation of ARKit channels with dials."""
    return replace(model.animate(audio, RATE, seed=3, emotion_strength=1.0), dials=TURNED)


@pytest.mark.parametrize("ending", [".json", ".npz", ".glb", ".arkit.vrma", ".usda", ".usdc"])
def test_files_keep_the_dials(speaking, tmp_path, ending):
    skip_without_usd(ending)
    path = tmp_path / f"a{ending}"
    speaking.save(path)
    assert dt.load_animation(path).dials == TURNED
    assert dt.Dials.read(path) == TURNED
    plain = tmp_path / f"b{ending}"
    replace(speaking, dials=dt.Dials()).save(plain)
    again = tmp_path / f"c{ending}"
    replace(speaking, dials=None).save(again)
    assert plain.read_bytes() == again.read_bytes()  # nothing is written for dials at their defaults
    with pytest.raises(errors.InputError, match="holds no dials"):
        dt.Dials.read(plain)


def test_a_dials_file_is_read_by_name(tmp_path):
    path = tmp_path / "d.json"
    path.write_text('{"strength": 1.2, "channel_gain": {"jawOpen": 0.8}}')
    assert dt.Dials.read(path) == dt.Dials(strength=1.2, channel_gain={"jawOpen": 0.8})
    for text, says in [("[1]", "no JSON object"), ("{", "no JSON file of dials"), ('{"strength": 9}', "strength is 9")]:
        path.write_text(text)
        with pytest.raises(errors.InputError, match=f"d.json.*{says}"):
            dt.Dials.read(path)
    with pytest.raises(errors.InputError, match="does not exist"):
        dt.Dials.read(tmp_path / "none.json")


def test_dials_of_a_later_version_do_not_keep_a_file_from_being_read(speaking, tmp_path):
    path = tmp_path / "a.json"
    speaking.save(path)
    saved = json.loads(path.read_text())
    saved["dials"]["sparkle"] = 3
    path.write_text(json.dumps(saved))
    assert dt.load_animation(path).dials == TURNED
    saved["dials"] = {"strength": 9}
    path.write_text(json.dumps(saved))
    with pytest.raises(errors.InputError, match="strength is 9"):
        dt.load_animation(path)
