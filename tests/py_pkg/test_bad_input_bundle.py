"""Bundles that must not be used."""

from __future__ import annotations

import json
import shutil

import pytest


@pytest.fixture
def broken(place):
    """A copy of the tiny bundle to damage."""
    path = place.folder / "broken"
    shutil.copytree(place.bundle, path)
    place.wav()
    return path


def refused(place, path, says):
    place.refused(4, "in.wav", "-o", "out.npz", "--bundle", path, says=says)


@pytest.mark.slow
def test_bundle_flipped_byte_is_refused(place, broken):
    for name in json.loads((broken / "bundle.json").read_text())["files"]:
        data = bytearray((broken / name).read_bytes())
        data[len(data) // 2] ^= 1
        (broken / name).write_bytes(data)
        refused(place, broken, name)
        data[len(data) // 2] ^= 1
        (broken / name).write_bytes(data)


@pytest.mark.slow
def test_bundle_missing_file_is_refused(place, broken):
    (broken / "denoiser.onnx").unlink()
    refused(place, broken, "denoiser.onnx")


def test_bundle_cut_file_is_refused(place, broken):
    path = broken / "audio_encoder.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    refused(place, broken, "audio_encoder.onnx")


@pytest.mark.slow
@pytest.mark.parametrize(("version", "remedy"), [(1, "export the model again"), (3, "update diffusiontalker")])
def test_bundle_other_format_is_refused(place, broken, version, remedy):
    description = json.loads((broken / "bundle.json").read_text())
    description["format_version"] = version
    (broken / "bundle.json").write_text(json.dumps(description))
    refused(place, broken, remedy)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": "other"}', "\x00\xff"])
def test_bundle_json_broken_is_refused(place, broken, text):
    (broken / "bundle.json").write_text(text)
    refused(place, broken, "bundle.json")


@pytest.mark.slow
def test_bundle_without_description_is_refused(place, broken):
    (broken / "bundle.json").unlink()
    refused(place, broken, "bundle.json")


def test_bundle_unknown_name_lists_the_known(place):
    place.wav()
    refused(place, "nothing-like-this", "known names")


@pytest.mark.slow
def test_info_of_a_damaged_bundle_names_the_file(place, broken):
    (broken / "denoiser.onnx").write_bytes(b"x")
    result = place.run("info", broken)
    assert result.returncode == 4
    assert "denoiser.onnx" in result.stderr.decode()
    assert "Traceback" not in result.stderr.decode()
