"""Sound files that cannot be used, and odd ones that can."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile
from cli_support import float_wav, tone


@pytest.mark.slow
def test_bad_input_missing_file_is_refused(place):
    assert "nothing.wav" in place.refused(3, "nothing.wav", "-o", "out.npz")


def test_bad_input_folder_is_refused(place):
    (place.folder / "folder.wav").mkdir()
    place.refused(3, "folder.wav", "-o", "out.npz", says="folder.wav")


@pytest.mark.slow
def test_bad_input_empty_file_is_refused(place):
    (place.folder / "empty.wav").touch()
    place.refused(3, "empty.wav", "-o", "out.npz", says="empty.wav")


@pytest.mark.slow
def test_bad_input_text_named_wav_is_refused(place):
    (place.folder / "text.wav").write_text("this is not a sound\n" * 50)
    place.refused(3, "text.wav", "-o", "out.npz", says="text.wav")


@pytest.mark.slow
def test_bad_input_header_cut_short_is_refused(place):
    path = place.wav()
    path.write_bytes(path.read_bytes()[:30])
    place.refused(3, path.name, "-o", "out.npz", says="in.wav")


@pytest.mark.slow
def test_bad_input_no_samples_is_refused(place):
    soundfile.write(place.folder / "none.wav", np.zeros(0, np.float32), 16000)
    place.refused(3, "none.wav", "-o", "out.npz", says="no samples")


@pytest.mark.slow
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_bad_input_not_finite_is_refused(place, value):
    samples = tone(1, 16000)
    samples[8000] = value
    float_wav(place.folder / "bad.wav", samples)
    place.refused(3, "bad.wav", "-o", "out.npz", says="bad.wav")


def test_bad_input_unknown_identity_lists_those_there_are(place, identities):
    place.wav()
    line = place.refused(3, "in.wav", "-o", "out.npz", "--identity", "nobody", says="nobody")
    assert all(name in line for name in identities)


def test_bad_input_unknown_profile_is_refused(place):
    place.wav()
    place.refused(3, "in.wav", "-o", "out.npz", "--profile", "nothing", says="nothing")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("8bit.wav", {"subtype": "PCM_U8"}),
        ("24bit.wav", {"subtype": "PCM_24"}),
        ("192khz.wav", {"rate": 192000}),
        ("8khz.wav", {"rate": 8000}),
        ("8channels.wav", {"channels": 8}),
        ("stereo.flac", {"channels": 2, "rate": 44100}),
        ("voice.ogg", {"rate": 48000}),
        ("voice.mp3", {"rate": 44100}),
        ("with space und Ümlaut.wav", {}),
    ],
)
def test_odd_audio_works(place, name, options):
    place.wav(name, seconds=0.5, **options)
    result = place.animate(name, "-o", "out.npz", "--json")
    assert result.returncode == 0, result.stderr.decode()
    n_frames = json.loads(result.stdout)["n_frames"]
    # MP3 may be padded to whole blocks of 1152 samples, with the encoder's delay.
    assert n_frames == 15 or (name.endswith(".mp3") and 15 <= n_frames <= 18)
    weights = np.load(place.folder / "out.npz")["weights"]
    assert weights.shape == (n_frames, 52)
    assert np.isfinite(weights).all()


@pytest.mark.slow
def test_10_ms_of_audio_gives_one_frame(place):
    place.wav(seconds=0.01)
    result = place.animate("in.wav", "-o", "out.npz")
    assert result.returncode == 0, result.stderr.decode()
    assert np.load(place.folder / "out.npz")["weights"].shape == (1, 52)
