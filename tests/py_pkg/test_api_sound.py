"""What Model.animate() and Model.stream() take, and what they say about sound that nobody speaks in."""

from __future__ import annotations

import io
import logging

import numpy as np
import pytest
import soundfile
from cli_support import tone

import diffusiontalker as dt
from benchmarks.inputs.__main__ import speech
from benchmarks.inputs.forms import FORMS
from diffusiontalker.errors import InputError


@pytest.fixture(scope="module")
def clean(model):
    """A second of the recording, and its weights."""
    clip = speech(seconds=1.0)
    return clip, np.asarray(model.animate(clip.samples, clip.rate, seed=0).weights)


@pytest.mark.parametrize("form", [form for form in FORMS if not form.says], ids=lambda form: form.name)
def test_a_form_of_sound_is_animated_as_the_array_is(model, clean, tmp_path, form):
    clip, weights = clean
    given, rate = form.make(clip, tmp_path)
    made = np.asarray(model.animate(given, rate, seed=0).weights)
    assert made.shape == weights.shape
    assert np.abs(made - weights).max() < (0.2 if "int8" in form.name else 0.01)


@pytest.mark.parametrize("form", [form for form in FORMS if form.says], ids=lambda form: form.name)
def test_a_form_that_is_not_taken_gets_one_sentence(model, clean, tmp_path, form):
    given, rate = form.make(clean[0], tmp_path)
    with pytest.raises(InputError) as caught:
        model.animate(given, rate, seed=0)
    assert form.says in str(caught.value) and "\n" not in str(caught.value)


def test_raw_bytes_are_animated_as_the_array_is(model, clean):
    clip, _ = clean
    data = np.round(clip.samples * 32767).astype("<i2")
    made = model.animate(data.tobytes(), clip.rate, raw="s16le", seed=0).weights
    assert np.array_equal(made, model.animate(data, clip.rate, seed=0).weights)
    both = np.stack([data, data], axis=1).tobytes()
    assert np.array_equal(made, model.animate(io.BytesIO(both), clip.rate, raw="s16le", raw_channels=2, seed=0).weights)


def test_raw_without_a_rate_or_with_an_array_is_refused(model):
    with pytest.raises(InputError, match="sample_rate is missing"):
        model.animate(bytes(100), raw="s16le", seed=0)
    with pytest.raises(InputError, match="raw is given together with an array"):
        model.animate(np.zeros(100), 16000, raw="s16le", seed=0)


def test_a_channel_is_animated_alone(model, clean):
    clip, weights = clean
    beside = np.stack([np.random.default_rng(0).standard_normal(len(clip.samples)) * 0.2, clip.samples], axis=1)
    assert np.array_equal(model.animate(beside.astype(np.float32), clip.rate, channel=2, seed=0).weights, weights)
    buffer = io.BytesIO()
    soundfile.write(buffer, beside, clip.rate, format="WAV", subtype="FLOAT")
    assert np.array_equal(model.animate(buffer.getvalue(), channel=2, seed=0).weights, weights)
    for wrong in (0, 3, "left", 1.5):
        with pytest.raises(InputError, match="channel"):
            model.animate(beside.astype(np.float32), clip.rate, channel=wrong, seed=0)


def test_a_stereo_recording_with_one_channel_inverted_moves_the_face(model, clean):
    """The mean of [x, -x] is silence: the louder channel is animated instead."""
    clip, weights = clean
    still = np.asarray(model.animate(np.zeros_like(clip.samples), clip.rate, seed=0).weights)
    made = np.asarray(model.animate(clip.stereo(-1.0), clip.rate, seed=0).weights)
    assert np.abs(made - weights).max() < 0.2 * np.abs(still - weights).max()


def test_frames_of_inverted_stereo_do_not_depend_on_the_size_of_the_pushes(model, clean):
    clip, _ = clean
    samples = clip.stereo(-0.95)

    def pushed(size: int) -> np.ndarray:
        stream = model.stream()
        for start in range(0, len(samples), size):
            stream.push(samples[start : start + size], clip.rate)
        stream.flush()
        return np.stack([frame.weights for frame in stream.pull()])

    assert np.array_equal(pushed(160), pushed(len(samples)))


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (np.zeros(8000, np.float32), "no speech found in the audio array: it is silent"),
        (tone(0.5, 16000) * 1e-4, "its loudest moment has -9"),
    ],
)
def test_a_recording_in_which_nobody_speaks_is_told(model, caplog, samples, says):
    with caplog.at_level(logging.WARNING, "diffusiontalker"):
        model.animate(samples, 16000)
    assert [says in record.message for record in caplog.records] == [True]


def test_a_recording_with_sound_is_told_nothing(model, caplog):
    with caplog.at_level(logging.WARNING, "diffusiontalker"):
        model.animate(tone(0.5, 16000) * 0.02, 16000)
    assert caplog.records == []


@pytest.mark.parametrize(
    "options",
    [
        {"smoothing_ms": 80.5}, {"smoothing_ms": "x"}, {"smoothing_ms": float("nan")}, {"seed": "x"}, {"seed": -1},
        {"seed": 1.5}, {"seed": 2**64}, {"head_amount": "x"}, {"head_amount": float("nan")}, {"gate_open_dbfs": "x"},
        {"max_buffered_ms": float("inf")}, {"max_buffered_ms": 2**40}, {"ease_out_frames": []}, {"identity": 5},
        {"profile": 5}, {"emotion_strength": "x"}, {"style": "x"}, {"style": [1.0]}, {"offset_ms": object()},
    ],
    ids=str,
)  # fmt: skip
def test_an_option_of_the_wrong_type_is_an_input_error_that_names_it(model, options):
    with pytest.raises(InputError, match=next(iter(options))):
        model.stream(**options)


@pytest.mark.parametrize("options", [{"smoothing_ms": 80.0}, {"seed": np.uint64(2**64 - 1)}, {"lip_seal": True}])
def test_an_option_of_another_type_with_a_whole_value_is_taken(model, options):
    assert model.stream(**options)


@pytest.mark.parametrize(("samples", "rate"), [(b"\0\0", 16000), ("abc", 16000), ([0.0], float("nan")), ([0.0], "abc")])
def test_a_push_of_the_wrong_type_is_an_input_error(model, samples, rate):
    with pytest.raises(InputError):
        model.stream().push(samples, rate)


def test_the_path_of_a_sound_is_kept_with_its_animation(model, tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(0.2, 16000), 16000)
    assert model.animate(str(path)).audio_path == path
    assert model.animate(path.read_bytes()).audio_path is None
    assert dt.pcm(b"\0\0").shape == (1,)
