"""Writes the hand-made inputs of the fuzz targets, with which the committed corpus begins:
python tests/fuzz/seeds.py FOLDER."""

from __future__ import annotations

import hashlib
import io
import json
import random
import struct
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from onnx import helper, numpy_helper

sys.path.insert(0, str(Path(__file__).parents[1]))

import bundles as tiny
import py_targets
import soundfile
from py_pkg.own_head_support import Character

from diffusiontalker import load_animation
from diffusiontalker.api.convert import fitted
from diffusiontalker.io import format_of, save_animation
from diffusiontalker.ownhead import animate_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS

PLAN = b"0123456789" * 4  # of fuzz_engines.cpp
STATISTICS = ("mean", "std", "min", "max", "rest", "noise_scale")
WIDE = {"motion.space": "vertices", "motion.channels": None, "motion.n_channels": 299_997}
LONG = {"profiles.live": {"past_frames": 144, "hop_frames": 144, "lookahead_frames": 12}}
STEP = {"t": 1, "t_prev": 0, "alpha_bar": 0.5, "alpha_bar_prev": 1.0}
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
# One fault each: what bundle.json may say wrongly, and what is within every range and beyond the budget.
ODD_MANIFESTS = {
    "format": {"format": "x"},
    "newer": {"format_version": 9},
    "older": {"format_version": 1},
    "no-profile": {"default_profile": "x"},
    "not-listed": {"files.e": None},
    "fft": {"audio.n_fft": 1000},
    "f-min": {"audio.f_min_hz": -1},
    "f-max": {"audio.f_max_hz": 9000},
    "floor": {"audio.log_floor": 0},
    "groups": {"audio.mel_frames_per_group": 7},
    "prediction": {"sampler.prediction": "v"},
    "no-steps": {"sampler.steps": []},
    "alpha": {"sampler.steps": [{**STEP, "alpha_bar": 1.0}]},
    "gap": {"sampler.steps": [{**STEP, "t": 9, "t_prev": 8, "alpha_bar_prev": 0.6}, STEP]},
    "last": {"sampler.steps": [{**STEP, "alpha_bar_prev": 0.6}]},
    "profile-name": {"profiles": {"": {}}},
    "multiple": {"profiles.live.hop_frames": 7},
    "window": {"profiles.live.past_frames": 300},
    "no-profiles": {"profiles": {}},
    "identity": {"identities.default": "x"},
    "twice": {"identities.names": ["a", "a"]},
    "no-emotions": {"identities.emotions": []},
    "emotion": {"identities.emotions": ["a"], "identities.default_emotion": "x"},
    "rig": {"motion.space": "blendshapes"},
    "unit": {"rig.unit_m": 0},
    "case": {"files.E": {"sha256": EMPTY, "size_bytes": 0}},
    "hash": {"files.e.sha256": "0"},
    "file-name": {"files": {"../e": {"sha256": EMPTY, "size_bytes": 0}}},
    "space": {"motion.space": "x"},
    "third": {**WIDE, "motion.n_channels": 4},
    "names-of-vertices": {"motion.space": "vertices"},
    "number-of-names": {"motion.n_channels": 2},
    "pose-first": {"motion.channels": ["headYaw", "a"]},
    "noise": {"motion.noise_scale": 2},
    "std": {"motion.std": 0},
    "range": {"motion.min": 1},
    "rest": {"motion.rest": 2},
    "pose-rest": {
        "motion.channels": ["a", "headYaw", "headPitch", "headRoll"], "motion.space": "blendshapes", "rig": None,
        "motion.rest": [0, 0, 0, 1],
    },
    "much-motion": {**WIDE, **LONG},
    "much-audio": {**LONG, "networks.audio_encoder.n_features": 65536},
    "much-sound": {**LONG, "audio": {**tiny.manifest(0, 1)["audio"], "hop_length": 32000, "window_length": 32768,
                                     "n_fft": 65536, "mel_frames_per_group": 1, "sample_rate_hz": 320000}},
    "much-mel": {"audio.n_mels": 1024, "audio.n_fft": 65536},
    "much-speech": {"networks.style_encoder.max_mel_frames": 60000, "audio.n_mels": 1000},
    "much-in-all": {"files.e.size_bytes": 1 << 31, "files.c.size_bytes": 1},
}  # fmt: skip
SEED_BYTES = (40, 200, 600)  # of the targets that read numbers from anything


