"""The Python API on a tiny bundle."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import soundfile
from cli_support import tone

import diffusiontalker as dt
from diffusiontalker.api.framefile import FrameFile
from diffusiontalker.api.samples import as_float32


def test_import_works_without_the_native_module():
    program = """
import sys
sys.modules["diffusiontalker._native"] = None
import diffusiontalker as dt, diffusiontalker.spec.mel
try:
    dt.load(sys.argv[1])
except dt.BackendError as e:
    assert "pip install" in str(e), e
"""
    import_only = [sys.executable, "-c", program]
    assert subprocess.run([*import_only, "base"], capture_output=True).returncode in (0, 1)


def test_load_without_the_native_module_names_the_fix(tiny_bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, "diffusiontalker._native", None)
    with pytest.raises(dt.BackendError, match="pip install"):
        dt.load(tiny_bundle)


def test_load_finds_names_in_the_environment(tiny_bundle, monkeypatch):
    monkeypatch.setenv("DIFFUSIONTALKER_BUNDLES", str(tiny_bundle.parent))
    assert dt.available_bundles()[tiny_bundle.name] == tiny_bundle
    assert dt.load(tiny_bundle.name, backend="reference").path == tiny_bundle


def test_load_unknown_name_lists_the_known(tiny_bundle, monkeypatch):
    monkeypatch.setenv("DIFFUSIONTALKER_BUNDLES", str(tiny_bundle.parent))
    with pytest.raises(dt.BundleError, match=tiny_bundle.name):
        dt.load("no-such-bundle")


def test_animation_has_times_and_shape(model):
    anim = model.animate(tone(1.01, 16000), 16000)
    assert anim.weights.shape == (31, 52)
    assert anim.weights.dtype == np.float32
    assert anim.fps == 30.0
    assert anim.audio_path is None
    np.testing.assert_array_equal(anim.times, np.arange(31) / 30)
    np.testing.assert_array_equal(anim.channel("jawOpen"), anim.weights[:, anim.channels.index("jawOpen")])
    np.testing.assert_array_equal(np.concatenate(list(anim.blocks(7))), anim.weights)


def test_animation_saves_all_or_nothing(model, tmp_path):
    anim = model.animate(tone(0.3, 16000), 16000)
    with pytest.raises(dt.InputError, match="unknown"):
        anim.save(tmp_path / "a.npz", tmp_path / "a.unknown")
    assert not list(tmp_path.iterdir())
    anim.save(tmp_path / "a.npz", tmp_path / "a.csv")
    with pytest.raises(dt.OutputError, match="force"):
        anim.save(tmp_path / "a.npz")
    anim.save(str(tmp_path / "a.npz"), force=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.npz"]


def test_animate_file_equals_array(model, place):
    path = place.wav(seconds=2.3, rate=22050, channels=2)
    from_file = model.animate(path, seed=5)
    from_array = model.animate(*soundfile.read(path, dtype="int16"), seed=5)
    assert from_file.audio_path == path
    np.testing.assert_array_equal(from_file.weights, from_array.weights)


def test_animate_reports_progress(model):
    seen: list[float] = []
    model.animate(tone(2.5, 16000), 16000, progress=seen.append)
    assert seen == [1.0, 2.0, 2.5]


@pytest.mark.parametrize(
    ("samples", "rate", "says"),
    [
        (np.zeros(0, np.float32), 16000, "no samples"),
        (np.zeros((2, 3, 4)), 16000, "shape"),
        (np.zeros((1, 16000)), 16000, "transpose"),
        (np.zeros(10, complex), 16000, "complex"),
        (np.zeros(10), None, "sample_rate"),
        (np.zeros(10), 10, "10"),
        (np.zeros(10), 16000.5, "16000.5"),
        (np.full(10, np.nan), 16000, "NaN"),
    ],
)
def test_animate_bad_arrays_are_refused(model, samples, rate, says):
    with pytest.raises(dt.InputError, match=says):
        model.animate(samples, rate)


@pytest.mark.parametrize("arguments", [{"seed": -1}, {"seed": 2**64}, {"identity": "nobody"}, {"profile": "none"}])
def test_animate_bad_arguments_are_refused(model, arguments):
    with pytest.raises(dt.InputError):
        model.animate(tone(0.1, 16000), 16000, **arguments)


def test_animate_accepts_integer_samples():
    as_float = as_float32(np.array([-32768, 0, 16384], np.int16))
    np.testing.assert_array_equal(as_float, np.array([-1, 0, 0.5], np.float32))
    np.testing.assert_array_equal(as_float32(np.array([0, 128, 192], np.uint8)), [-1, 0, 0.5])
    np.testing.assert_array_equal(as_float32(np.array([-(2**31), 2**30], np.int32)), [-1, 0.5])
    np.testing.assert_array_equal(as_float32([0.25, 0.5]), np.array([0.25, 0.5], np.float32))


def test_framefile_reads_like_an_array():
    rng = np.random.default_rng(3)
    whole = rng.random((6000, 52), np.float32)  # beyond what stays in memory
    frames = FrameFile(52)
    for start in range(0, 6000, 700):
        frames.append(whole[start : start + 700])
    assert frames.shape == whole.shape
    np.testing.assert_array_equal(np.asarray(frames), whole)
    for key in (3, -1, slice(10, 20), slice(None, None, 7), slice(5990, 9000), (slice(2, 9), 17), (4, slice(0, 3))):
        np.testing.assert_array_equal(frames[key], whole[key])
    with pytest.raises(IndexError):
        frames[6000]


def test_profiles_are_prepared_and_their_names_are_judged(tiny_bundle):
    model = dt.load(tiny_bundle, profiles=["live", "low"], n_workers=2)
    assert model.opening_warnings == ()
    assert len(model.animate(np.zeros(16000, np.float32), 16000, profile="low").weights) == 30
    with pytest.raises(dt.InputError, match='unknown profile "lively": the bundle has'):
        dt.load(tiny_bundle, profiles=["live", "lively"])
    for wrong in ("live", 3, [None], {"live"}):
        with pytest.raises(dt.InputError, match="profiles is .*, expected a list of names like"):
            dt.load(tiny_bundle, profiles=wrong)
