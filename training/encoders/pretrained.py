"""HuBERT, wav2vec 2.0 and WavLM through `transformers`, from a local folder or a hub name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.encoders.frozen import (
    RATE_HZ,
    SAMPLES_PER_FEATURE,
    by_length,
    checked_audio,
    checked_layer,
    in_windows,
    n_features,
)

ARCHITECTURES = ("hubert", "wav2vec2", "wavlm")
WEIGHT_FILES = ("model.safetensors", "model.safetensors.index.json")


class PretrainedEncoder:
    """A FrozenEncoder. The convolutions of these models see 400 samples from 320 j on; the audio is moved by half of
    that, so that feature j is centred on sample 320 j as everywhere here (half a sample early).

    source: a folder, then nothing is looked for elsewhere, or a hub name. Only safetensors weights are read, never
    pickles.   layer: as `hidden_states` counts them, 0 before the first; None: the model's output.
    Raises FileNotFoundError when the folder or its files are missing; ValueError for another architecture or rate, or
    weights that lack tensors; OSError when a hub name cannot be had."""

    def __init__(self, source: str, layer: int | None = None, precision: str = "f32"):
        try:
            import transformers
        except ImportError as error:
            raise ImportError("transformers is not installed: pip install '.[train]'") from error
        local = _is_folder(source)
        if local:
            _check_folder(Path(source))
        try:
            config = transformers.AutoConfig.from_pretrained(source, local_files_only=local, trust_remote_code=False)
        except ValueError as error:
            raise ValueError(_unknown(source, "unknown to transformers")) from error
        except OSError as error:
            raise OSError(f"{source} cannot be had from the hub: give a folder that holds the model") from error
        if config.model_type not in ARCHITECTURES:
            raise ValueError(_unknown(source, config.model_type))
        _check_rate(source, config)
        self._receptive_field = _receptive_field(config.conv_kernel, config.conv_stride)
        self._model = _load_model(source, config, local).eval().requires_grad_(False)
        self._front_end = _feature_extractor(source, local)
        self.n_layers, self.dim = config.num_hidden_layers, config.hidden_size
        self._layer = checked_layer(layer, self.n_layers, self.n_layers)
        self._output_only = layer is None or layer == self.n_layers
        self.layer = self._layer
        self.name = f"{config.model_type}-{self.n_layers}x{self.dim}"
        self.weights_sha256 = _weights_sha256(self._model)
        self._bfloat16 = precision == "bf16"

    def _normalised(self, audio: np.ndarray) -> np.ndarray:
        return self._front_end(audio, sampling_rate=SAMPLE_RATE_HZ, return_tensors="np").input_values[0]

    def _encode(self, clips: np.ndarray) -> np.ndarray:
        """clips: [B, n], normalised -> [B, n_features(n), D]."""
        n = n_features(clips.shape[1])
        before = self._receptive_field // 2
        after = max(0, (n - 1) * SAMPLES_PER_FEATURE + self._receptive_field - before - clips.shape[1])
        padded = torch.from_numpy(np.pad(clips, ((0, 0), (before, after))))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self._bfloat16):
            out = self._model(padded, output_hidden_states=not self._output_only)
        features = out.last_hidden_state if self._output_only else out.hidden_states[self._layer]
        return features[:, :n].float().numpy()

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        audio = self._normalised(checked_audio(audio))  # over the whole recording, as in training, not per window
        return in_windows(audio, lambda window: self._encode(window[None])[0])

    def batch(self, clips: Sequence[np.ndarray]) -> list[np.ndarray]:
        out: dict[int, np.ndarray] = {}
        for length, members in by_length(clips).items():
            if len(members) == 1 or length > 30 * SAMPLE_RATE_HZ:
                features = [self(clips[i]) for i in members]
            else:
                features = list(self._encode(np.stack([self._normalised(checked_audio(clips[i])) for i in members])))
            out |= dict(zip(members, features, strict=True))
        return [out[i] for i in range(len(clips))]


def _is_folder(source: str) -> bool:
    """Whether source names a folder, be it there or not. Hub names are of the form "owner/name"."""
    path = Path(source)
    return path.exists() or path.is_absolute() or source.startswith(".") or source.count("/") != 1


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}: give the folder of a transformers model, or a hub name")
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"no {folder / 'config.json'}: the folder holds no transformers model")
    if not any((folder / name).is_file() for name in WEIGHT_FILES):
        raise FileNotFoundError(
            f"no {folder / WEIGHT_FILES[0]}: only safetensors weights are read, convert others with save_pretrained"
        )


def _unknown(source: str, model_type: str) -> str:
    return f"{source} is of the architecture {model_type}, expected one of {', '.join(ARCHITECTURES)} or whisper"


def _check_rate(source: str, config) -> None:
    stride = int(np.prod(config.conv_stride))
    if stride != SAMPLES_PER_FEATURE or getattr(config, "add_adapter", False):
        rate = "an adapter" if stride == SAMPLES_PER_FEATURE else f"{SAMPLE_RATE_HZ / stride:g} features a second"
        raise ValueError(f"{source} has {rate}, expected {RATE_HZ} features a second and no adapter behind them")


def _receptive_field(kernels, strides) -> int:
    """Samples that one feature of the convolutions sees: 400 for the published models."""
    field, stride = 1, 1
    for k, s in zip(kernels, strides, strict=True):
        field, stride = field + (k - 1) * stride, stride * s
    return field


def _load_model(source: str, config, local: bool):
    from transformers import AutoModel

    try:
        model, info = AutoModel.from_pretrained(
            source, config=config, local_files_only=local, use_safetensors=True, trust_remote_code=False,
            output_loading_info=True,
        )  # fmt: skip
    except OSError as error:
        raise OSError(f"{source} has no safetensors weights: convert its own with save_pretrained") from error
    # transformers would fill these with random numbers. The masking vector only serves training.
    missing = sorted(k for k in info["missing_keys"] if "masked_spec_embed" not in k)
    if missing:
        raise ValueError(f"the weights of {source} lack {len(missing)} tensors, such as {missing[0]}: get them whole")
    return model


def _feature_extractor(source: str, local: bool):
    """That of the model where it has one, else the defaults: zero mean and unit variance at 16 kHz."""
    from transformers import Wav2Vec2FeatureExtractor

    extractor = Wav2Vec2FeatureExtractor()
    if not local or (Path(source) / "preprocessor_config.json").is_file():
        try:
            extractor = Wav2Vec2FeatureExtractor.from_pretrained(source, local_files_only=local)
        except OSError:
            if local:
                raise
    if extractor.sampling_rate != SAMPLE_RATE_HZ:
        raise ValueError(f"{source} wants audio at {extractor.sampling_rate} Hz, expected {SAMPLE_RATE_HZ}")
    return extractor


def _weights_sha256(model: torch.nn.Module) -> str:
    """Of the names and values of all parameters, so that it is the same for one file and for shards."""
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(json.dumps([name, list(value.shape)]).encode())
        digest.update(value.detach().float().contiguous().numpy().tobytes())
    return digest.hexdigest()
