"""Dials, timelines and edits on the command line."""

from __future__ import annotations

import numpy as np
import pytest

import diffusiontalker as dt
from diffusiontalker.api.dials import CHANNEL_RANGES, RANGES
from diffusiontalker.cli import dial_options

pytestmark = pytest.mark.slow


@pytest.fixture
def animate(place, pose_bundle):
    """animate(name, *options) -> (document of --json, arrays of the .npz)."""
    place.wav(seconds=1.5)
    return lambda name, *options: place.saved(name, "--bundle", pose_bundle, *options)


def test_every_dial_has_an_option(place):
    for command in ("animate", "render"):
        shown = place.run(command, "--help").stdout.decode()
        assert [n for n in (*RANGES, *CHANNEL_RANGES, "emotion") if f"{dial_options.option(n)} " not in shown] == []


def test_options_reach_the_face_the_document_and_the_file(animate, place):
    _, plain = animate("plain")
    document, half = animate("half", "--channel-gain", "jawOpen=0.5", "--channel-gain", "mouthClose=0")
    assert document["dials"] == {"channel_gain": {"jawOpen": 0.5, "mouthClose": 0.0}}
    assert dt.load_animation(place.folder / "half.npz").dials.as_dict() == document["dials"]
    assert "dials" not in plain
    jaw, brow = (list(plain["channels"]).index(c) for c in ("jawOpen", "browInnerUp"))
    spoken = slice(0, -6)  # the end eases to rest
    assert np.allclose(half["weights"][spoken, jaw], 0.5 * plain["weights"][spoken, jaw], atol=1e-6)
    assert np.array_equal(half["weights"][:, brow], plain["weights"][:, brow])


def test_dials_of_an_earlier_output_make_the_same_face(animate):
    _, first = animate("first", "--strength", "1.3", "--emotion", "angry", "--head-amount", "0.5", "--blink-rate", "3")
    document, again = animate("again", "--dials", "first.npz")
    assert np.array_equal(first["weights"], again["weights"])
    assert np.array_equal(first["head_pose"], again["head_pose"])
    assert document["emotion"] == "angry"
    document, other = animate("other", "--dials", "first.npz", "--strength", "0.5")
    assert document["dials"]["strength"] == 0.5
    assert document["dials"]["blink_rate"] == 3
    assert not np.array_equal(first["weights"], other["weights"])


def test_a_timeline_and_edits(animate, place):
    (place.folder / "t.txt").write_text(
        "0.5 emotion angry blend 0.1\n1.0 channel_gain jawOpen=0 head-amount 0 blend 0\n"
    )
    (place.folder / "e.txt").write_text("0.2 browInnerUp 0.75 ease 0\n")
    _, plain = animate("plain")
    _, changed = animate("changed", "--timeline", "t.txt", "--edits", "e.txt")
    names = list(plain["channels"])
    jaw, brow = names.index("jawOpen"), names.index("browInnerUp")
    differs = (plain["weights"] != changed["weights"]).any(axis=1)
    assert np.flatnonzero(differs)[:2].tolist() == [6, 15]
    assert changed["weights"][6, brow] == 0.75
    assert not changed["weights"][30:-6, jaw].any()
    assert changed["head_pose"][29].any()
    assert not changed["head_pose"][30:].any()


@pytest.mark.parametrize(
    ("code", "options", "says"),
    [
        (2, ("--strength", "3"), "3 is outside 0..2"),
        (2, ("--strenght", "1"), "did you mean '--strength'"),
        (2, ("--channel-gain", "jawOpen"), "'jawOpen' is not CHANNEL=NUMBER"),
        (3, ("--channel-gain", "jawOpn=1"), "did you mean 'jawOpen'"),
        (3, ("--channel-gain", "jawOpen=9"), "channel_gain of jawOpen is 9"),
        (3, ("--dials", "none.json"), "none.json does not exist"),
        (3, ("--timeline", "none.txt"), "none.txt does not exist"),
        (3, ("--edits", "none.txt"), "none.txt does not exist"),
    ],
)
def test_what_cannot_be_used_is_told(place, code, options, says):
    place.wav(seconds=0.2)
    place.refused(code, "in.wav", "-o", "a.npz", *options, says=says)


def test_dials_are_for_sound(place):
    place.wav(seconds=0.2)
    assert place.animate("in.wav", "-o", "a.npz", "-q").returncode == 0
    for options in (("--strength", "0.5"), ("--timeline", "t.txt")):
        result = place.run("render", "a.npz", "-o", "a.png", *options)
        assert result.returncode == 2
        assert f"{options[0]} is for sound" in result.stderr.decode()
