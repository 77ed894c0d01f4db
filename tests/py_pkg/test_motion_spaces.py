"""Emotions, and motions of vertices and coefficients, through the Python package."""

from __future__ import annotations

import json

import numpy as np
import pytest
from bundles import IDENTITIES, KINDS, file_entry, identities, rig, safetensors_bytes, write_bundle
from cli_support import tone

import diffusiontalker as dt
from diffusiontalker import _native
from diffusiontalker.api.saved import load_animation

AUDIO = tone(1.01, 16000)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A model of every kind by its name."""
    folder = tmp_path_factory.mktemp("kinds")
    return {name: dt.load(write_bundle(folder / name, kind=kind), backend="reference") for name, kind in KINDS.items()}


@pytest.mark.parametrize("name", KINDS)
def test_model_tells_its_space_and_emotions(models, name):
    model, kind = models[name], KINDS[name]
    n_weights = len(kind.weights) or kind.n_channels  # vertices have no names
    assert (model.space, model.channels, model.n_channels) == (kind.space, kind.weights, n_weights)
    assert model.has_head_pose == (kind.weights != kind.channels)
    assert model.emotions == kind.emotions
    assert model.default_emotion == ("happy" if kind.emotions else None)
    assert (model.rig is not None) == kind.rig
    anim = model.animate(AUDIO, 16000)
    assert (anim.space, anim.n_channels, anim.fps) == (kind.space, n_weights, kind.fps)
    assert anim.n_frames == np.ceil(1.01 * kind.fps)
    np.testing.assert_allclose(anim.times, np.arange(anim.n_frames) / kind.fps)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.emotions])
def test_emotion_selects_its_row(models, name):
    model, kind = models[name], KINDS[name]
    table = identities(0, kind)
    frames = {}
    for i, identity in enumerate(IDENTITIES):
        for j, emotion in enumerate(kind.emotions):
            frames[identity, emotion] = model.animate(AUDIO, 16000, identity=identity, emotion=emotion).weights
            styled = model.animate(AUDIO, 16000, style=table[i, j]).weights
            np.testing.assert_array_equal(frames[identity, emotion], styled)
    np.testing.assert_array_equal(model.animate(AUDIO, 16000).weights, frames["ada", "happy"])
    assert len({f.tobytes() for f in frames.values()}) == len(frames)


def test_emotion_that_cannot_be_is_refused(models):
    with pytest.raises(dt.InputError, match='unknown emotion "sad": the bundle has neutral, happy, angry'):
        models["emotions"].stream(emotion="sad")
    with pytest.raises(dt.InputError, match='the model has no emotions, but the emotion "happy" is asked for'):
        models["tiny"].stream(emotion="happy")
    with pytest.raises(dt.InputError, match="style and emotion are both given"):
        models["emotions"].stream(emotion="happy", style=np.zeros(4))


@pytest.mark.parametrize("name", ["vertices", "blendshapes25", "coefficients25"])
def test_chunks_and_stamps_at_25_fps(models, name):
    model = models[name]
    whole = model.animate(tone(2.03, 22050), 22050, seed=0).weights
    stream = model.stream()
    hop_ms = stream.profile.latency_ms - 1000 * stream.profile.lookahead_samples / 16000
    assert hop_ms == pytest.approx(1000 * 6 / 25)
    audio, frames = tone(2.03, 22050), []
    for start in range(0, len(audio), 999):
        stream.push(audio[start : start + 999], 22050)
        frames += stream.pull()
    stream.flush()
    frames += stream.pull()
    np.testing.assert_array_equal([f.weights for f in frames], whole)
    assert [f.index for f in frames] == list(range(51))
    np.testing.assert_allclose([f.time_s for f in frames], np.arange(51) / 25)
    np.testing.assert_allclose(whole[-1], model.info()["motion"]["rest"], atol=1e-7)


def test_vertices_are_template_plus_offsets(models):
    anim = models["vertices"].animate(AUDIO, 16000)
    template = rig(0, KINDS["vertices"])["template"]
    positions = anim.vertices()
    assert positions.shape == (26, 7, 3) and positions.dtype == np.float32
    np.testing.assert_array_equal(positions, anim.weights.reshape(26, 7, 3) + template)
    np.testing.assert_array_equal(positions[-1], template)  # at rest
    np.testing.assert_array_equal(anim.vertices(3, 9), positions[3:9])
    assert anim.rig.unit_m == 0.001
    with pytest.raises(dt.InputError, match="without a rig"):
        models["vertices30"].animate(AUDIO, 16000).vertices()


@pytest.mark.parametrize("name", ["coefficients", "coefficients25"])
def test_vertices_of_coefficients_go_through_the_basis(models, name):
    anim = models[name].animate(AUDIO, 16000)
    tensors = rig(0, KINDS[name])
    offsets = anim.weights.astype(np.float64) @ tensors["basis"] + tensors["mean"]
    expected = offsets.reshape(anim.n_frames, -1, 3) + tensors["template"]
    np.testing.assert_allclose(anim.vertices(), expected, atol=1e-5)


def test_vertices_of_blendshapes_are_the_built_in_head(models):
    from diffusiontalker.head import load_head

    anim = models["tiny"].animate(AUDIO, 16000)
    np.testing.assert_array_equal(anim.vertices(5, 7), load_head().vertices(anim.weights[5:7]))


def test_built_in_head_refuses_other_spaces(models, tmp_path):
    from diffusiontalker.render import contact_sheet

    for name, message in (("vertices", "21 numbers a frame for 0 channel names"), ("coefficients", "not pc0, pc1")):
        with pytest.raises(dt.InputError, match=message):
            contact_sheet(models[name].animate(AUDIO, 16000), tmp_path / "a.png")


def test_blocks_of_many_channels_stay_small(monkeypatch, models):
    """BIWI has 70110 channels: 300 frames of them are 84 MB."""
    from diffusiontalker import blocks

    assert blocks.block_frames(52) == 300
    assert 1 <= blocks.block_frames(70110) < 16
    whole = models["vertices"].animate(AUDIO, 16000)
    positions = whole.vertices()
    monkeypatch.setattr(blocks, "MAX_BLOCK_BYTES", 1)
    assert blocks.block_frames(52) == 1
    np.testing.assert_array_equal(models["vertices"].animate(AUDIO, 16000).weights, whole.weights)
    np.testing.assert_array_equal(whole.vertices(), positions)


@pytest.mark.parametrize("name", ["vertices", "coefficients"])
def test_save_npz_of_other_spaces(models, tmp_path, name):
    anim = models[name].animate(AUDIO, 16000)
    anim.save(tmp_path / "a.npz")
    anim.save(tmp_path / "b.npz", vertices=True)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as saved:
        assert set(saved) == {"weights", "channels", "fps", "times", "space"}
        np.testing.assert_array_equal(saved["weights"], anim.weights)
        assert tuple(saved["channels"]) == anim.channels
    with np.load(tmp_path / "b.npz", allow_pickle=False) as saved:
        np.testing.assert_array_equal(saved["vertices"], anim.vertices())
    loaded = load_animation(tmp_path / "b.npz")
    assert (loaded.space, loaded.channels, loaded.fps) == (anim.space, anim.channels, anim.fps)
    for ending in (".glb", ".csv", ".json"):
        with pytest.raises(dt.InputError, match=rf"\{ending} holds ARKit blendshapes, .* {name}: save it as \.npz"):
            anim.save(tmp_path / f"c{ending}")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_save_vertices_need_npz(models, tmp_path):
    anim = models["tiny"].animate(AUDIO, 16000)
    with pytest.raises(dt.InputError, match=r"vertices are stored in \.npz only"):
        anim.save(tmp_path / "a.csv", vertices=True)
    anim.save(tmp_path / "a.csv", tmp_path / "a.npz", vertices=True)
    with np.load(tmp_path / "a.npz") as saved:
        np.testing.assert_array_equal(saved["vertices"], anim.vertices())


def damaged(tmp_path, kind: str, change=None, **tensors) -> str:
    """A bundle whose tensor files are replaced, hashes included: file stem -> tensors."""
    bundle = write_bundle(tmp_path / "b", kind=KINDS[kind])
    content = json.loads((bundle / "bundle.json").read_text())
    for stem, values in tensors.items():
        data = safetensors_bytes(**values)
        (bundle / f"{stem}.safetensors").write_bytes(data)
        content["files"][f"{stem}.safetensors"] = file_entry(data)
    if change:
        change(content)
    (bundle / "bundle.json").write_text(json.dumps(content))
    return str(bundle)


@pytest.mark.parametrize(
    ("kind", "file", "shapes", "message"),
    [
        ("emotions", "identities", {"identities": (2, 4)}, "identities.shape is not of 3 dimensions"),
        ("tiny", "identities", {"identities": (2, 3, 4)}, "identities.shape is not of 2 dimensions"),
        ("emotions", "identities", {"identities": (2, 2, 4)}, "has 2 columns, identities.emotions has 3"),
        ("emotions", "identities", {"identities": (3, 3, 4)}, "has 3 rows, identities.names has 2"),
        ("vertices", "rig", {"template": (6, 3)}, "rig.safetensors: template has 18 numbers, the motion has 21"),
        ("vertices", "rig", {"template": (7, 4)}, "template has 4 columns, a vertex has 3"),
        ("vertices", "rig", {"mean": (7, 3)}, "the key template is missing"),
        ("coefficients", "rig", {"template": (6, 3), "mean": (18,)}, "the key basis is missing"),
        ("coefficients", "rig", {"template": (6, 3), "mean": (17,), "basis": (5, 18)}, "mean has 17 numbers"),
        ("coefficients", "rig", {"template": (6, 3), "mean": (18,), "basis": (4, 18)}, "basis has 4 rows"),
        ("coefficients", "rig", {"template": (6, 3), "mean": (18,), "basis": (5, 17)}, "basis has 17 columns"),
    ],
)
def test_tensors_of_other_shapes_are_refused(tmp_path, kind, file, shapes, message):
    tensors = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    with pytest.raises(dt.BundleError, match=message):
        _native.Model(damaged(tmp_path, kind, **{file: tensors}), backend="reference")


def test_rig_that_is_not_there_is_refused(tmp_path):
    bundle = write_bundle(tmp_path / "b", kind=KINDS["vertices"])
    (bundle / "rig.safetensors").unlink()
    with pytest.raises(dt.BundleError, match="rig.safetensors"):
        _native.Model(str(bundle))
    with pytest.raises(dt.BundleError, match='files has no entry for "rig.safetensors"'):
        _native.Model(damaged(tmp_path, "vertices", lambda m: m["files"].pop("rig.safetensors")))


def test_biwi_sized_windows_run(tmp_path):
    """23370 vertices at 25 fps; the statistics take their short form."""
    from bundles import Kind

    kind = Kind("vertices", (), 23370, 25, rig=True)
    model = dt.load(write_bundle(tmp_path / "biwi", n_steps=1, kind=kind), backend="openvino")
    anim = model.animate(tone(0.5, 16000), 16000)
    assert anim.weights.shape == (13, 70110)
    assert np.isfinite(anim.weights).all() and np.abs(anim.weights[:8]).max() > 0
    np.testing.assert_array_equal(anim.vertices(12), rig(0, kind)["template"][None])
