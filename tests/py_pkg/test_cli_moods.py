"""Moods with a dial and the head pose on the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest


@pytest.fixture
def animate(place, pose_bundle):
    """animate(name, *options) -> (document of --json, arrays of the .npz)."""
    place.wav(seconds=0.5)
    return lambda name, *options: place.saved(name, "--bundle", pose_bundle, *options)


@pytest.mark.slow
def test_strength_and_mixture_reach_the_face_and_the_document(animate):
    document, happy = animate("happy", "--emotion", "happy")
    assert (document["emotion"], document["emotion_strength"], document["head_amount"]) == ("happy", 1.0, 1.0)
    document, none = animate("none", "--emotion", "happy", "--emotion-strength", "0")
    assert document["emotion_strength"] == 0
    assert np.array_equal(none["weights"], animate("neutral", "--emotion", "neutral")[1]["weights"])
    document, half = animate("half", "--emotion", "happy:0.5, angry:0.25")
    assert document["emotion"] == {"happy": 0.5, "angry": 0.25}
    assert not np.array_equal(half["weights"], happy["weights"])
    same = animate("same", "--emotion", "happy:1,angry:0.5", "--emotion-strength", "0.5")[1]
    assert np.allclose(same["weights"], half["weights"], atol=1e-5)


@pytest.mark.slow
def test_amount_of_the_head(animate):
    _, full = animate("full")
    document, none = animate("none", "--head-amount", "0")
    assert document["head_amount"] == 0
    assert np.abs(full["head_pose"]).max() > 0.01
    assert np.all(none["head_pose"] == 0)
    jaw = list(full["channels"]).index("jawOpen")
    assert np.array_equal(full["weights"][:, jaw], none["weights"][:, jaw])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--emotion-strength", "3"), "3 is outside 0..2"),
        (("--emotion-strength", "nan"), "nan is outside 0..2"),
        (("--head-amount", "much"), "'much' is not a number"),
        (("--emotion", "happy,angry"), "'happy' is not NAME:WEIGHT"),
        (("--emotion", "happy:5"), "'happy:5' is not NAME:WEIGHT with a weight 0..2"),
    ],
)
def test_bad_values_are_wrong_usage(place, pose_bundle, options, says):
    place.wav(seconds=0.2)
    place.refused(2, "in.wav", "-o", "a.npz", "--bundle", pose_bundle, *options, says=says)


@pytest.mark.slow
def test_what_a_bundle_does_not_have_is_told(place, pose_bundle):
    place.wav(seconds=0.2)
    place.refused(
        3, "in.wav", "-o", "a.npz", "--bundle", pose_bundle, "--emotion", "sad:1", says="neutral, happy, angry"
    )
    place.refused(3, "in.wav", "-o", "a.npz", "--emotion-strength", "0.5", says="has no emotions")
    result = place.animate("in.wav", "-o", "a.npz", "--json", "--head-amount", "0.5")
    assert json.loads(result.stdout)["head_amount"] is None, "a bundle without a head pose"


@pytest.mark.slow
def test_info_and_every_output(place, pose_bundle):
    text = place.run("info", pose_bundle).stdout.decode()
    assert "52 blendshapes at 30 frames/s" in text
    assert "headYaw, headPitch, headRoll" in text
    place.wav(seconds=0.4)
    outputs = [x for ending in ("glb", "csv", "json", "npz") for x in ("-o", f"a.{ending}")]
    result = place.animate("in.wav", *outputs, "--bundle", pose_bundle)
    assert result.returncode == 0, result.stderr.decode()
    result = place.run("render", "a.json", "-o", "a.png")
    assert result.returncode == 0, result.stderr.decode()
