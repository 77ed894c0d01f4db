"""How strong an emotion is, and several at once."""

from __future__ import annotations

import numpy as np
import pytest
from bundles import KINDS, write_bundle

import diffusiontalker as dt
from diffusiontalker import errors
from diffusiontalker.api.moods import parse_emotion

RATE = 16000


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Emotions neutral, happy (the default), angry."""
    return dt.load(write_bundle(tmp_path_factory.mktemp("moods") / "m", kind=KINDS["emotions"]), backend="reference")


@pytest.fixture(scope="module")
def speech(model, audio):
    low, _ = model.enroll_range_ms
    return np.tile(audio, 1 + low * RATE // 1000 // len(audio))[: (low + 200) * RATE // 1000]


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.7, 2.0])
def test_style_is_linear_in_the_strength(model, strength):
    neutral, angry = model.style("ben", "neutral"), model.style("ben", "angry")
    style = model.style("ben", "angry", emotion_strength=strength)
    assert np.allclose(style, neutral + strength * (angry - neutral), atol=1e-6)
    if strength == 0:
        assert np.array_equal(style, neutral)


def test_strength_of_the_default_emotion(model):
    neutral, happy = model.style("ada", "neutral"), model.style("ada", "happy")
    assert np.array_equal(model.style("ada"), happy)
    assert np.allclose(model.style("ada", emotion_strength=2), 2 * happy - neutral, atol=1e-6)


def test_strength_one_is_the_same_bit_by_bit(model, audio):
    plain = model.animate(audio, RATE, emotion="angry").weights
    assert np.array_equal(model.animate(audio, RATE, emotion="angry", emotion_strength=1.0).weights, plain)
    assert np.array_equal(model.animate(audio, RATE, emotion={"angry": 1}).weights, plain)
    assert np.array_equal(model.style("ada", {"angry": 1.0}), model.style("ada", "angry"))


def test_streams_take_strengths_and_mixtures(model, audio):
    def animate(**options):
        return model.animate(audio, RATE, identity="ben", **options).weights

    strong = animate(emotion="angry", emotion_strength=1.5)
    assert np.array_equal(strong, animate(style=model.style("ben", "angry", emotion_strength=1.5)))
    assert not np.array_equal(strong, animate(emotion="angry"))
    assert np.array_equal(animate(emotion="angry", emotion_strength=0), animate(emotion="neutral"))
    mixed = animate(emotion={"happy": 0.7, "angry": 0.4}, emotion_strength=0.5)
    assert np.array_equal(mixed, animate(style=model.style("ben", {"happy": 0.35, "angry": 0.2})))


def test_mixtures_add_up(model):
    neutral, happy, angry = (model.style("ada", e) for e in ("neutral", "happy", "angry"))
    style = model.style("ada", {"happy": 0.7, "angry": 0.4}, emotion_strength=1.5)
    expected = neutral + 1.5 * (0.7 * (happy - neutral) + 0.4 * (angry - neutral))
    assert np.allclose(style, expected, atol=1e-6)


def test_enrolled_speakers_have_strengths_and_mixtures(model, speech):
    heard, neutral, happy, angry = (model.enroll(speech, RATE, emotion=e) for e in (None, "neutral", "happy", "angry"))
    strong = model.enroll(speech, RATE, emotion="happy", emotion_strength=1.5)
    assert np.allclose(strong, neutral + 1.5 * (happy - neutral), atol=1e-6)
    mixed = model.enroll(speech, RATE, emotion={"happy": 0.5, "angry": 0.5})
    assert np.allclose(mixed, 0.5 * happy + 0.5 * angry, atol=1e-6)
    assert np.allclose(model.enroll(speech, RATE, emotion_strength=0.5), 0.5 * (heard + neutral), atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"emotion_strength": 2.5}, "emotion_strength is 2.5"),
        ({"emotion_strength": -1}, "emotion_strength is -1"),
        ({"emotion_strength": float("nan")}, "emotion_strength is nan"),
        ({"emotion": {"happy": 3}}, 'the weight of emotion "happy" is 3'),
        ({"emotion": {"happy": 1.5, "angry": 1}}, "2.5.* together, expected 2 at most"),
        ({"emotion": {"bored": 1}}, 'unknown emotion "bored": the bundle has neutral, happy, angry'),
        ({"emotion": {}}, "mixture of emotions is empty"),
        ({"emotion": {"happy": "much"}}, "expected a name or weights"),
        ({"emotion": 3}, "expected a name or weights"),
        ({"emotion": {"happy": 1}, "style": np.zeros(4)}, "style and emotion are both given"),
        ({"emotion_strength": 0.5, "style": np.zeros(4)}, "style and emotion_strength are both given"),
    ],
)
def test_bad_values_are_one_sentence(model, options, message):
    with pytest.raises(errors.InputError, match=message):
        model.stream(**options)


def test_a_model_without_emotions_says_so(tiny_bundle, speech):
    plain = dt.load(tiny_bundle, backend="reference")
    assert len(plain.stream(emotion_strength=1).model.emotions) == 0
    for call in (
        lambda: plain.stream(emotion_strength=0.5),
        lambda: plain.stream(emotion={"happy": 1}),
        lambda: plain.style(emotion_strength=0.5),
        lambda: plain.enroll(speech, RATE, emotion_strength=0.5),
        lambda: plain.enroll(speech, RATE, emotion={"happy": 1}),
    ):
        with pytest.raises(errors.InputError, match="the model has no emotions"):
            call()


def test_the_command_line_syntax():
    assert parse_emotion("happy") == "happy"
    assert parse_emotion("happy:0.5") == {"happy": 0.5}
    assert parse_emotion("happy:0.5, sad:1") == {"happy": 0.5, "sad": 1.0}
    for bad in ("happy,sad", "happy:", ":0.5", "happy:much", "happy:-1", "happy:3", "happy:nan", "a:1,a:1", "a:1,"):
        with pytest.raises(ValueError, match=r"NAME:WEIGHT|twice"):
            parse_emotion(bad)
