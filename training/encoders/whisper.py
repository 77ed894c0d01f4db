"""Features of Whisper's encoder, from a folder of `convert` or any `transformers` folder of a Whisper model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.encoders.frozen import checked_audio, checked_layer, in_windows, n_features
from training.encoders.whisper_net import WhisperNet, float_tensors

# Of the encoder's tensors in the files of WhisperForConditionalGeneration (and of convert), and of WhisperModel.
PREFIXES = ("model.encoder.", "encoder.")

# The published model pads every clip to 30 s, which takes eight times as long for clips of 3 s and gets
# about one frame in a hundred more phones right (README.md); here the context is the clip and this much silence.
TAIL_S = 1.0
ROUND_S = 0.5  # contexts are multiples, so that clips of about one length make one batch
FULL_S = 30.0


class WhisperEncoder:
    """A FrozenEncoder. The stem's receptive field is centred: mel frame i of the model is centred on sample 160 i, and
    its second convolution on every second frame, so feature j is centred on sample 320 j without further ado.

    tail_s: silence that the context has after the clip; FULL_S always makes it 30 s, as published.
    Raises FileNotFoundError when folder lacks config.json or model.safetensors; ValueError when they do not fit."""

    def __init__(self, folder: Path, layer: int | None = None, precision: str = "f32", tail_s: float = TAIL_S):
        folder = Path(folder)
        config_path, weights_path = folder / "config.json", folder / "model.safetensors"
        for path in (config_path, weights_path):
            if not path.is_file():
                raise FileNotFoundError(f"no {path}: make it with python -m training.encoders convert")
        config = json.loads(config_path.read_text())
        if config.get("model_type") != "whisper":
            raise ValueError(f"{config_path} is of a {config.get('model_type')} model, expected whisper")
        try:
            self._net = WhisperNet.from_config(config).eval().requires_grad_(False)
            tensors = load_file(weights_path)
            prefix = next((p for p in PREFIXES if any(k.startswith(p) for k in tensors)), "")
            self._net.load_state_dict(float_tensors(tensors, prefix))
        except (KeyError, RuntimeError) as error:
            raise ValueError(f"{weights_path} does not fit {config_path}: {error}") from error
        self.n_layers, self.dim = len(self._net.layers), config["d_model"]
        self.layer = checked_layer(layer, self.n_layers, self.n_layers)
        self.name = f"whisper-{self.n_layers}x{self.dim}"
        self.weights_sha256 = hashlib.sha256(weights_path.read_bytes()).hexdigest()
        self._bfloat16, self._tail_s = precision == "bf16", tail_s
        self._front_end = _front_end(config["num_mel_bins"])

    def _context_samples(self, n_samples: int) -> int:
        seconds = np.ceil((n_samples / SAMPLE_RATE_HZ + self._tail_s) / ROUND_S) * ROUND_S
        return int(min(seconds, FULL_S) * SAMPLE_RATE_HZ)

    def _encode(self, clips: list[np.ndarray]) -> list[np.ndarray]:
        """clips: all of one context. Each is clipped against its own loudest mel value."""
        context = self._context_samples(len(clips[0]))
        mel = self._front_end(
            clips, sampling_rate=SAMPLE_RATE_HZ, padding="max_length", max_length=context, return_tensors="pt"
        ).input_features
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self._bfloat16):
            features = self._net(mel, self.layer).float().numpy()
        return [f[: n_features(len(c))] for f, c in zip(features, clips, strict=True)]

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        return in_windows(checked_audio(audio), lambda window: self._encode([window])[0])

    def batch(self, clips: Sequence[np.ndarray]) -> list[np.ndarray]:
        groups: dict[int, list[int]] = {}
        out: dict[int, np.ndarray] = {}
        for i, clip in enumerate(clips):
            if len(clip) > FULL_S * SAMPLE_RATE_HZ:
                out[i] = self(clip)
            else:
                groups.setdefault(self._context_samples(len(clip)), []).append(i)
        for members in groups.values():
            out |= dict(zip(members, self._encode([checked_audio(clips[i]) for i in members]), strict=True))
        return [out[i] for i in range(len(clips))]


def _front_end(n_mels: int):
    try:
        from transformers import WhisperFeatureExtractor
    except ImportError as error:
        raise ImportError("transformers is not installed: pip install '.[train]'") from error
    return WhisperFeatureExtractor(feature_size=n_mels)
