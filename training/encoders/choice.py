"""Which frozen encoder is meant, and loading it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from training.encoders.frozen import FrozenEncoder
from training.loop.precision import chosen_precision


@dataclass(frozen=True)
class EncoderChoice:
    """Which encoder, small enough to send to a worker process, which loads it there (`worker.py`)."""

    encoder: str  # "whisper", a folder, or a hub name
    weights: Path | None = None  # folder of the weights of "whisper"
    layer: int | None = None  # None: the encoder's default
    precision: str = "f32"  # or bf16, twice as fast where the processor has it (AMX, AVX512-BF16), or auto

    def load(self) -> FrozenEncoder:
        """Raises FileNotFoundError or ValueError with what is missing or wrong."""
        # Here, because the process that only passes the choice on needs no torch.
        from training.encoders.pretrained import PretrainedEncoder
        from training.encoders.whisper import WhisperEncoder

        precision = chosen_precision(self.precision, "cpu")
        folder = self.weights if self.encoder == "whisper" else Path(self.encoder)
        if folder is None:
            raise ValueError("encoder whisper needs the folder of its weights (--weights; training/encoders/README.md)")
        if self.encoder == "whisper" or _model_type(folder) == "whisper":
            return WhisperEncoder(folder, self.layer, precision)
        return PretrainedEncoder(self.encoder, self.layer, precision)


def _model_type(folder: Path) -> str | None:
    path = folder / "config.json"
    return json.loads(path.read_text()).get("model_type") if path.is_file() else None
