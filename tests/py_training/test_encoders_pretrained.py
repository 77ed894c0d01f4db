"""HuBERT, wav2vec 2.0 and WavLM with random weights: agreement with transformers, rate, windows, refusals."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
from safetensors.torch import load_file, save_file  # noqa: E402

from training.encoders.choice import EncoderChoice  # noqa: E402
from training.encoders.frozen import in_windows  # noqa: E402
from training.encoders.pretrained import PretrainedEncoder  # noqa: E402

pytestmark = pytest.mark.slow

D, LAYERS = 16, 2
KINDS = {"hubert": "Hubert", "wav2vec2": "Wav2Vec2", "wavlm": "WavLM"}


def noise(n: int, seed: int = 0) -> np.ndarray:
    return (0.3 + 0.1 * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)


def make(folder, kind: str, **changes):
    """A model of the published shape in small; returns its folder."""
    torch.manual_seed(0)
    values = {
        "hidden_size": D, "num_hidden_layers": LAYERS, "num_attention_heads": 2, "intermediate_size": 32,
        "conv_dim": (8,) * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4,
    }  # fmt: skip
    config = getattr(transformers, f"{KINDS[kind]}Config")(**(values | changes))
    getattr(transformers, f"{KINDS[kind]}Model")(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=KINDS)
def folder(request, tmp_path_factory):
    return make(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def hubert(tmp_path_factory):
    return make(tmp_path_factory.mktemp("plain"), "hubert")


@pytest.mark.parametrize("layer", [None, 0, 1])
def test_features_agree_with_transformers_called_directly(folder, layer):
    model = transformers.AutoModel.from_pretrained(folder).eval()
    audio = noise(16_000)
    normalised = transformers.Wav2Vec2FeatureExtractor()(audio, sampling_rate=16000).input_values[0]
    with torch.no_grad():  # 200 samples earlier, so that 400 samples from 320 j on are centred on 320 j
        moved = torch.from_numpy(np.pad(normalised, (200, 0)))[None]
        out = model(moved, output_hidden_states=True)
    expected = out.last_hidden_state if layer is None else out.hidden_states[layer]
    encoder = PretrainedEncoder(str(folder), layer)
    features = encoder(audio)
    assert features.shape == (50, D) and features.dtype == np.float32 and encoder.dim == D
    assert np.abs(features - expected[0].numpy()).max() <= 1e-5
    assert encoder.layer == (LAYERS if layer is None else layer)


@pytest.mark.parametrize("n_samples", [1, 319, 320, 321, 399, 5000])
def test_every_20_ms_begun_has_a_feature(folder, n_samples):
    encoder = PretrainedEncoder(str(folder))
    assert encoder(noise(n_samples)).shape == (-(-n_samples // 320), D)


def test_batch_gives_what_single_clips_give(folder):
    encoder = PretrainedEncoder(str(folder))
    clips = [noise(n, n) for n in (3200, 4000, 3200)]
    for one, many in zip(clips, encoder.batch(clips), strict=True):
        assert np.abs(encoder(one) - many).max() <= 1e-5


def test_recording_beyond_30_s_is_normalised_whole_and_encoded_in_windows(tmp_path):
    make(tmp_path, "wav2vec2", feat_extract_norm="layer", do_stable_layer_norm=True)
    encoder, audio = PretrainedEncoder(str(tmp_path)), noise(31 * 16000)
    features = encoder(audio)
    normalised = encoder._normalised(audio)
    assert features.shape == (31 * 50, D)
    assert np.array_equal(features[:1375], encoder._encode(normalised[None, : 30 * 16000])[0][:1375])
    assert np.array_equal(features[1375:], encoder._encode(normalised[None, 16000:])[0][1325:])


@pytest.mark.parametrize("seconds", [29.99, 30.0, 30.01, 54.9, 55.0, 55.1, 200.0])
def test_windows_keep_every_feature_once_and_in_its_place(seconds):
    audio = np.arange(int(seconds * 16000), dtype=np.float64)
    lengths = []

    def encode(window):
        lengths.append(len(window))
        return window[::320, None] // 320

    assert np.array_equal(in_windows(audio, encode)[:, 0], np.arange(-(-len(audio) // 320)))
    assert max(lengths) <= 30 * 16000


def test_scale_of_the_audio_matters_only_when_the_model_says_so(hubert, tmp_path):
    audio = noise(8000)
    plain = PretrainedEncoder(str(hubert))
    assert np.abs(plain(audio) - plain(0.1 * audio - 0.05)).max() <= 1e-3
    make(tmp_path, "hubert", feat_extract_norm="layer")
    transformers.Wav2Vec2FeatureExtractor(do_normalize=False).save_pretrained(tmp_path)
    raw = PretrainedEncoder(str(tmp_path))
    assert np.array_equal(raw._normalised(audio), audio)


def test_checksum_names_the_weights(hubert, tmp_path):
    copy = tmp_path / "copy"
    transformers.AutoModel.from_pretrained(hubert).save_pretrained(copy, max_shard_size="10KB")
    assert (copy / "model.safetensors.index.json").exists()
    sha256 = PretrainedEncoder(str(hubert)).weights_sha256
    assert PretrainedEncoder(str(copy)).weights_sha256 == sha256
    assert PretrainedEncoder(str(make(tmp_path / "wavlm", "wavlm"))).weights_sha256 != sha256


def test_what_is_missing_is_named_in_one_sentence(hubert, tmp_path):
    with pytest.raises(FileNotFoundError, match="^no folder .*nowhere: give the folder"):
        PretrainedEncoder(str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="config.json: the folder holds no transformers model"):
        PretrainedEncoder(str(tmp_path))
    shutil.copy(hubert / "config.json", tmp_path)
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(FileNotFoundError, match="only safetensors weights are read"):
        PretrainedEncoder(str(tmp_path))
    tensors = load_file(hubert / "model.safetensors")
    tensors.pop("encoder.layers.1.attention.k_proj.weight")
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(ValueError, match="lack 1 tensors, such as encoder.layers.1.attention.k_proj.weight"):
        PretrainedEncoder(str(tmp_path))


@pytest.mark.parametrize("model_type", ["bert", "nobody-knows"])
def test_other_architectures_are_refused(hubert, tmp_path, model_type):
    shutil.copytree(hubert, tmp_path, dirs_exist_ok=True)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    with pytest.raises(ValueError, match="expected one of hubert, wav2vec2, wavlm or whisper"):
        EncoderChoice(str(tmp_path)).load()


def test_other_rates_are_refused(tmp_path):
    make(tmp_path, "wavlm", conv_stride=(5, 2, 2, 2, 2, 2, 1))
    with pytest.raises(ValueError, match="has 100 features a second, expected 50"):
        PretrainedEncoder(str(tmp_path))
    with pytest.raises(ValueError, match="layer is 9"):
        PretrainedEncoder(str(make(tmp_path, "wavlm")), layer=9)
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=8000).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="8000 Hz"):
        PretrainedEncoder(str(tmp_path))
