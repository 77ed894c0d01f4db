"""The same student in PyTorch eager, the way a plain port would run it; needs a checkout and the [train] extra."""

from __future__ import annotations

import importlib
import time
from pathlib import Path

import numpy as np

from benchmarks.baselines.window_loop import LoopRunner, WindowLoop, default_style
from diffusiontalker.bench.runners import Timing
from diffusiontalker.errors import InputError
from diffusiontalker.spec import bundles


def student_module():
    """The only hook into the training code. Raises InputError when PyTorch or the training code is not there."""
    try:
        return importlib.import_module("training.export.torch_student")
    except ImportError as e:
        raise InputError(
            f"the PyTorch baselines need PyTorch and the training code ({e}): run in the root of a checkout, after "
            "pip install '.[train]'"
        ) from e


def load_student(bundle: Path):
    """(encoder, denoiser) as torch modules: mel -> audio, and (x_t, known, audio, style, t) -> x0.
    Raises InputError as student_module() does, or when the bundle is of another architecture.
    """
    module = student_module()
    try:
        talker, _ = module.load_student(bundle)
    except (ValueError, KeyError, StopIteration, OSError) as e:  # OSError: a packed bundle
        raise InputError(f"{bundle} cannot be rebuilt in PyTorch: {e}") from e
    return talker.encoder, talker.denoiser


class TorchRunner(LoopRunner):
    """One call of the encoder and of the whole denoiser per use, with no part hoisted out of the steps.
    row: bundle, threads, profile, kind; "torch-reencode" runs the encoder again in every step.
    """

    def __init__(self, row: dict):
        folder = bundles.resolve(row["bundle"])
        student_module()  # importing takes seconds, and is no part of loading
        started = time.perf_counter()
        self.encoder, self.denoiser = load_student(folder)
        self.load_s = time.perf_counter() - started
        self.build_s = None  # eager: nothing is compiled
        import torch

        torch.set_num_threads(row["threads"])
        self._loop = WindowLoop(folder, row["profile"], encode_each_step=row["kind"] == "torch-reencode")
        self._style = torch.from_numpy(default_style(folder, self._loop.bundle))[None]
        self._t = [torch.tensor([float(step["t"])]) for step in self._loop.bundle["sampler"]["steps"]]

    def offline(self, audio: np.ndarray) -> Timing:
        """The whole clip, window by window."""
        import torch

        with torch.inference_mode():
            return self._loop.run(self, audio)

    def encode(self, mel: np.ndarray):
        import torch

        return self.encoder(torch.from_numpy(mel))

    def denoise(self, x_t: np.ndarray, known: np.ndarray, audio, step: int) -> np.ndarray:
        import torch

        x0 = self.denoiser(torch.from_numpy(x_t), torch.from_numpy(known), audio, self._style, self._t[step])
        return x0.numpy()
