"""Whisper's encoder: agreement with transformers, windows, contexts, and weights out of other formats."""

from __future__ import annotations

import hashlib
import io
import struct
import tarfile

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
from safetensors.numpy import load_file  # noqa: E402

from training.encoders import whisper_weights  # noqa: E402
from training.encoders.choice import EncoderChoice  # noqa: E402
from training.encoders.whisper import FULL_S, WhisperEncoder  # noqa: E402

pytestmark = pytest.mark.slow

D, LAYERS, HEADS = 16, 2, 2


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, n).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(0)
    config = transformers.WhisperConfig(
        d_model=D, encoder_layers=LAYERS, decoder_layers=1, encoder_attention_heads=HEADS, decoder_attention_heads=2,
        encoder_ffn_dim=32, decoder_ffn_dim=8, vocab_size=20, pad_token_id=0, bos_token_id=1, eos_token_id=2,
        decoder_start_token_id=1,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("whisper")
    model = transformers.WhisperForConditionalGeneration(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(8)  # untrained layers hardly differ from the identity
    model.save_pretrained(path)
    return path


@pytest.mark.parametrize("layer", [0, 1, 2, None])
def test_whisper_at_30_s_agrees_with_transformers(folder, layer):
    model = transformers.WhisperForConditionalGeneration.from_pretrained(folder).eval()
    audio = noise(20_000)
    mel = transformers.WhisperFeatureExtractor()(audio, sampling_rate=16000, return_tensors="pt").input_features
    with torch.no_grad():
        out = model.model.encoder(mel, output_hidden_states=True)
    states = [*out.hidden_states[:LAYERS], out.last_hidden_state]
    expected = states[LAYERS if layer is None else layer][0, :63].numpy()
    encoder = WhisperEncoder(folder, layer, tail_s=FULL_S)
    error = np.abs(encoder(audio) - expected).max()
    assert encoder(audio).shape == (63, D) and encoder(audio).dtype == np.float32
    assert error <= 1e-4 * np.abs(expected).max()  # float32 sums over 1500 positions in another order


def test_features_of_whisper_are_centred_on_multiples_of_20_ms(folder):
    encoder, audio = WhisperEncoder(folder, layer=0), noise(32_000)
    touched = audio.copy()
    touched[320 * 40] += 0.05
    changed = np.flatnonzero(np.abs(encoder(touched) - encoder(audio)).max(axis=1) > 1e-6)
    assert changed.min() + changed.max() == 80


def test_batch_gives_what_single_clips_give(folder):
    encoder = WhisperEncoder(folder)
    clips = [noise(n, n) for n in (9000, 300, 9100, 40_000)]
    for one, many in zip(clips, encoder.batch(clips), strict=True):
        assert np.abs(encoder(one) - many).max() <= 1e-4 * np.abs(many).max()  # sums in another order
        assert len(many) == -(-len(one) // 320)


def test_recording_beyond_30_s_is_encoded_in_windows(folder):
    encoder, audio = WhisperEncoder(folder), noise(35 * 16000)
    features = encoder(audio)
    assert features.shape == (35 * 50, D)
    first, last = encoder(audio[: 30 * 16000]), encoder(audio[5 * 16000 :])
    assert np.array_equal(features[:1375], first[:1375])
    assert np.array_equal(features[1375:], last[1375 - 250 :])
    assert np.array_equal(encoder.batch([audio])[0], features)


def test_bfloat16_stays_near_float32(folder):
    full, half = (EncoderChoice(str(folder), precision=p).load()(noise(16000)) for p in ("f32", "bf16"))
    assert 0 < np.sqrt(np.mean((half - full) ** 2)) <= 0.05 * np.sqrt(np.mean(full**2))  # 8 bits, several roundings


@pytest.mark.parametrize("audio", [np.zeros((2, 800)), np.zeros(0), np.full(800, np.nan)])
def test_bad_audio_is_refused(folder, audio):
    with pytest.raises(ValueError, match="audio"):
        WhisperEncoder(folder)(audio)


def test_what_is_missing_or_wrong_is_named(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config.json: make it with"):
        WhisperEncoder(tmp_path)
    with pytest.raises(ValueError, match=r"layer is 3, expected 0\.\.2"):
        WhisperEncoder(folder, layer=3)
    with pytest.raises(ValueError, match="--weights"):
        EncoderChoice("whisper").load()
    with pytest.raises(ValueError, match="float16"):
        EncoderChoice("whisper", folder, precision="float16").load()
    (tmp_path / "config.json").write_text((folder / "config.json").read_text().replace('"d_model": 16', '"d_model": 8'))
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(ValueError, match="does not fit"):
        WhisperEncoder(tmp_path)


def ctranslate2_file(encoder: dict[str, np.ndarray]) -> bytes:
    """The encoder's tensors as CTranslate2 writes them."""
    variables = {"encoder/num_heads": np.array(HEADS, np.int16), "decoder/scale": np.ones(3, np.float16)}
    names = {"self_attn_layer_norm": "self_attention/layer_norm", "self_attn.out_proj": "self_attention/linear_1"}
    names |= {"final_layer_norm": "ffn/layer_norm", "fc1": "ffn/linear_0", "fc2": "ffn/linear_1"}
    for name, value in encoder.items():
        path, leaf = name.rsplit(".", 1)
        if name == "embed_positions.weight":
            variables["encoder/position_encodings/encodings"] = value
            continue
        leaf = {"weight": "gamma", "bias": "beta"}[leaf] if "norm" in path else leaf
        if path.startswith("layers."):
            _, layer, part = path.split(".", 2)
            if part not in names:
                continue
            path = f"layer_{layer}/{names[part]}"
        variables[f"encoder/{path}/{leaf}"] = value
    for i in range(LAYERS):
        stem = f"layers.{i}.self_attn"
        fused = f"encoder/layer_{i}/self_attention/linear_0"
        variables[f"{fused}/weight"] = np.concatenate([encoder[f"{stem}.{c}_proj.weight"] for c in "qkv"])
        q, v = (encoder[f"{stem}.{c}_proj.bias"] for c in "qv")
        variables[f"{fused}/bias"] = np.concatenate([q, 0 * q, v])
    types = {np.dtype(np.int16): 2, np.dtype(np.float16): 4}

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    out = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, len(variables))
    for name, value in variables.items():
        out += text(name) + struct.pack("<B", value.ndim) + struct.pack(f"<{value.ndim}I", *value.shape)
        out += struct.pack("<BI", types[value.dtype], value.nbytes) + value.tobytes()
    return out + struct.pack("<I", 0)


def half_tensors(folder) -> dict[str, np.ndarray]:
    stored = load_file(folder / "model.safetensors").items()
    return {k[len(whisper_weights.PREFIX) :]: v.astype(np.float16) for k, v in stored if ".encoder." in k}


def test_ctranslate2_weights_come_back_under_their_own_names(folder):
    encoder = half_tensors(folder)
    found = whisper_weights.from_ctranslate2(whisper_weights.read_ctranslate2(ctranslate2_file(encoder)))
    assert found.keys() == encoder.keys()
    assert all(np.array_equal(found[k], encoder[k]) for k in encoder)
    with pytest.raises(ValueError, match="binary version 7"):
        whisper_weights.read_ctranslate2(struct.pack("<I", 7))


def quantised_onnx(encoder: dict[str, np.ndarray]) -> bytes:
    """The encoder's weights as a dynamically quantised export names them; nodes without a working graph."""
    onnx = pytest.importorskip("onnx")
    initializers, nodes = [], []

    def tensor(name, value):
        initializers.append(onnx.numpy_helper.from_array(np.asarray(value), name))

    for i, (name, value) in enumerate(encoder.items()):
        is_weight = value.ndim > 1 and not name.startswith("embed")
        if not is_weight:
            tensor(name, value.astype(np.float32))
            continue
        convolution = value.ndim == 3
        stem = name if convolution else f"onnx::MatMul_{i}"
        scale = np.float32(np.ptp(value.astype(np.float32)) / 255)
        zero = np.uint8(np.round(-value.min() / scale))
        quantised = np.clip(np.round(value / scale) + zero, 0, 255).astype(np.uint8)
        tensor(f"{stem}_quantized", quantised if convolution else quantised.T)
        tensor(f"{stem}_scale", scale)
        tensor(f"{stem}_zero_point", zero)
        output = "/" + name.removesuffix(".weight").replace(".", "/").replace("layers/", "layers.")
        output = f"{output}/{'Conv' if convolution else 'MatMul'}_output_0_output_quantized"
        kind = "ConvInteger" if convolution else "MatMulInteger"
        nodes.append(onnx.helper.make_node(kind, ["x", f"{stem}_quantized", "z", f"{stem}_zero_point"], [output]))
    return onnx.helper.make_model(onnx.helper.make_graph(nodes, "g", [], [], initializers)).SerializeToString()


def test_convert_writes_a_folder_from_the_pinned_package_only(folder, tmp_path, monkeypatch):
    encoder = half_tensors(folder)
    model = quantised_onnx(encoder)
    package, file = tmp_path / "tiny.tgz", "package/models/Xenova/whisper-tiny/onnx/encoder_model_quantized.onnx"
    with tarfile.open(package, "w:gz") as archive:
        member = tarfile.TarInfo(file)
        member.size = len(model)
        archive.addfile(member, io.BytesIO(model))
    sha256 = hashlib.sha256(package.read_bytes()).hexdigest()
    monkeypatch.setitem(whisper_weights.PACKAGES, "whisper-tiny", {"tiny.tgz": sha256})
    monkeypatch.setattr(whisper_weights, "HEAD_WIDTH", D // HEADS)
    whisper_weights.convert("whisper-tiny", tmp_path, tmp_path / "out")
    found, expected = WhisperEncoder(tmp_path / "out")(noise(8000)), WhisperEncoder(folder)(noise(8000))
    assert np.sqrt(np.mean((found - expected) ** 2)) <= 0.1 * np.sqrt(np.mean(expected**2))  # 8-bit weights
    monkeypatch.setitem(whisper_weights.PACKAGES, "whisper-tiny", {"tiny.tgz": "0" * 64})
    with pytest.raises(ValueError, match="expected 0000"):
        whisper_weights.convert("whisper-tiny", tmp_path, tmp_path / "out")
    with pytest.raises(FileNotFoundError, match="README"):
        whisper_weights.convert("whisper-base", tmp_path, tmp_path / "out")
