"""Options of the command line that say how sound is read, and what it says about sound that is missing."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from cli_support import tone

from benchmarks.inputs.kinds import Clip
from benchmarks.inputs.mp3_kinds import mp3


def frames(result) -> int:
    assert result.returncode == 0, result.stderr.decode()
    return json.loads(result.stdout)["n_frames"]


@pytest.mark.slow
def test_raw_samples_from_standard_input_and_from_a_file(place):
    data = (tone(1.0, 8000) * 32767).astype("<i2").tobytes()
    options = ("-o", "out.npz", "--json", "--force", "--raw", "s16le", "--rate", 8000)
    assert frames(place.animate("-", *options, stdin=data)) == 30
    (place.folder / "in.pcm").write_bytes(data)
    assert frames(place.animate("in.pcm", *options)) == 30
    assert frames(place.animate("in.pcm", *options, "--raw-channels", 2)) == 15


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--raw", "s16le"), "--raw needs --rate"),
        (("--raw", "wav", "--rate", 16000), "use one of s16le"),
        (("--rate", 16000), "are for --raw"),
        (("--raw-channels", 2), "are for --raw"),
        (("--channel", 0), "outside 1..64"),
        (("--raw", "s16le", "--rate", 10), "outside 1000..768000"),
    ],
)
def test_options_that_do_not_go_together_are_usage_errors(place, options, says):
    place.wav()
    place.refused(2, "in.wav", "-o", "out.npz", *options, says=says)


@pytest.mark.slow
def test_a_channel_that_is_not_there_is_refused(place):
    place.wav(channels=2)
    place.refused(3, "in.wav", "-o", "out.npz", "--channel", 3, says="no channel 3: it has 2")
    assert frames(place.animate("in.wav", "-o", "out.npz", "--json", "--channel", 2)) == 15


@pytest.mark.slow
def test_a_recording_that_is_cut_off_is_animated_with_a_warning(place):
    path = place.wav(seconds=2)
    path.write_bytes(path.read_bytes()[: 44 + 32000])
    result = place.animate("in.wav", "-o", "out.npz", "--json", "--quiet")
    assert frames(result) == 30
    assert result.stderr.decode() == (
        "warning: in.wav is cut off: 1.00 s of 2.00 s that its header declares are there, and these are used\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="file descriptors of POSIX")
@pytest.mark.slow
def test_what_a_c_library_prints_does_not_reach_the_user(place):
    data = bytearray(mp3(Clip(np.random.default_rng(0).standard_normal(16000).astype(np.float32) * 0.2, 16000)))
    for at in range(len(data) // 3, len(data) // 2, 7):
        data[at] ^= 0x55  # libmpg123 complains about such frames
    (place.folder / "in.mp3").write_bytes(data)
    result = place.animate("in.mp3", "-o", "out.npz", "--quiet")
    assert result.returncode == 0
    lines = result.stderr.decode().splitlines()
    assert all(line.startswith("warning: in.mp3 ") for line in lines), lines


@pytest.mark.slow
def test_the_sound_of_a_saved_animation_is_read_in_the_same_way(place):
    place.wav(seconds=0.2)
    assert place.animate("in.wav", "-o", "a.npz").returncode == 0
    assert b"--raw and --channel are for sound" in place.run("render", "a.npz", "-o", "a.png", "--channel", 1).stderr
    (place.folder / "in.pcm").write_bytes(bytes(6400))
    result = place.run("render", "a.npz", "--audio", "in.pcm", "--raw", "s16le", "--rate", 16000, "-o", "a.png")
    assert result.returncode == 0, result.stderr.decode()
