"""Opening bundles through the compiled module."""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import pytest
from bundles import KINDS, file_entry, identities, manifest, write_bundle
from spec_engine import expected_frames

from diffusiontalker import _native, errors
from diffusiontalker.spec.channels import ARKIT_CHANNELS


def test_model_tells_what_the_bundle_says(tiny_bundle):
    model = _native.Model(str(tiny_bundle), backend="reference")
    assert tuple(model.channels) == ARKIT_CHANNELS
    assert (model.identities, model.profiles) == (["ada", "ben"], ["live", "low", "offline"])
    assert (model.n_channels, model.fps_num, model.fps_den, model.n_steps) == (52, 30, 1, 8)
    assert (model.sample_rate_hz, model.n_mels, model.d_identity) == (16000, 80, 4)
    assert model.metadata_json == (tiny_bundle / "bundle.json").read_text()
    assert model.profile() == model.profile("live")
    # 20 mel frames; the last is centred 160 samples before the end and reaches 200 further.
    sizes = {"past_frames": 18, "hop_frames": 6, "lookahead_frames": 6, "lookahead_samples": 3240}
    assert model.profile().items() >= sizes.items()
    with pytest.raises(errors.InputError, match='unknown profile "x": the bundle has live, low, offline'):
        model.profile("x")
    with pytest.raises(errors.InputError, match='unknown identity "eve": the bundle has ada, ben'):
        _native.Stream(model, identity="eve")


def test_auto_announces_its_choice(tiny_bundle):
    lines = []
    model = _native.Model(str(tiny_bundle), log=lambda level, text: lines.append((level, text)))
    assert model.backend_name == "cpu"
    assert lines == [(_native.LOG_INFO, 'opened bundle "tiny" on backend cpu')]


def test_what_a_log_callback_raises_comes_out(tiny_bundle):
    def log(level, text):
        raise RuntimeError("from the callback")

    with pytest.raises(RuntimeError, match="from the callback"):
        _native.Model(str(tiny_bundle), backend="reference", log=log)
    assert _native.Model(str(tiny_bundle), backend="reference").n_channels == 52


@pytest.mark.skipif(sys.platform == "win32", reason="names are not bytes there")
def test_an_error_with_bytes_that_are_no_utf8_is_readable():
    with pytest.raises(errors.BundleError, match=r"no-b\?ndel"):
        _native.Model(os.fsdecode(b"/no-b\xfcndel"))


def test_unknown_backend_and_precision_list_the_known(tiny_bundle):
    with pytest.raises(errors.InputError, match="auto, cpu, openvino, reference and tensorrt"):
        _native.Model(str(tiny_bundle), backend="abacus")
    with pytest.raises(errors.InputError, match="f32, bf16 and f16"):
        _native.Model(str(tiny_bundle), precision="f8")
    with pytest.raises(errors.BackendError, match="tensorrt"):
        _native.Model(str(tiny_bundle), backend="tensorrt")
    with pytest.raises(errors.BackendError, match="tensorrt.*docs/tensorrt.md"):  # the only one that has it
        _native.Model(str(tiny_bundle), precision="f16")
    known = {backend["name"]: backend for backend in _native.backends()}
    assert list(known) == ["cpu", "openvino", "reference", "tensorrt"]
    assert sorted(known, key=lambda name: known[name]["auto_rank"]) == ["tensorrt", "cpu", "openvino", "reference"]
    assert [known[name]["default_precision"] for name in known] == ["f32", "f32", "f32", "f16"]
    assert known["cpu"]["precisions"] == ["f32", "bf16"] and known["cpu"]["remedy"] == ""
    assert known["openvino"]["precisions"] == ["f32", "bf16"] and "pip install" in known["openvino"]["remedy"]
    assert _native.probe_backend("reference") == (True, "")
    assert _native.probe_backend("openvino")[0]
    assert not _native.probe_backend("tensorrt")[0]


@pytest.mark.parametrize("backend", ["cpu", "openvino", "reference"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m["networks"]["audio_encoder"].update(file="denoiser.onnx"), "denoiser.onnx.*input"),
        (lambda m: m["networks"]["audio_encoder"].update(file="README.md"), "README.md"),
    ],
)
def test_networks_that_do_not_fit_are_refused(tmp_path, backend, change, message):
    with pytest.raises(errors.BundleError, match=message):
        _native.Model(str(write_bundle(tmp_path / "b", change=change)), backend=backend)


def test_networks_of_other_sizes_are_refused(tmp_path):
    def change(m):
        m["networks"]["audio_encoder"]["n_features"] = 9

    with pytest.raises(errors.BundleError, match="audio"):
        _native.Model(str(write_bundle(tmp_path / "b", change=change)), backend="openvino")


def test_nested_json_is_refused_without_a_crash(tmp_path):
    bundle = write_bundle(tmp_path / "b")
    (bundle / "bundle.json").write_text("[" * 200000)
    with pytest.raises(errors.BundleError, match="more than 16 deep"):
        _native.Model(str(bundle))


@pytest.mark.parametrize("kind", KINDS)
def test_engine_equals_specification(tmp_path, kind):
    """1e-4 is the stated limit between fp32 backends, here in units of the motion, which are near 1. The specification
    knows no gaze that counters a head pose: weights are compared at amount 0, poses at amount 1."""
    bundle = write_bundle(tmp_path / kind, kind=KINDS[kind])
    styles = identities(0, KINDS[kind])
    audio = (np.random.default_rng(1).standard_normal(20 * 16000 // 30) * 0.2).astype(np.float32)
    chosen = {"identity": "ben", "emotion": "angry"} if KINDS[kind].emotions else {"identity": "ben"}
    style = styles[1, 2] if KINDS[kind].emotions else styles[1]
    for profile in ("live", "low"):
        expected = expected_frames(bundle, audio, style, 11, profile)
        assert len(expected) == np.ceil(len(audio) / 16000 * KINDS[kind].fps)
        for backend in ("reference", "cpu", "openvino"):
            model = _native.Model(str(bundle), backend=backend)
            streams = [_native.Stream(model, seed=11, profile=profile, head_amount=a, **chosen) for a in (0, 1)]
            for stream in streams:
                stream.push(audio, 16000)
                stream.flush()
            weights, pose = streams[0].pull()[1], streams[1].pull_with_pose()[2]
            frames = np.concatenate([weights, pose], axis=1) if model.has_head_pose else weights
            assert frames.shape == expected.shape
            assert not np.abs(frames - expected).max() > 1e-4, (backend, profile)
            assert np.abs(frames[:-5]).std() > 1e-2


def test_generator_writes_the_documented_manifest(tiny_bundle):
    content = json.loads((tiny_bundle / "bundle.json").read_text())
    entry = content["files"]["denoiser.onnx"]
    assert entry == file_entry((tiny_bundle / "denoiser.onnx").read_bytes())
    assert {k: v for k, v in content.items() if k != "files"} == manifest(0, 8)