def stored(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as z:
        for name, data in files.items():
            z.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def manifests() -> dict[str, bytes]:
    """bundle.json of every kind, as short as it may be."""
    found = {}
    for name, kind in tiny.KINDS.items():
        content = tiny.manifest(0, 2, kind)
        files = ["audio_encoder.onnx", "conditioner.onnx", "denoiser.onnx", "identities.safetensors"]
        files += ["style_encoder.onnx"] * kind.enroll + ["rig.safetensors"] * kind.rig
        content["files"] = {file: tiny.file_entry(b"") for file in files}
        if kind.space == "blendshapes":
            for key in STATISTICS:
                content["motion"][key] = {"std": 1, "max": 1}.get(key, 0)
        found[name] = short(content)
    return found | {f"odd-{name}": short(edited(edits)) for name, edits in ODD_MANIFESTS.items()}


def short(content: dict) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def edited(edits: dict) -> dict:
    """A small bundle.json with some values replaced; None takes one away. Keys are paths with dots."""
    content = tiny.manifest(0, 1, tiny.KINDS["coefficients"])
    content["motion"] |= {key: {"std": 1, "max": 1}.get(key, 0) for key in STATISTICS} | {"channels": ["a", "b"]}
    content["profiles"] = {"live": content["profiles"]["live"]}
    content["files"] = {file: tiny.file_entry(b"") for file in ("e", "c", "d", "i", "s", "r")}
    networks = ("audio_encoder", "conditioner", "denoiser", "style_encoder")
    for name, file in zip(networks, ("e", "c", "d", "s"), strict=True):
        content["networks"][name]["file"] = file
    content["identities"]["file"], content["rig"]["file"] = "i", "r"
    for path, value in edits.items():
        *parents, last = path.split(".")
        at = content
        for key in parents:
            at = at[int(key) if isinstance(at, list) else key]
        if value is None:
            del at[last]
        else:
            at[int(last) if isinstance(at, list) else last] = value
    return content


def tensors() -> dict[str, bytes]:
    return {
        "identities": tiny.safetensors_bytes(identities=np.ones((2, 3), np.float32)),
        "emotions": tiny.safetensors_bytes(identities=np.ones((2, 3, 2), np.float32)),
        "rig": tiny.safetensors_bytes(
            template=np.ones((2, 3), np.float32), mean=np.ones(6, np.float32), basis=np.ones((2, 6), np.float32)
        ),
    }


def graphs() -> dict[str, bytes]:
    """One node each, with its first input as a constant and as an input of the graph."""
    a = np.arange(24, dtype=np.float32).reshape(2, 3, 4)

    def ints(*values: int) -> np.ndarray:
        return np.array(values, np.int64)

    nodes = [(kind, [a], {}) for kind in ("Neg", "Sqrt", "Sin", "Cos", "Tanh", "Sigmoid", "Shape", "Softmax")]
    nodes += [(kind, [a, a[0, :, :1]], {}) for kind in ("Add", "Sub", "Mul", "Div", "Pow")]
    nodes += [(kind, [ints(7, -3, 9), ints(2, 5, 0)], {}) for kind in ("Add", "Mul", "Div", "Pow")]
    nodes += [
        ("Clip", [a, np.float32(1), np.float32(5)], {}),
        ("Cast", [a], {"to": 7}),
        ("Reshape", [a, ints(0, -1)], {}),
        ("Squeeze", [a[None], ints(0)], {}),
        ("Unsqueeze", [a, ints(0, -1)], {}),
        ("Transpose", [a], {"perm": [2, 0, 1]}),
        ("Expand", [a[:, :1], ints(2, 3, 4)], {}),
        ("Slice", [a, ints(0, -1), ints(2, -9), ints(0, 2), ints(1, -1)], {}),
        ("Split", [a, ints(1, 2)], {"axis": 1}),
        ("Split", [a], {"axis": 1, "num_outputs": 2}),
        ("Concat", [a, a], {"axis": 1}),
        ("MatMul", [a, a.transpose(0, 2, 1).copy()], {}),
        ("Gemm", [a[0], a[1], a[0, :, :3].copy()], {"alpha": 0.5, "beta": 2.0, "transB": 1}),
        ("Conv", [a, np.ones((4, 3, 3), np.float32), np.ones(4, np.float32)], {"pads": [1, 1], "strides": [2]}),
        ("Conv", [a[None], np.ones((4, 2, 3, 3), np.float32)], {"auto_pad": "SAME_UPPER"}),
        ("LayerNormalization", [a, np.ones(4, np.float32), np.ones(4, np.float32)], {"axis": -1}),
        ("ReduceSum", [a, ints(1, -1)], {"keepdims": 0}),
        ("ReduceMean", [a, ints(1)], {}),
        ("ReduceL2", [a], {}),
    ]
    found = {}
    for number, (kind, values, attributes) in enumerate(nodes):
        for free in (False, True):
            names = [f"i{i}" for i in range(len(values))]
            outputs = ["o0", "o1"] if kind == "Split" else ["o0"]
            infos, constants = [], []
            for i, (name, value) in enumerate(zip(names, map(np.asarray, values), strict=True)):
                if free and i == 0:
                    dtype = helper.np_dtype_to_tensor_dtype(value.dtype)
                    infos.append(helper.make_tensor_value_info(name, dtype, [None] * value.ndim))
                else:
                    constants.append(numpy_helper.from_array(value, name))
            node = helper.make_node(kind, names, outputs, **attributes)
            result = helper.make_tensor_value_info("o0", 1, None)
            graph = helper.make_graph([node], "g", infos, [result], constants)
            model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
            found[f"{number:02d}{kind}{int(free)}"] = model.SerializeToString()
    return found


def engines() -> dict[str, bytes]:
    options = {
        "version_compatible": False, "same_compute_capability": False, "opt_level": 3, "compute_capabilities": [],
    }  # fmt: skip
    identity = {
        "bundle_sha256": "aa", "library": "tensorrt-rtx", "library_version": "1.7.1.116", "gpu": None,
        "precision": "f16", "windows": [27], "batches": [1], "options": options,
    }  # fmt: skip
    plan = {
        "network": "denoiser", "file": "denoiser-w27.plan", "sha256": "00" * 32, "bytes": 40, "window": 27,
        "profiles": [{"batch": 1}],
    }  # fmt: skip
    first = {"format": 1, "identity": identity, "engines": [plan]}
    gpu = {"name": "G", "compute_capability": "9.0"}
    other = {**identity, "gpu": gpu, "library": "tensorrt", "options": {**options, "version_compatible": True}}
    second = {"format": 1, "identity": other, "engines": [plan, {**plan, "network": "conditioner", "window": 0}]}
    # The plan that the target has, whose bytes 24 to 27 are the version.
    whole = {**plan, "sha256": hashlib.sha256(PLAN).hexdigest()}
    same = {**options, "same_compute_capability": True}
    fits = {**identity, "library_version": "52.53.54.55", "gpu": gpu}
    found = {
        "a": first,
        "b": second,
        "whole": {**first, "identity": fits, "engines": [whole]},
        "version": {**first, "engines": [whole]},
        "plain": {**first, "identity": {**fits, "library": "tensorrt"}, "engines": [whole]},
        "other-gpu": {**first, "identity": {**fits, "gpu": {**gpu, "name": "H"}}},
        "same-kind": {**first, "identity": {**fits, "gpu": {**gpu, "name": "H"}, "options": same}},
        "format": {**first, "format": 2},
        "network": {**first, "engines": [{**plan, "network": "x"}]},
        "file": {**first, "engines": [{**plan, "file": "../x"}]},
        "no-batches": {**first, "engines": [{**plan, "profiles": []}]},
        "no-file": {**first, "engines": [{**plan, "file": "x.plan"}]},
    }  # fmt: skip
    return {name: json.dumps(content, separators=(",", ":")).encode() for name, content in found.items()}


def archives() -> dict[str, bytes]:
    manifest = manifests()["coefficients"]
    return {
        "small": stored({"bundle.json": b"{}", "a": b"1"}),
        "manifest": stored({"bundle.json": manifest, "README.md": b"x"}),
        "empty": stored({}),
        "folder": stored({"a/": b"", "b": b"22"}),
    }


def npy(value: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asanyarray(value), allow_pickle=False)
    return buffer.getvalue()


def saved() -> dict[str, bytes]:
    rows = [[0.5] * 52] * 2
    content = {"fps_num": 30, "fps_den": 1, "channels": list(ARKIT_CHANNELS), "weights": rows}
    short = {"fps_num": 30, "fps_den": 1, "channels": ["jawOpen"], "weights": [[0.5]], "head_pose": [[0, 0, 0]]}
    parts = [npy(np.zeros((2, 1), np.float32)), npy(np.array(["jawOpen"])), npy(np.float64(30))]
    named = {f"{name}.npy": part for name, part in zip(("weights", "channels", "fps"), parts, strict=True)}
    return {
        "json": b"j" + json.dumps(content).encode(),
        "short": b"j" + json.dumps(short).encode(),
        "parts": b"a" + py_targets.PARTS.join([*parts, npy(np.array("vertices")), npy(np.zeros((2, 3), np.float32))]),
        "npz": b"n" + stored(named),
        "huge": b"j" + json.dumps({**short, "weights": [[3e38]]}).encode(),
        "rate": b"j" + json.dumps({**short, "fps_num": 0}).encode(),
        "numbers": b"j" + json.dumps({**short, "channels": [1]}).encode(),
        "deep": b"j" + b"[" * 3000,
    }


def formats() -> dict[str, bytes]:
    """A short animation in each format that is read."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "first.json"
        first.write_bytes(saved()["json"][1:])
        animation = load_animation(first)
        for number, ending in enumerate(py_targets.ENDINGS):
            path = Path(folder) / f"a{ending}"
            if ending == ".arkit.vrma":  # as .vrma, and of 17 kB
                continue
            if ending == ".glb":  # the built-in head is too large for a seed
                character = Character()
                character.mesh(("jawOpen", "mouthClose"))
                path.write_bytes(animate_head(character.glb(), animation)[0])
            elif ending == ".pc2":
                path.write_bytes(struct.pack("<12siiffi", b"POINTCACHE2\0", 1, 2, 0, 1, 2) + bytes(48))
            elif ending == ".mdd":
                path.write_bytes(struct.pack(">ii2f", 2, 2, 0, 1 / 30) + bytes(48))
            else:
                save_animation(fitted(animation, format_of(path.name))[0], path)
            found[ending[1:]] = bytes([number]) + path.read_bytes()
    return found


def heads() -> dict[str, bytes]:
    """Characters by their names, with a neck, without names, and mappings."""
    known, vowels, odd, bare = Character(), Character(), Character(), Character()
    known.mesh(("jawOpen", "mouthClose"))
    known.node(name="Head")
    vowels.mesh(("Fcl_MTH_A", "viseme_aa"), n_primitives=2)
    odd.mesh(("x", "y"))
    bare.mesh(("jawOpen",), told=False)
    whole = {"known": known, "vowels": vowels, "odd": odd, "bare": bare}
    mapping = {
        "format_version": 1,
        "targets": {"x": "jawOpen", "y": {"viseme_aa": 0.5}, "z": None},
        "head_bone": "Head",
    }
    short = {"byteLength": len(vowels.binary), "uri": "data:application/octet-stream;base64,AAAA"}
    found = {name: b"g" + character.glb() for name, character in whole.items()}
    for name, character in whole.items():
        text = json.dumps(character.document).encode()
        found[f"{name}-parts"] = b"p" + text + py_targets.PARTS + character.binary
    return found | {
        "fit": b"f" + known.glb(),
        "text": b"g" + json.dumps(vowels.document | {"buffers": [short]}).encode(),
        "mapping": b"m" + json.dumps(mapping).encode(),
        "table": b"tx\tjawOpen\ny\tviseme_aa\t0.5\nz\t-\nhead_bone\tHead\n",
    }


def sounds() -> dict[str, bytes]:
    found = {}
    tone = 0.3 * np.sin(np.arange(400) / 5)
    for ending, subtype in (
        ("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAV", "PCM_24"), ("WAV", "ULAW"), ("WAV", "IMA_ADPCM"),
        ("FLAC", "PCM_16"),         ("OGG", "VORBIS"), ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("CAF", "PCM_16"),
        ("RF64", "PCM_16"), ("W64", "PCM_16"), ("MP3", "MPEG_LAYER_III"),
    ):  # fmt: skip
        buffer = io.BytesIO()
        soundfile.write(buffer, tone, 16000, format=ending, subtype=subtype)
        found[f"{ending}-{subtype}"] = buffer.getvalue()
    wav = found["WAV-PCM_16"]
    found["no-length"] = wav[:4] + b"\xff\xff\xff\xff" + wav[8:40] + b"\xff\xff\xff\xff" + wav[44:]
    found["empty-chunks"] = b"RIFF" + struct.pack("<I", 84) + b"WAVE" + bytes(80)
    return found


def of_bundles() -> dict[str, bytes]:
    found = {f"z{name}": b"z" + data for name, data in archives().items()}
    found |= {
        f"j{name}": b"j" + data for name, data in manifests().items() if name in ("tiny", "vertices", "coefficients")
    }
    return found | {f"t{name}": b"t" + data for name, data in tensors().items()}


def numbers(target: str) -> dict[str, bytes]:
    rng = random.Random(target)
    return {f"{i}": rng.randbytes(SEED_BYTES[i % 3]) for i in range(9)}


def networks() -> dict[str, bytes]:
    """Instructions for graphs, and files behind three bytes that say so."""
    found = {name: bytes([int(name)]) + data for name, data in numbers("cpu").items()}
    return found | {f"file-{name}": b"\xff\0\0" + data for name, data in list(graphs().items())[1::6]}


TARGETS = {
    "cpu": networks, "manifest": manifests, "safetensors": tensors, "zip": archives, "onnx": graphs, "engines": engines,
    "py_bundle": of_bundles, "py_formats": formats, "py_head": heads, "py_saved": saved, "py_sound": sounds,
    **{name: lambda name=name: numbers(name) for name in ("api", "audio", "bundle", "raster")},
}  # fmt: skip


def main(folder: Path) -> int:
    for target, inputs in TARGETS.items():
        (folder / target).mkdir(parents=True, exist_ok=True)
        for name, data in inputs().items():
            (folder / target / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
