"""Emotions and other motion spaces on the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from bundles import KINDS, write_bundle
from cli_support import check_refused


@pytest.fixture(scope="session")
def kinds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    names = ("emotions", "vertices", "coefficients")
    return {name: write_bundle(folder / name, kind=KINDS[name]) for name in names}


@pytest.mark.slow
def test_animate_emotion_is_heard(place, kinds):
    place.wav(seconds=0.4)
    model = ("--bundle", kinds["emotions"])
    for name, options in (("default", ()), ("happy", ("--emotion", "happy")), ("angry", ("--emotion", "angry"))):
        result = place.animate("in.wav", "-o", f"{name}.csv", "--json", *model, *options)
        assert result.returncode == 0, result.stderr.decode()
        document = json.loads(result.stdout)
        assert document["emotion"] == ("angry" if name == "angry" else "happy")
        assert document["space"] == "blendshapes"
    default, happy, angry = ((place.folder / f"{n}.csv").read_bytes() for n in ("default", "happy", "angry"))
    assert default == happy != angry
    place.refused(3, "in.wav", "-o", "a.npz", *model, "--emotion", "sad", says="neutral, happy, angry")
    place.refused(3, "in.wav", "-o", "a.npz", "--emotion", "happy", says="has no emotions")


@pytest.mark.slow
def test_animate_vertices(place, kinds):
    place.wav(seconds=0.4)
    model = ("--bundle", kinds["vertices"])
    result = place.animate("in.wav", "-o", "a.npz", "--vertices", *model)
    assert result.returncode == 0, result.stderr.decode()
    with np.load(place.folder / "a.npz") as saved:
        assert saved["weights"].shape == (10, 21)
        assert saved["vertices"].shape == (10, 7, 3)
        assert float(saved["fps"]) == 25
    for output in (("-o", "a.glb"), ("-o", "a.csv"), ("-o", "b.npz", "-o", "b.json"), ("-o", "-")):
        place.refused(3, "in.wav", *output, *model, says="save it as .npz")
    place.refused(3, "in.wav", "-o", "a.csv", "--vertices", says="vertices are stored in .npz only")


@pytest.mark.slow
@pytest.mark.parametrize("saved", [True, False])
def test_render_refuses_other_spaces(place, kinds, saved):
    place.wav(seconds=0.4)
    model = ("--bundle", kinds["coefficients"], "--backend", "reference")
    assert place.animate("in.wav", "-o", "a.npz", *model).returncode == 0
    before = place.files()
    result = place.run("render", *(["a.npz"] if saved else ["in.wav", *model]), "-o", "a.png")
    check_refused(result, 3, "takes ARKit blendshapes", before, place.files())


@pytest.mark.slow
def test_info_tells_space_and_emotions(place, kinds):
    text = place.run("info", kinds["vertices"]).stdout.decode()
    assert "7 vertices at 25 frames/s" in text
    assert "neutral, happy (default), angry" in text
    assert "rig.safetensors, unit of length 0.001 m" in text
    text = place.run("info", kinds["coefficients"]).stdout.decode()
    assert "5 coefficients at 30 frames/s" in text and "pc0, pc1" in text
