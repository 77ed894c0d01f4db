"""The same student in PyTorch eager, the way a plain port would run it; needs a checkout and the [train] extra."""

from __future__ import annotations

import importlib
import time
from pathlib import Path

import numpy as np

from diffusiontalker.api import bundles
from diffusiontalker.bench.runners import Timing
from diffusiontalker.errors import InputError
from diffusiontalker.io.safetensors import read_tensors
from diffusiontalker.spec.mel import MelSpec, log_mel
from diffusiontalker.spec.noise import normal_noise


def load_student(bundle: Path):
    """(encoder, denoiser) as torch modules with the inputs and outputs that docs/bundle-format.md gives for the graphs.
    This is the only hook into the training code.
    Raises InputError when PyTorch or the training code is not there, or the bundle is of another architecture.
    """
    try:
        module = importlib.import_module("trt_build.export.torch_student")
    except ImportError as e:
        raise InputError(
            f"--compare-torch needs PyTorch and the training code ({e}): run it in a checkout, with PYTHONPATH=. and "
            "pip install '.[train]'"
        ) from e
    try:
        talker, _ = module.load_student(bundle)
    except (ValueError, KeyError, StopIteration) as e:
        raise InputError(f"--compare-torch cannot rebuild {bundle} in PyTorch: {e}") from e
    return talker.encoder, talker.denoiser


class TorchRunner:
    """Runs the windows of docs/bundle-format.md with torch modules; noise and log-mel are made beforehand and are not
    timed, which favours PyTorch.
    """

    def __init__(self, bundle: str, threads: int, profile: str):
        import torch

        torch.set_num_threads(threads)
        started = time.perf_counter()
        folder = bundles.resolve(bundle)
        self.encoder, self.denoiser = load_student(folder)
        self.load_s = time.perf_counter() - started
        self.bundle = bundles.read_description(folder)
        self.window = self.bundle["profiles"][profile]
        self.style = torch.from_numpy(_default_style(folder, self.bundle))[None]
        self.frames = np.zeros((0, 0), np.float32)

    def describe(self) -> dict:
        return {"backend": "torch-eager"}

    def offline(self, audio: np.ndarray) -> Timing:
        """The whole clip, window by window."""
        import torch

        past, hop, ahead = (self.window[f"{k}_frames"] for k in ("past", "hop", "lookahead"))
        motion = self.bundle["motion"]
        mean, std = (np.asarray(motion[k], np.float32) for k in ("mean", "std"))
        limits = [(np.asarray(motion[k], np.float32) - mean) / std for k in ("min", "max", "rest")]
        low, high, rest = (torch.from_numpy(values) for values in limits)
        n_frames = -(-len(audio) * motion["fps_num"] // (16000 * motion["fps_den"]))
        n_hops = -(-n_frames // hop)
        mel, noise = self._inputs(audio, n_hops, len(mean))
        done = rest.repeat(past, 1)
        out, timing = [], Timing([], hop, n_frames, 0.0, {})
        with torch.inference_mode():
            for k in range(n_hops):
                began = time.perf_counter()
                first = k * hop * 10 // 3
                features = self.encoder(mel[None, first : first + (past + hop + ahead) * 10 // 3])
                fresh = self._sample(done, noise[k * hop : k * hop + hop + ahead], features, low, high)[:hop]
                out.append(fresh)
                done = torch.cat([done, fresh])[-past:] if past else done
                timing.hop_s.append(time.perf_counter() - began)
        timing.total_s = sum(timing.hop_s)
        z = torch.cat(out).numpy()[:n_frames]
        self.frames = np.clip(z * std + mean, motion["min"], motion["max"]).astype(np.float32)
        return timing

    def _inputs(self, audio: np.ndarray, n_hops: int, n_channels: int):
        import torch

        past, hop, ahead = (self.window[f"{k}_frames"] for k in ("past", "hop", "lookahead"))
        keys = MelSpec.__dataclass_fields__
        spec = MelSpec(**{k: v for k, v in self.bundle["audio"].items() if k in keys})
        n_mel = (n_hops * hop + ahead) * 10 // 3
        real = log_mel(np.pad(audio, (0, max(0, n_mel * spec.hop_length - len(audio)))), spec)[:n_mel]
        silence = np.full((past * 10 // 3, spec.n_mels), np.log(spec.log_floor), np.float32)
        scale = np.asarray(self.bundle["motion"].get("noise_scale", [1.0] * n_channels), np.float32)
        noise = scale * normal_noise(0, 0, n_hops * hop + ahead, n_channels)
        return torch.from_numpy(np.concatenate([silence, real])), torch.from_numpy(noise)

    def _sample(self, done, noise, features, low, high):
        """One window; done: [P, C], noise: [H + L, C], both normalised. Returns the new frames' x0, [H + L, C]."""
        import torch

        past = len(done)
        known = torch.zeros(1, past + len(noise), 1)
        known[:, :past] = 1
        x = torch.cat([done, noise])[None]
        for step in self.bundle["sampler"]["steps"]:
            t = torch.tensor([float(step["t"])])
            x0 = self.denoiser(x, known, features, self.style, t).clamp(low, high)
            c_x = ((1 - step["alpha_bar_prev"]) / (1 - step["alpha_bar"])) ** 0.5
            c_x0 = step["alpha_bar_prev"] ** 0.5 - step["alpha_bar"] ** 0.5 * c_x
            x = torch.cat([x[:, :past], c_x * x[:, past:] + c_x0 * x0[:, past:]], dim=1)
        return x[0, past:]


def _default_style(folder, bundle: dict) -> np.ndarray:
    """The default identity's embedding, in the default emotion where there are emotions: float32 [d_identity]."""
    spec = bundle["identities"]
    table = read_tensors(folder / spec["file"], (spec["tensor"],))[spec["tensor"]]
    style = table[spec["names"].index(spec["default"])]
    return (style[spec["emotions"].index(spec["default_emotion"])] if "emotions" in spec else style).copy()
