"""Makes tiny bundles with random weights, so that tests of the runtime need no trained model."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from diffusiontalker.spec.mel import MelSpec
from diffusiontalker.spec.sampler import sampler_table

D_FEATURES, D_STYLE, D_HIDDEN = 8, 4, 24
N_MELS, N_CHANNELS = 80, len(ARKIT_CHANNELS)
OPSET = 18


class GraphBuilder:
    """Collects nodes and float32 weights of one ONNX graph."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.nodes, self.weights = rng, [], []

    def const(self, name: str, value: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def weight(self, name: str, *shape: int, scale: float | None = None) -> str:
        scale = scale if scale is not None else shape[0] ** -0.5
        return self.const(name, (self.rng.standard_normal(shape) * scale).astype(np.float32))

    def op(self, kind: str, inputs: list[str], output: str, **attributes) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def model(self, name: str, inputs: dict[str, list], outputs: dict[str, list]) -> bytes:
        def infos(values):
            return [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in values.items()]

        graph = helper.make_graph(self.nodes, name, infos(inputs), infos(outputs), self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
        onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString()


def audio_encoder(seed: int) -> bytes:
    """Convolution of stride 10 over mel frames, then 3 phases: [B, 10 m, 80] -> [B, 3 m, D]."""
    g = GraphBuilder(np.random.default_rng(seed))
    # (log-mel + 5) / 5 is about -1..1.
    x = g.op("Add", ["mel", g.const("offset", np.float32(5))], "shifted")
    x = g.op("Mul", [x, g.const("scale", np.float32(0.2))], "scaled")
    x = g.op("Transpose", [x], "by_mel", perm=[0, 2, 1])
    kernel = g.weight("kernel", 3 * D_FEATURES, N_MELS, 14, scale=(N_MELS * 14) ** -0.5)
    x = g.op("Conv", [x, kernel, g.weight("bias", 3 * D_FEATURES)], "groups", strides=[10], pads=[2, 2])
    x = g.op("Transpose", [x], "by_group", perm=[0, 2, 1])
    shape = g.const("shape", np.array([0, -1, D_FEATURES], np.int64))
    x = g.op("Reshape", [x, shape], "phases")
    g.op("Tanh", [x], "audio")
    return g.model("audio_encoder", {"mel": ["B", "M", N_MELS]}, {"audio": ["B", "W", D_FEATURES]})


def denoiser(seed: int) -> bytes:
    """Two layers with one temporal convolution, style and timestep added: -> x0 [B, W, C]."""
    g = GraphBuilder(np.random.default_rng(seed))
    x = g.op("Concat", ["x_t", "known", "audio"], "joined", axis=-1)
    x = g.op("MatMul", [x, g.weight("w_in", N_CHANNELS + 1 + D_FEATURES, D_HIDDEN)], "hidden")
    style = g.op("MatMul", ["style", g.weight("w_style", D_STYLE, D_HIDDEN)], "style_hidden")
    t = g.op("Unsqueeze", ["t", g.const("axis", np.array([1], np.int64))], "t_column")
    t = g.op("Mul", [t, g.const("t_scale", np.float32(1 / 256))], "t_scaled")
    t = g.op("MatMul", [t, g.weight("w_t", 1, D_HIDDEN)], "t_hidden")
    c = g.op("Add", [style, t], "condition")
    c = g.op("Unsqueeze", [c, "axis"], "condition_row")
    x = g.op("Tanh", [g.op("Add", [x, c], "conditioned")], "activated")
    x = g.op("Transpose", [x], "by_hidden", perm=[0, 2, 1])
    mix = g.weight("w_mix", D_HIDDEN, D_HIDDEN, 5, scale=(D_HIDDEN * 5) ** -0.5)
    x = g.op("Tanh", [g.op("Conv", [x, mix, g.weight("b_mix", D_HIDDEN)], "mixed", pads=[2, 2])], "mixed_activated")
    x = g.op("Transpose", [x], "by_frame", perm=[0, 2, 1])
    g.op("MatMul", [x, g.weight("w_out", D_HIDDEN, N_CHANNELS)], "x0")
    inputs = {
        "x_t": ["B", "W", N_CHANNELS],
        "known": ["B", "W", 1],
        "audio": ["B", "W", D_FEATURES],
        "style": ["B", D_STYLE],
        "t": ["B"],
    }
    return g.model("denoiser", inputs, {"x0": ["B", "W", N_CHANNELS]})


def safetensors_bytes(name: str, value: np.ndarray) -> bytes:
    """One float32 tensor in the safetensors format."""
    entry = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [0, value.nbytes]}
    header = json.dumps({name: entry}).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + value.astype("<f4").tobytes()


def manifest(seed: int, n_steps: int) -> dict:
    """bundle.json without its `files`; min..max is 0..1 and some channels rest above 0."""
    rng = np.random.default_rng(seed)
    mel = MelSpec()
    rest = np.where(np.arange(N_CHANNELS) % 7 == 3, 0.1, 0.0)
    profiles = {"low": (21, 3, 6), "live": (18, 6, 6), "offline": (12, 36, 12)}
    keys = ("past_frames", "hop_frames", "lookahead_frames")
    return {
        "format": "diffusiontalker-bundle",
        "format_version": 1,
        "name": "tiny",
        "version": "1",
        "license": "Apache-2.0",
        "provenance": {"note": "random weights"},
        "motion": {
            "space": "blendshapes",
            "channels": list(ARKIT_CHANNELS),
            "fps_num": 30,
            "fps_den": 1,
            "mean": rng.uniform(0.1, 0.3, N_CHANNELS).round(6).tolist(),
            "std": rng.uniform(0.05, 0.2, N_CHANNELS).round(6).tolist(),
            "min": [0.0] * N_CHANNELS,
            "max": [1.0] * N_CHANNELS,
            "rest": rest.tolist(),
            "noise_scale": [(0.0, 0.5, 1.0)[c % 3] for c in range(N_CHANNELS)],
        },
        "audio": {
            **{k: getattr(mel, k) for k in ("sample_rate_hz", "n_mels", "window_length", "hop_length", "n_fft")},
            **{k: getattr(mel, k) for k in ("f_min_hz", "f_max_hz", "log_floor")},
            "mel_frames_per_group": 10,
            "anim_frames_per_group": 3,
        },
        "networks": {
            "audio_encoder": {"file": "audio_encoder.onnx", "n_features": D_FEATURES},
            "denoiser": {"file": "denoiser.onnx"},
        },
        "sampler": {"prediction": "x0", "steps": [s.as_dict() for s in sampler_table(n_steps)]},
        "profiles": {name: dict(zip(keys, sizes, strict=True)) for name, sizes in profiles.items()},
        "default_profile": "live",
        "identities": {
            "file": "identities.safetensors",
            "tensor": "identities",
            "names": ["ada", "ben"],
            "default": "ada",
        },
    }


def file_entry(data: bytes) -> dict:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}


def write_bundle(folder: Path, seed: int = 0, n_steps: int = 8, change=None) -> Path:
    """Writes a tiny bundle to `folder`. change: called with the manifest before it is written. Returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    identities = np.random.default_rng(seed + 3).standard_normal((2, D_STYLE)).astype(np.float32)
    files = {
        "audio_encoder.onnx": audio_encoder(seed + 1),
        "denoiser.onnx": denoiser(seed + 2),
        "identities.safetensors": safetensors_bytes("identities", identities),
        "README.md": b"# tiny\n",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    content = manifest(seed, n_steps)
    content["files"] = {name: file_entry(data) for name, data in files.items()}
    if change is not None:
        change(content)
    (folder / "bundle.json").write_text(json.dumps(content, indent=1))
    return folder


if __name__ == "__main__":
    import sys

    print(write_bundle(Path(sys.argv[1])))
