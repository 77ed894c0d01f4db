"""Timelines: who speaks, in which mood and with which dials, exact to the frame in every profile."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from bundles import KINDS, write_bundle

import diffusiontalker as dt
from diffusiontalker import errors

RATE = 16000
SPEECH = Path(__file__).resolve().parents[2] / "examples" / "speech.wav"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Emotions neutral, happy (the default), angry; identities ada, ben."""
    return dt.load(write_bundle(tmp_path_factory.mktemp("moods") / "m", kind=KINDS["emotions"]), backend="reference")


@pytest.fixture(scope="module")
def speech():
    t = np.arange(3 * RATE) / RATE
    return (0.2 * np.sin(900 * t * (1 + t)) * np.sin(9 * t)).astype(np.float32)


def frames(model, speech, **options):
    return np.asarray(model.animate(speech, RATE, seed=3, **options).weights)


def first_difference(a, b) -> int:
    return int(np.flatnonzero((a != b).any(axis=1))[0])


def test_a_mood_begins_at_its_frame_in_every_profile(model, speech):
    for profile in model.profiles:
        plain = frames(model, speech, profile=profile)
        keys = [{"time_s": 1.5, "blend_s": 0.2, "emotion": "angry"}]
        assert first_difference(frames(model, speech, profile=profile, timeline=keys), plain) == 45


def test_what_was_blended_is_there_at_the_end_of_its_blend(model, speech):
    keys = [{"time_s": 1.0, "blend_s": 0.2, "channel_gain": {"jawOpen": 0.0}}]
    got = frames(model, speech, timeline=keys)
    whole = frames(model, speech, dials=dt.Dials(channel_gain={"jawOpen": 0.0}))
    plain = frames(model, speech)
    jaw = model.channels.index("jawOpen")
    assert np.array_equal(got[:30], plain[:30])
    assert np.array_equal(got[36:], whole[36:])
    shares = 1 - got[30:36, jaw] / plain[30:36, jaw]
    u = np.arange(1, 7) / 7
    assert np.allclose(shares, u * u * (3 - 2 * u), atol=1e-4)


def test_keys_at_the_start_are_those_of_the_arguments(model, speech):
    keys = [{"time_s": 0, "identity": "ada", "emotion": "angry", "strength": 0.7}]
    wanted = frames(model, speech, identity="ada", emotion="angry", dials=dt.Dials(strength=0.7))
    assert np.array_equal(frames(model, speech, timeline=keys), wanted)


def test_what_a_key_does_not_name_goes_on(model, speech):
    keys = [
        {"time_s": 0.5, "blend_s": 0, "strength": 0.5},
        {"time_s": 1.0, "blend_s": 0, "gaze_hold": 1},
        {"time_s": 1.5, "blend_s": 0, "strength": None},
        {"time_s": 2.0, "blend_s": 0, "gaze_hold": None},
    ]
    got = frames(model, speech, timeline=keys)
    both = frames(model, speech, dials=dt.Dials(strength=0.5, gaze_hold=1))
    assert np.array_equal(got[30:45], both[30:45])
    assert np.array_equal(got[60:], frames(model, speech)[60:])


def test_a_text_file_and_a_json_file_say_the_same(model, tmp_path):
    text, document = tmp_path / "t.txt", tmp_path / "t.json"
    text.write_text(
        "# seconds  what\n"
        "0.0  identity ada  emotion happy\n\n"
        "2.0  emotion angry:0.5,happy:0.2 upper-strength 1.2 blend 0.5\n"
        "4.5  channel_gain jawOpen=0.8,mouthClose=1.1 upper_strength default\n"
    )
    keys = [
        {"time_s": 4.5, "channel_gain": {"jawOpen": 0.8, "mouthClose": 1.1}, "upper_strength": None},
        {"time_s": 0, "identity": "ada", "emotion": "happy"},
        {"time_s": 2, "emotion": {"angry": 0.5, "happy": 0.2}, "upper_strength": 1.2, "blend_s": 0.5},
    ]
    document.write_text(json.dumps({"timeline": keys}))
    a, b = dt.Timeline.read(text), dt.Timeline.read(document)
    assert a.keys == b.keys
    assert [k.time_s for k in a.keys] == [0, 2, 4.5]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("x strength 1", "line 2: the time is 'x', expected seconds"),
        ("1 strenght 1", "line 2: there is no dial \"strenght\", did you mean 'strength'"),
        ("1 strength", "line 2: 'strength' has no value"),
        ("1 strength much", "line 2: strength is 'much', expected a number"),
        ("1 strength 9", "line 2: strength is 9"),
        ("1 strength 1 strength 2", "line 2: strength occurs twice"),
        ("1 blend 2", "line 2: nothing changes at 1 s"),
        ("1 strength 1 blend 61", "line 2: blend_s is '61', expected seconds from 0 to 60"),
        ("1 offset_ms 40", "line 2: offset_ms holds for a whole recording"),
        ("-1 strength 1", "line 2: the time is '-1'"),
        ("0.5 strength 2", "two keys at 0.5 s change strength"),
    ],
)
def test_a_bad_line_is_told_in_a_sentence(tmp_path, line, says):
    path = tmp_path / "t.txt"
    path.write_text(f"0.5 strength 1.5\n{line}\n")
    with pytest.raises(errors.InputError) as e:
        dt.Timeline.read(path)
    assert str(path) in str(e.value)
    assert says in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "no JSON file"), ("3", "no list of keys"), ('[{"strength": 1}]', "key 1: it has no time_s")],
)
def test_a_bad_json_file_is_told_in_a_sentence(tmp_path, text, says):
    path = tmp_path / "t.json"
    path.write_text(text)
    with pytest.raises(errors.InputError, match=says):
        dt.Timeline.read(path)


def test_names_that_the_bundle_lacks_are_told_with_their_time(model, speech):
    with pytest.raises(errors.InputError, match="at 1 s: unknown emotion .*did you mean 'angry'"):
        model.animate(speech, RATE, timeline=[{"time_s": 1, "emotion": "angri"}])
    with pytest.raises(errors.InputError, match="at 2 s: unknown channel"):
        model.animate(speech, RATE, timeline=[{"time_s": 2, "channel_gain": {"nose": 1}}])
    with pytest.raises(errors.InputError, match=r"none\.txt does not exist"):
        model.animate(speech, RATE, timeline="none.txt")


@pytest.mark.slow
def test_a_mood_at_two_seconds_of_the_bundle_base_shows_at_two_seconds():
    model = dt.load("base")
    plain = np.asarray(model.animate(SPEECH, seed=1).weights)
    keys = [{"time_s": 2.0, "blend_s": 0.4, "emotion": "happy"}]
    got = np.asarray(model.animate(SPEECH, seed=1, timeline=keys).weights)
    assert first_difference(got, plain) == 60
    happy = np.asarray(model.animate(SPEECH, seed=1, emotion="happy").weights)
    smile = model.channels.index("mouthSmileLeft")
    tail = slice(75, len(plain) - 6)
    assert abs(got[tail, smile].mean() - happy[tail, smile].mean()) < 0.1 * happy[tail, smile].mean()
    # Nowhere a jump: the blend is soft.
    assert np.abs(np.diff(got[55:80, smile])).max() < 0.15
