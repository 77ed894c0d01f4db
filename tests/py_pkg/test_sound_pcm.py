"""Samples without a header, and arrays of every type."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

import diffusiontalker as dt
from diffusiontalker.api.samples import as_float32, checked_rate
from diffusiontalker.errors import InputError
from diffusiontalker.io.sound.pcm import ENCODINGS, RawFormat

SUBTYPES = {
    "s8": "PCM_S8", "u8": "PCM_U8", "s16le": "PCM_16", "s24le": "PCM_24", "s32le": "PCM_32", "f32le": "FLOAT",
    "f64le": "DOUBLE", "mulaw": "ULAW", "alaw": "ALAW",
}  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_gives_what_libsndfile_gives(encoding):
    samples = np.random.default_rng(0).uniform(-1, 1, 500)
    subtype = SUBTYPES[encoding.replace("be", "le")]
    buffer = io.BytesIO()
    kind = {"format": "RAW", "samplerate": 16000, "channels": 1, "subtype": subtype}
    order = "BIG" if encoding.endswith("be") else "LITTLE"
    with soundfile.SoundFile(buffer, "w", endian=order, **kind) as file:
        file.write(samples)
    data = buffer.getvalue()
    buffer.seek(0)
    with soundfile.SoundFile(buffer, endian=order, **kind) as file:
        expected = file.read(dtype="float32")
    assert np.array_equal(dt.pcm(data, encoding), expected)


def test_pcm_of_several_channels_and_of_pieces():
    data = np.arange(-3, 3, dtype="<i2").tobytes()
    assert dt.pcm(memoryview(data), n_channels=3).shape == (2, 3)
    with pytest.raises(InputError, match="keep the rest"):
        dt.pcm(data[:-1])
    with pytest.raises(InputError, match="expected one of s16le"):
        dt.pcm(data, "mp3")


@pytest.mark.parametrize("form", [("s16le", 10), ("s16le", "16000"), ("s16le", 16000, 0), ("s16le", 16000, 65)])
def test_a_raw_format_out_of_range_is_refused(form):
    with pytest.raises(InputError, match="expected a whole number"):
        RawFormat(*form)


@pytest.mark.parametrize("dtype", ["int8", "<i2", ">i2", "<i4", ">i4", "f2", "<f4", ">f4", ">f8"])
def test_arrays_of_a_known_scale_are_taken_in_any_byte_order(dtype):
    top = np.iinfo(dtype).max + 1 if np.dtype(dtype).kind == "i" else 1
    samples = np.array([0, 0.25, -0.5, -1.0])
    assert np.array_equal(as_float32((samples * top).astype(dtype)), samples.astype(np.float32))


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (np.zeros(4, np.int64), "full scale"),
        ([0, 1, 2], "full scale"),
        (np.zeros(4, np.uint16), "full scale"),
        (np.zeros(4, bool), "type bool"),
        (np.zeros(4, complex), "type complex"),
        ("abc", "shape|type"),
        (["a"], "type"),
        (b"\0\0", r"diffusiontalker\.pcm"),
        (bytearray(4), r"diffusiontalker\.pcm"),
        ([[0.0], [0.0, 1.0]], "no array of samples"),
        (None, "shape|type"),
        (np.zeros((2, 2, 2)), "shape"),
    ],
)
def test_other_samples_are_refused_in_one_sentence(samples, says):
    with pytest.raises(InputError, match=says) as caught:
        as_float32(samples)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rate", [None, "16000", float("nan"), float("inf"), 16000.5, 999, 768001, [], object(), True])
def test_other_rates_are_refused(rate):
    with pytest.raises(InputError, match="sample_rate"):
        checked_rate(rate)


@pytest.mark.parametrize("rate", [16000, 16000.0, np.int32(16000), np.float32(16000)])
def test_whole_rates_of_any_type_are_taken(rate):
    assert checked_rate(rate) == 16000
