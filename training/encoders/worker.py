"""An encoder in each process of a pool: `ProcessPoolExecutor(n, initializer=load_in_worker, initargs=(choice,))`."""

from __future__ import annotations

from training.encoders.choice import EncoderChoice
from training.encoders.frozen import FrozenEncoder

_encoder: FrozenEncoder | None = None


def load_in_worker(choice: EncoderChoice | None) -> None:
    """Loads the encoder and confines PyTorch to one thread; None: this pool needs no features."""
    global _encoder
    _encoder = None
    if choice is not None:
        import torch

        torch.set_num_threads(1)
        _encoder = choice.load()


def worker_encoder() -> FrozenEncoder | None:
    """The encoder that load_in_worker loaded in this process."""
    return _encoder
