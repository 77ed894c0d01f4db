"""The windows of docs/bundle-format.md in NumPy around somebody else's networks: what the baselines have in common."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

import numpy as np

from diffusiontalker.bench.runners import Timing
from diffusiontalker.io.safetensors import read_tensors
from diffusiontalker.spec import bundles
from diffusiontalker.spec.mel import MelSpec, log_mel
from diffusiontalker.spec.noise import normal_noise
from diffusiontalker.spec.sampler import SamplerStep, sample


class Networks(Protocol):
    """What a baseline brings. What encode() returns is handed on as it is."""

    def encode(self, mel: np.ndarray):
        """mel: float32 [1, g m, n_mels]."""

    def denoise(self, x_t: np.ndarray, known: np.ndarray, audio, step: int) -> np.ndarray:
        """x0 of one sampler step, float32 [1, W, C]; step counts from 0 in sampling order."""


class WindowLoop:
    """Noise and log-mel are made beforehand and are not timed, which favours the baselines.
    encode_each_step: run the audio encoder again in every sampler step instead of once per window.
    """

    def __init__(self, folder: Path, profile: str, encode_each_step: bool = False):
        self.bundle = bundles.read_description(folder)
        self.encode_each_step = encode_each_step
        self.frames = np.zeros((0, 0), np.float32)
        window = self.bundle["profiles"][profile]
        self._past, self._hop, self._ahead = (window[f"{k}_frames"] for k in ("past", "hop", "lookahead"))
        motion, audio = self.bundle["motion"], self.bundle["audio"]
        self.n_channels = motion.get("n_channels") or len(motion["channels"])
        self._mean, self._std, self._min, self._max, rest = (
            self._per_channel(motion[k]) for k in ("mean", "std", "min", "max", "rest")
        )
        self._low, self._high = (self._min - self._mean) / self._std, (self._max - self._mean) / self._std
        self._rest = (rest - self._mean) / self._std
        self._noise_scale = self._per_channel(motion.get("noise_scale", 1.0))
        self._spec = MelSpec(**{k: v for k, v in audio.items() if k in MelSpec.__dataclass_fields__})
        self._groups = audio["mel_frames_per_group"], audio["anim_frames_per_group"]
        self._table = update_table(self.bundle)

    def _per_channel(self, values) -> np.ndarray:
        return np.broadcast_to(np.asarray(values, np.float32), (self.n_channels,))

    def run(self, networks: Networks, audio: np.ndarray) -> Timing:
        """The whole clip, window by window; `frames` holds the result. audio: float32 [n] at 16 kHz."""
        motion, (mel_group, anim_group) = self.bundle["motion"], self._groups
        n_frames = -(-len(audio) * motion["fps_num"] // (self._spec.sample_rate_hz * motion["fps_den"]))
        n_hops = -(-n_frames // self._hop)
        mel, noise = self._inputs(audio, n_hops)
        done = np.tile(self._rest, (self._past, 1))
        timing, out = Timing([], self._hop, n_frames), []
        timing.phases_s = {"encoder": 0.0, "denoiser": 0.0, "update": 0.0}
        n_mel = (self._past + self._hop + self._ahead) * mel_group // anim_group
        for k in range(n_hops):
            began = time.perf_counter()
            first = k * self._hop * mel_group // anim_group
            window_noise = noise[k * self._hop : k * self._hop + self._hop + self._ahead]
            fresh = self._sample(networks, mel[None, first : first + n_mel], done, window_noise, timing)[: self._hop]
            out.append(np.clip(fresh * self._std + self._mean, self._min, self._max))
            done = np.concatenate([done, fresh])[-self._past :] if self._past else done
            timing.hop_s.append(time.perf_counter() - began)
        timing.total_s = sum(timing.hop_s)
        self.frames = np.concatenate(out)[:n_frames].astype(np.float32)
        return timing

    def _inputs(self, audio: np.ndarray, n_hops: int) -> tuple[np.ndarray, np.ndarray]:
        """(log-mel with the silence before the first frame, noise) of the whole clip."""
        mel_group, anim_group = self._groups
        n_new = n_hops * self._hop + self._ahead
        n_mel = n_new * mel_group // anim_group
        real = log_mel(np.pad(audio, (0, max(0, n_mel * self._spec.hop_length - len(audio)))), self._spec)[:n_mel]
        silence = np.full((self._past * mel_group // anim_group, self._spec.n_mels), np.log(self._spec.log_floor))
        noise = self._noise_scale * normal_noise(0, 0, n_new, self.n_channels)
        return np.concatenate([silence, real]).astype(np.float32), noise.astype(np.float32)

    def _sample(self, networks: Networks, mel, done: np.ndarray, noise: np.ndarray, timing: Timing) -> np.ndarray:
        """One window; mel: [1, g m, n_mels], done: [P, C], noise: [H + L, C]. Returns x0 of the new frames, [H + L, C].
        The past, hop and lookahead frames are as in the format's description.
        """
        past = len(done)
        known = np.zeros((1, past + len(noise), 1), np.float32)
        known[:, :past] = 1
        x = np.concatenate([done, noise])[None].astype(np.float32)
        features, took = None, {"encoder": 0.0, "denoiser": 0.0}

        def predict(x_t: np.ndarray, step: int) -> np.ndarray:
            nonlocal features
            began = time.perf_counter()
            if features is None or self.encode_each_step:
                features = networks.encode(mel)
            encoded = time.perf_counter()
            x0 = networks.denoise(x_t, known, features, step)
            took["encoder"] += encoded - began
            took["denoiser"] += time.perf_counter() - encoded
            return np.clip(x0, self._low, self._high)

        began = time.perf_counter()
        sample(x, past, self._table, predict)
        took["update"] = time.perf_counter() - began - sum(took.values())
        for name, seconds in took.items():
            timing.phases_s[name] = (timing.phases_s[name] or 0.0) + seconds
        return x[0, past:]


def update_table(bundle: dict) -> list[tuple[np.float32, np.float32]]:
    """(c_x, c_x0) of every sampler step of a bundle.json, in float32 as the runtime has them."""
    steps = [SamplerStep.from_dict(step) for step in bundle["sampler"]["steps"]]
    return [(np.float32(c_x), np.float32(c_x0)) for c_x, c_x0 in (step.coefficients for step in steps)]


def default_style(folder: Path, bundle: dict) -> np.ndarray:
    """The default identity's style, in the default emotion where there are emotions: float32 [d_identity]."""
    spec = bundle["identities"]
    table = read_tensors(bundles.read_file(folder, spec["file"]), spec["file"], (spec["tensor"],))[spec["tensor"]]
    style = table[spec["names"].index(spec["default"])]
    return (style[spec["emotions"].index(spec["default_emotion"])] if "emotions" in spec else style).copy()


class LoopRunner:
    """What bench asks of every baseline: the frames of its last run, and what it says of itself."""

    _loop: WindowLoop

    @property
    def frames(self) -> np.ndarray:
        return self._loop.frames

    def describe(self) -> dict:
        return {"stream_bytes": None}
