"""The networks of a bundle behind one door, whoever runs them, and the sampler around them."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import onnx

from benchmarks.baselines.window_loop import WindowLoop, default_style
from diffusiontalker.errors import EngineError
from diffusiontalker.spec import bundles
from diffusiontalker.trt_build.graph.constants import fold_stored_half
from diffusiontalker.trt_build.graph.half import half_graph

NETWORKS = ("audio_encoder", "conditioner", "denoiser")
OUTPUTS = {"audio_encoder": "audio", "conditioner": "condition", "denoiser": "x0"}


class Parts(Protocol):
    """name: for the report."""

    name: str

    def run(self, network: str, feeds: dict[str, np.ndarray]) -> np.ndarray:
        """The network's output, float32. feeds: float32, names and shapes of docs/bundle-format.md."""


class OnnxParts:
    """ONNX Runtime on the processor. half: the graphs that FP16 engines are built from; every tensor between nodes is
    rounded as they say, and products are summed in float32, as tensor cores do it. Raises EngineError without it."""

    def __init__(self, bundle: Path, half: bool):
        try:
            import onnxruntime as ort
        except ImportError as e:
            raise EngineError(f"comparing needs ONNX Runtime ({e}): pip install onnxruntime") from e
        self.name = "ONNX float16 graph" if half else "ONNX float32"
        networks = bundles.read_description(bundle)["networks"]
        options = ort.SessionOptions()
        # Optimisations would take pairs of casts away, and with them the rounding that is to be measured.
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level, options.intra_op_num_threads = 3, 1
        self.sessions = {}
        for network in NETWORKS:
            model = onnx.load_model_from_string(bundles.read_file(bundle, networks[network]["file"]))
            if half and network != "conditioner":
                model = half_graph(model)
            else:
                fold_stored_half(model)
            self.sessions[network] = ort.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )

    def run(self, network: str, feeds: dict[str, np.ndarray]) -> np.ndarray:
        return self.sessions[network].run([OUTPUTS[network]], feeds)[0]


class TorchParts:
    """The student in PyTorch eager on the processor. half: audio encoder and denoiser wholly in float16, a plain
    `.half()`, which is what sets the limits. Needs a checkout with the training code. Raises EngineError without it."""

    def __init__(self, bundle: Path, half: bool):
        try:
            import torch

            from training.export.parts import AudioPart, ConditionPart, DenoisePart
            from training.export.torch_student import load_student
        except ImportError as e:
            raise EngineError(
                f"PyTorch cannot be compared with ({e}): run in a checkout of the project, with its [train] extra"
            ) from e
        self.name, self.torch = "PyTorch float16" if half else "PyTorch float32", torch
        torch.set_num_threads(1)  # the networks are small; more threads wait for each other on a busy machine
        talker, _ = load_student(bundle)
        self.parts: dict[str, torch.nn.Module] = {"conditioner": ConditionPart(talker).eval()}
        rest = {"audio_encoder": AudioPart, "denoiser": DenoisePart}
        if half:
            talker, _ = load_student(bundle)
            talker = talker.half()
        self.parts |= {network: part(talker).eval() for network, part in rest.items()}
        self.types = {n: torch.float16 if half and n != "conditioner" else torch.float32 for n in NETWORKS}

    def run(self, network: str, feeds: dict[str, np.ndarray]) -> np.ndarray:
        with self.torch.inference_mode():
            tensors = [self.torch.from_numpy(v).to(self.types[network]) for v in feeds.values()]
            return self.parts[network](*tensors).float().numpy()


class Recorder:
    """Runs a clip through the sampler, and keeps what the networks got and gave. Fits WindowLoop's Networks."""

    def __init__(self, parts: Parts, bundle: Path, profile: str):
        self.parts, self.loop = parts, WindowLoop(bundle, profile)
        steps = self.loop.bundle["sampler"]["steps"]
        t = np.array([step["t"] for step in steps], np.float32)
        style = np.repeat(default_style(bundle, self.loop.bundle)[None], len(steps), axis=0)
        # As the engines get it: one style with every step at once.
        self.conditions = parts.run("conditioner", {"style": style, "t": t})
        self.seen: dict[str, list[tuple[dict[str, np.ndarray], np.ndarray]]] = {}
        self._keep("conditioner", {"style": style, "t": t}, self.conditions)

    def frames(self, audio: np.ndarray) -> np.ndarray:
        """float32 [n_frames, C]. audio: float32 [n] at 16 kHz."""
        self.loop.run(self, audio)
        return self.loop.frames

    def encode(self, mel: np.ndarray) -> np.ndarray:
        return self._call("audio_encoder", {"mel": mel})

    def denoise(self, x_t: np.ndarray, known: np.ndarray, audio: np.ndarray, step: int) -> np.ndarray:
        condition = self.conditions[step : step + 1]
        return self._call("denoiser", {"x_t": x_t, "known": known, "audio": audio, "condition": condition})

    def _call(self, network: str, feeds: dict[str, np.ndarray]) -> np.ndarray:
        result = self.parts.run(network, feeds)
        self._keep(network, feeds, result)
        return result

    def _keep(self, network: str, feeds: dict[str, np.ndarray], result: np.ndarray) -> None:
        copies = {name: value.copy() for name, value in feeds.items()}
        self.seen.setdefault(network, []).append((copies, result.copy()))
