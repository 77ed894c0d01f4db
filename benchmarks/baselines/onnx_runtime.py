"""The bundle's graphs in ONNX Runtime: encoder once per window, conditioner once, denoiser once per step."""

from __future__ import annotations

import importlib
import time

import numpy as np

from benchmarks.baselines.window_loop import LoopRunner, WindowLoop, default_style
from diffusiontalker.bench.runners import Timing
from diffusiontalker.errors import InputError
from diffusiontalker.spec import bundles


class OnnxRuntimeRunner(LoopRunner):
    """Sessions with all graph optimisations and the row's thread count, called as its documentation shows.
    row: bundle, threads, profile.
    """

    def __init__(self, row: dict):
        try:
            ort = importlib.import_module("onnxruntime")
        except ImportError as e:
            raise InputError(f"the onnxruntime baseline needs ONNX Runtime ({e}): pip install onnxruntime") from e
        folder = bundles.resolve(row["bundle"])
        started = time.perf_counter()
        self._loop = WindowLoop(folder, row["profile"])
        names = ("audio_encoder", "conditioner", "denoiser")
        files = [self._loop.bundle["networks"][name]["file"] for name in names]
        graphs = [bundles.read_file(folder, file) for file in files]
        self.load_s = time.perf_counter() - started
        options = ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = row["threads"], 1
        options.log_severity_level = 3  # errors only
        started = time.perf_counter()
        self._encoder, conditioner, self._denoiser = (
            ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"]) for graph in graphs
        )
        self.build_s = time.perf_counter() - started
        style = default_style(folder, self._loop.bundle)[None]
        steps = self._loop.bundle["sampler"]["steps"]
        feeds = [{"style": style, "t": np.array([step["t"]], np.float32)} for step in steps]
        self._conditions = [conditioner.run(["condition"], feed)[0] for feed in feeds]

    def offline(self, audio: np.ndarray) -> Timing:
        """The whole clip, window by window."""
        return self._loop.run(self, audio)

    def encode(self, mel: np.ndarray) -> np.ndarray:
        return self._encoder.run(["audio"], {"mel": mel})[0]

    def denoise(self, x_t: np.ndarray, known: np.ndarray, audio: np.ndarray, step: int) -> np.ndarray:
        feed = {"x_t": x_t, "known": known, "audio": audio, "condition": self._conditions[step]}
        return self._denoiser.run(["x0"], feed)[0]
