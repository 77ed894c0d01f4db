"""Makes tiny bundles with random weights, so that tests of the runtime need no trained model."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from diffusiontalker.spec.channels import ARKIT_CHANNELS, HEAD_POSE_CHANNELS
from diffusiontalker.spec.mel import MelSpec
from diffusiontalker.spec.sampler import sampler_table

D_FEATURES, D_STYLE, D_HIDDEN = 8, 4, 24
ENROLL_MEL_FRAMES = (100, 1200)
N_MELS = 80
OPSET = 18
IDENTITIES = ("ada", "ben")


@dataclass(frozen=True)
class Kind:
    """What a bundle moves and knows."""

    space: str = "blendshapes"
    channels: tuple[str, ...] = ARKIT_CHANNELS
    n_vertices: int = 0  # of the rig; vertices have three channels each
    fps: int = 30
    emotions: tuple[str, ...] = ()
    rig: bool = False
    enroll: bool = True  # with a style encoder

    @property
    def n_channels(self) -> int:
        return 3 * self.n_vertices if self.space == "vertices" else len(self.channels)

    @property
    def weights(self) -> tuple[str, ...]:
        """The channels without a head pose."""
        return tuple(c for c in self.channels if c not in HEAD_POSE_CHANNELS)

    @property
    def groups(self) -> tuple[int, int]:
        """(mel frames, animation frames) that last equally long; 100 mel frames a second."""
        return {30: (10, 3), 25: (4, 1)}[self.fps]

    @property
    def limits(self) -> tuple[float, float]:
        """Least and greatest value of a channel."""
        return (0.0, 1.0) if self.space == "blendshapes" else (-10.0, 10.0)


EMOTIONS = ("neutral", "happy", "angry")
KINDS = {
    "tiny": Kind(),
    "emotions": Kind(emotions=EMOTIONS),
    "pose": Kind(channels=ARKIT_CHANNELS + HEAD_POSE_CHANNELS, emotions=EMOTIONS),
    "vertices": Kind("vertices", (), 7, 25, EMOTIONS, rig=True),
    "vertices30": Kind("vertices", (), 4),
    "coefficients": Kind("coefficients", tuple(f"pc{i}" for i in range(5)), 6, 30, rig=True),
    "coefficients25": Kind("coefficients", tuple(f"pc{i}" for i in range(6)), 5, 25, EMOTIONS, rig=True),
    "blendshapes25": Kind(fps=25, enroll=False),
}


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


def audio_encoder(seed: int, kind: Kind = Kind()) -> bytes:
    """Convolution with a stride of one group of mel frames, then a phase for each animation frame of the group:
    [B, 10 m, 80] -> [B, 3 m, D] at 30 fps."""
    mel_group, anim_group = kind.groups
    g = GraphBuilder(np.random.default_rng(seed))
    # (log-mel + 5) / 5 is about -1..1.
    x = g.op("Add", ["mel", g.const("offset", np.float32(5))], "shifted")
    x = g.op("Mul", [x, g.const("scale", np.float32(0.2))], "scaled")
    x = g.op("Transpose", [x], "by_mel", perm=[0, 2, 1])
    width = mel_group + 4
    kernel = g.weight("kernel", anim_group * D_FEATURES, N_MELS, width, scale=(N_MELS * width) ** -0.5)
    bias = g.weight("bias", anim_group * D_FEATURES)
    x = g.op("Conv", [x, kernel, bias], "groups", strides=[mel_group], pads=[2, 2])
    x = g.op("Transpose", [x], "by_group", perm=[0, 2, 1])
    shape = g.const("shape", np.array([0, -1, D_FEATURES], np.int64))
    x = g.op("Reshape", [x, shape], "phases")
    g.op("Tanh", [x], "audio")
    return g.model("audio_encoder", {"mel": ["B", "M", N_MELS]}, {"audio": ["B", "W", D_FEATURES]})


def conditioner(seed: int) -> bytes:
    """One layer of style and timestep: -> condition [B, K], K = D_HIDDEN."""
    g = GraphBuilder(np.random.default_rng(seed))
    style = g.op("MatMul", ["style", g.weight("w_style", D_STYLE, D_HIDDEN)], "style_hidden")
    t = g.op("Unsqueeze", ["t", g.const("axis", np.array([1], np.int64))], "t_column")
    t = g.op("Mul", [t, g.const("t_scale", np.float32(1 / 256))], "t_scaled")
    t = g.op("MatMul", [t, g.weight("w_t", 1, D_HIDDEN)], "t_hidden")
    g.op("Add", [style, t], "condition")
    return g.model("conditioner", {"style": ["B", D_STYLE], "t": ["B"]}, {"condition": ["B", D_HIDDEN]})


def style_encoder(seed: int, kind: Kind = Kind()) -> bytes:
    """The mean over time decides, an offset stands for each emotion: mel [B, T, 80] -> styles [B, 1 + E, S]."""
    g = GraphBuilder(np.random.default_rng(seed))
    x = g.op("ReduceMean", ["mel", g.const("time", np.array([1], np.int64))], "mean", keepdims=1)
    x = g.op("Mul", [x, g.const("scale", np.float32(0.2))], "scaled")
    x = g.op("MatMul", [x, g.weight("w_voice", N_MELS, D_STYLE)], "voice")
    x = g.op("Add", [x, g.weight("moods", 1, 1 + len(kind.emotions), D_STYLE)], "moved")
    g.op("Tanh", [x], "styles")
    return g.model("style_encoder", {"mel": ["B", "T", N_MELS]}, {"styles": ["B", 1 + len(kind.emotions), D_STYLE]})


def denoiser(seed: int, kind: Kind = Kind()) -> bytes:
    """Two layers with one temporal convolution, the condition added: -> x0 [B, W, C]."""
    n_channels = kind.n_channels
    g = GraphBuilder(np.random.default_rng(seed))
    x = g.op("Concat", ["x_t", "known", "audio"], "joined", axis=-1)
    x = g.op("MatMul", [x, g.weight("w_in", n_channels + 1 + D_FEATURES, D_HIDDEN)], "hidden")
    c = g.op("Unsqueeze", ["condition", g.const("axis", np.array([1], np.int64))], "condition_row")
    x = g.op("Tanh", [g.op("Add", [x, c], "conditioned")], "activated")
    x = g.op("Transpose", [x], "by_hidden", perm=[0, 2, 1])
    mix = g.weight("w_mix", D_HIDDEN, D_HIDDEN, 5, scale=(D_HIDDEN * 5) ** -0.5)
    x = g.op("Tanh", [g.op("Conv", [x, mix, g.weight("b_mix", D_HIDDEN)], "mixed", pads=[2, 2])], "mixed_activated")
    x = g.op("Transpose", [x], "by_frame", perm=[0, 2, 1])
    g.op("MatMul", [x, g.weight("w_out", D_HIDDEN, n_channels)], "x0")
    inputs = {
        "x_t": ["B", "W", n_channels],
        "known": ["B", "W", 1],
        "audio": ["B", "W", D_FEATURES],
        "condition": ["B", D_HIDDEN],
    }
    return g.model("denoiser", inputs, {"x0": ["B", "W", n_channels]})


def safetensors_bytes(**tensors: np.ndarray) -> bytes:
    """Float32 tensors in the safetensors format."""
    entries, data = {}, b""
    for name, value in tensors.items():
        raw = value.astype("<f4").tobytes()
        entries[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    header = json.dumps(entries).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + data


def identities(seed: int, kind: Kind = Kind()) -> np.ndarray:
    """float32 [n_identities, S], or [n_identities, n_emotions, S]."""
    shape = (len(IDENTITIES), *((len(kind.emotions),) if kind.emotions else ()), D_STYLE)
    return np.random.default_rng(seed + 3).standard_normal(shape).astype(np.float32)


def rig(seed: int, kind: Kind) -> dict[str, np.ndarray]:
    """Tensors of rig.safetensors."""
    rng = np.random.default_rng(seed + 4)
    shapes: dict[str, tuple[int, ...]] = {"template": (kind.n_vertices, 3)}
    if kind.space == "coefficients":
        shapes |= {"mean": (3 * kind.n_vertices,), "basis": (kind.n_channels, 3 * kind.n_vertices)}
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def motion(seed: int, kind: Kind) -> dict:
    """The motion of the manifest; vertices use the short form of the statistics."""
    rng, n = np.random.default_rng(seed), kind.n_channels
    low, high = kind.limits
    common = {"space": kind.space, "fps_num": kind.fps, "fps_den": 1}
    if kind.space == "vertices":
        return common | {"n_channels": n, "mean": 0.01, "std": 0.3, "min": low, "max": high, "rest": 0}
    statistics = {
        "mean": rng.uniform(0.1, 0.3, n).round(6),
        "std": rng.uniform(0.05, 0.2, n).round(6),
        "min": np.full(n, low),
        "max": np.full(n, high),
        "rest": np.where(np.arange(n) % 7 == 3, 0.1, 0.0),
        "noise_scale": np.array([(0.0, 0.5, 1.0)[c % 3] for c in range(n)]),
    }
    pose = [c in HEAD_POSE_CHANNELS for c in kind.channels]
    for key, value in {"mean": 0.0, "min": -0.6, "max": 0.6, "rest": 0.0, "noise_scale": 1.0}.items():
        statistics[key][pose] = value
    return common | {"channels": list(kind.channels)} | {key: value.tolist() for key, value in statistics.items()}


def networks(kind: Kind) -> dict:
    low, high = ENROLL_MEL_FRAMES
    enroll = {"file": "style_encoder.onnx", "min_mel_frames": low, "max_mel_frames": high}
    return {
        "audio_encoder": {"file": "audio_encoder.onnx", "n_features": D_FEATURES},
        "conditioner": {"file": "conditioner.onnx", "n_condition": D_HIDDEN},
        "denoiser": {"file": "denoiser.onnx"},
        **({"style_encoder": enroll} if kind.enroll else {}),
    }


def manifest(seed: int, n_steps: int, kind: Kind = Kind()) -> dict:
    """bundle.json without its `files`; min..max is 0..1 for blendshapes, and some channels rest above 0."""
    mel = MelSpec()
    profiles = {"low": (21, 3, 6), "live": (18, 6, 6), "offline": (12, 36, 12)}
    keys = ("past_frames", "hop_frames", "lookahead_frames")
    return {
        "format": "diffusiontalker-bundle",
        "format_version": 2,
        "name": "tiny",
        "version": "1",
        "license": "Apache-2.0",
        "provenance": {"note": "random weights"},
        "motion": motion(seed, kind),
        "audio": {
            **{k: getattr(mel, k) for k in ("sample_rate_hz", "n_mels", "window_length", "hop_length", "n_fft")},
            **{k: getattr(mel, k) for k in ("f_min_hz", "f_max_hz", "log_floor")},
            **dict(zip(("mel_frames_per_group", "anim_frames_per_group"), kind.groups, strict=True)),
        },
        "networks": networks(kind),
        "sampler": {"prediction": "x0", "steps": [s.as_dict() for s in sampler_table(n_steps)]},
        "profiles": {name: dict(zip(keys, sizes, strict=True)) for name, sizes in profiles.items()},
        "default_profile": "live",
        "identities": {
            "file": "identities.safetensors",
            "tensor": "identities",
            "names": list(IDENTITIES),
            "default": "ada",
            **({"emotions": list(kind.emotions), "default_emotion": "happy"} if kind.emotions else {}),
        },
        **({"rig": {"file": "rig.safetensors", "unit_m": 0.001}} if kind.rig else {}),
    }


def file_entry(data: bytes) -> dict:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}


def write_bundle(folder: Path, seed: int = 0, n_steps: int = 8, change=None, kind: Kind = Kind()) -> Path:
    """Writes a tiny bundle to `folder`. change: called with the manifest before it is written. Returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "audio_encoder.onnx": audio_encoder(seed + 1, kind),
        "conditioner.onnx": conditioner(seed + 5),
        "denoiser.onnx": denoiser(seed + 2, kind),
        "identities.safetensors": safetensors_bytes(identities=identities(seed, kind)),
        "README.md": b"# tiny\n",
    }
    if kind.enroll:
        files["style_encoder.onnx"] = style_encoder(seed + 6, kind)
    if kind.rig:
        files["rig.safetensors"] = safetensors_bytes(**rig(seed, kind))
    for name, data in files.items():
        (folder / name).write_bytes(data)
    content = manifest(seed, n_steps, kind)
    content["files"] = {name: file_entry(data) for name, data in files.items()}
    if change is not None:
        change(content)
    (folder / "bundle.json").write_text(json.dumps(content, indent=1))
    return folder


if __name__ == "__main__":
    import sys

    print(write_bundle(Path(sys.argv[1])))
