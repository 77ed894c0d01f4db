"""docs/bundle-format.md written again in NumPy: windows, carry, sampler and post-processing. The networks are run by
onnx's own interpreter."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from diffusiontalker.spec.mel import MelSpec, log_mel
from diffusiontalker.spec.noise import normal_noise
from diffusiontalker.spec.sampler import SamplerStep


def expected_frames(bundle: Path, audio: np.ndarray, style: np.ndarray, seed: int, profile: str = "live") -> np.ndarray:
    """Frames of a clip, float32 [ceil(duration * fps), C].   audio: float32 [n] at 16 kHz.   style: float32 [S]."""
    from onnx.reference import ReferenceEvaluator

    content = json.loads((bundle / "bundle.json").read_text())
    encoder, conditioner, denoiser = (
        ReferenceEvaluator(str(bundle / f"{name}.onnx")) for name in ("audio_encoder", "conditioner", "denoiser")
    )
    motion = content["motion"]
    n = motion["n_channels"] if motion["space"] == "vertices" else len(motion["channels"])
    names = ("mean", "std", "min", "max", "rest")
    mean, std, least, most, rest = (np.broadcast_to(np.array(motion[k], np.float32), n) for k in names)
    scale = np.array(motion.get("noise_scale", 1.0), np.float32)
    group = content["audio"]["mel_frames_per_group"], content["audio"]["anim_frames_per_group"]
    past, hop, look = (content["profiles"][profile][f"{k}_frames"] for k in ("past", "hop", "lookahead"))

    def mel_frames(anim_frames: int) -> int:
        return anim_frames // group[1] * group[0]

    n_frames = -(-len(audio) * motion["fps_num"] // (16000 * motion["fps_den"]))
    padding = np.zeros(mel_frames(look + 2 * hop) * 160, np.float32)
    before = np.full((mel_frames(past), 80), np.log(MelSpec().log_floor), np.float32)
    mel = np.concatenate([before, log_mel(np.concatenate([audio, padding]), MelSpec())])
    lo, hi = (least - mean) / std, (most - mean) / std
    z = np.tile((rest - mean) / std, (past, 1))
    known = (np.arange(past + hop + look) < past).astype(np.float32)[None, :, None]
    for k in range(-(-n_frames // hop)):
        first = mel_frames(k * hop)
        features = encoder.run(None, {"mel": mel[None, first : first + mel_frames(past + hop + look)]})[0]
        x_t = np.concatenate([z[len(z) - past :], scale * normal_noise(seed, k * hop, hop + look, n)])[None]
        for step in (SamplerStep(**s) for s in content["sampler"]["steps"]):
            condition = conditioner.run(None, {"style": style[None], "t": np.array([step.t], np.float32)})[0]
            feeds = {"x_t": x_t, "known": known, "audio": features, "condition": condition}
            x0 = np.clip(denoiser.run(None, feeds)[0], lo, hi)
            c_x, c_x0 = (np.float32(c) for c in step.coefficients)
            x_t[:, past:] = c_x * x_t[:, past:] + c_x0 * x0[:, past:]
        z = np.concatenate([z, x_t[0, past : past + hop]])
    frames = np.clip(z[past : past + n_frames] * std + mean, least, most)
    n_ease = min(5, look, n_frames)
    u = np.arange(1, n_ease + 1)[:, None] / n_ease
    frames[n_frames - n_ease :] = rest + (frames[n_frames - n_ease :] - rest) * (1 - u**2 * (3 - 2 * u))
    return frames
