"""Hops of the student in PyTorch on a device: eager, and as one CUDA graph; what a plain port gives on a GPU."""

from __future__ import annotations

import copy
import importlib
import time
from collections.abc import Callable

import numpy as np

from benchmarks.baselines.torch_eager import load_student
from benchmarks.baselines.window_loop import default_style, update_table
from diffusiontalker.bench.numbers import percentiles
from diffusiontalker.errors import BackendError, InputError
from diffusiontalker.spec import bundles
from diffusiontalker.spec.sampler import sample

N_WARM_UP = 10  # at most; no more than are timed


def torch_module():
    """Raises InputError that says how to install it."""
    try:
        return importlib.import_module("torch")
    except ImportError as e:
        raise InputError(f"the PyTorch rows need PyTorch ({e}): pip install '.[train]' in a checkout") from e


def check_device(torch, device: str) -> None:
    """Raises BackendError when PyTorch cannot use `device` ("cuda", "cpu", ..)."""
    try:
        is_cuda = torch.device(device).type == "cuda"
    except RuntimeError as e:
        raise BackendError(f"PyTorch has no device '{device}': give cuda, cuda:1 or cpu") from e
    if is_cuda and not torch.cuda.is_available():
        raise BackendError(f"PyTorch {torch.__version__} sees no CUDA device: nvidia-smi shows what is there")


class Hop:
    """One hop of `batch` streams: encoder once, then every step of the sampler; a call gives x0 [batch, W, C].
    Inputs lie on the device and stay there: mel [batch, M, n_mels] and noise [batch, W, C], whose first `past` frames
    are known motion."""

    def __init__(self, talker, folder, description: dict, profile: str, batch: int, device: str, dtype):
        import torch

        parts = importlib.import_module("training.export.parts")  # of the checkout, as torch_eager.py tells
        motion, audio, sizes = description["motion"], description["audio"], description["profiles"][profile]
        self.table = [(float(c_x), float(c_x0)) for c_x, c_x0 in update_table(description)]
        self.past = sizes["past_frames"]
        window = self.past + sizes["hop_frames"] + sizes["lookahead_frames"]
        n_channels = motion.get("n_channels") or len(motion["channels"])
        mel_frames = window // audio["anim_frames_per_group"] * audio["mel_frames_per_group"]

        def put(values):
            return values.to(device, dtype)

        conditioner = parts.ConditionPart(talker.to("cpu", torch.float32))
        style = torch.from_numpy(default_style(folder, description))[None]
        with torch.no_grad():  # in float32: once per style, and its timesteps are large numbers
            steps = [torch.tensor([float(step["t"])]) for step in description["sampler"]["steps"]]
            self.conditions = [put(conditioner(style, t)).expand(batch, -1) for t in steps]
        talker = talker.to(device, dtype)
        self.encoder, self.denoiser = parts.AudioPart(talker), parts.DenoisePart(talker)
        statistics = (np.broadcast_to(np.float32(motion[key]), n_channels) for key in ("mean", "std", "min", "max"))
        mean, std, low, high = statistics
        self.low, self.high = (put(torch.from_numpy((limit - mean) / std)) for limit in (low, high))
        random = torch.Generator().manual_seed(1)
        self.mel = put(torch.randn(batch, mel_frames, audio["n_mels"], generator=random))
        self.noise = put(torch.randn(batch, window, n_channels, generator=random))
        self.known = put(torch.zeros(batch, window, 1))
        self.known[:, : self.past] = 1

    def __call__(self):
        import torch

        with torch.no_grad():
            features = self.encoder(self.mel)

            def predict(x_t, number: int):
                x0 = self.denoiser(x_t, self.known, features, self.conditions[number])
                return torch.minimum(torch.maximum(x0, self.low), self.high)

            return sample(self.noise.clone(), self.past, self.table, predict)


class TorchHopRunner:
    """row: backend ("torch-eager" or "torch-graph"), bundle, precision, threads, live_profile, device."""

    def __init__(self, row: dict):
        if not row["device"].startswith("cuda") and row["backend"] == "torch-graph":
            raise BackendError(f"CUDA graphs are of NVIDIA GPUs: there are none on the device {row['device']}")
        self.row, self.torch = row, torch_module()
        check_device(self.torch, row["device"])
        started = time.perf_counter()
        self.folder = bundles.resolve(row["bundle"])
        self.description = bundles.read_description(self.folder)
        self.student = load_student(self.folder)
        self.load_s = time.perf_counter() - started
        self.build_s = None
        self.torch.set_num_threads(row["threads"])
        self.dtype = {"f32": self.torch.float32, "f16": self.torch.float16, "bf16": self.torch.bfloat16}[
            row["precision"]
        ]

    def describe(self) -> dict:
        return {"stream_bytes": None}

    def hop_of(self, batch: int) -> Hop:
        talker = self.torch.nn.Module()
        talker.encoder, talker.denoiser = copy.deepcopy(self.student)  # a hop casts its own
        talker.personaliser = None
        profile, device = self.row["live_profile"], self.row["device"]
        return Hop(talker, self.folder, self.description, profile, batch, device, self.dtype)

    def hop(self, _audio: np.ndarray, batches: list[int], n_calls: int) -> dict:
        """The `hop` object of docs/benchmarks.md."""
        hop_frames = self.description["profiles"][self.row["live_profile"]]["hop_frames"]
        found = {}
        for batch in batches:
            work = self._work(self.hop_of(batch))
            wall, device = self._timed(work, n_calls)
            found[str(batch)] = hop_numbers(wall, device, batch * hop_frames)
        return {"profile": self.row["live_profile"], "calls": n_calls, "batches": found}

    def device_bytes(self) -> int | None:
        """The most that PyTorch's allocator held, or None on a device without one of its own."""
        is_cuda = self.torch.device(self.row["device"]).type == "cuda"
        return self.torch.cuda.max_memory_reserved() if is_cuda else None

    def _work(self, hop: Hop) -> Callable:
        if self.row["backend"] != "torch-graph":
            return hop
        torch, side = self.torch, self.torch.cuda.Stream()
        torch.cuda.synchronize()  # the inputs are there
        with torch.cuda.stream(side):  # a capture wants what runs first to have been run, on a stream of its own
            for _ in range(3):
                hop()
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            hop()

        def replay(_inputs: Hop = hop) -> None:  # kept, or their memory would be given to others
            graph.replay()

        return replay

    def _timed(self, work: Callable, n_calls: int) -> tuple[list[float], list[float] | None]:
        """Milliseconds of each call, waited for: on the host's clock, and between two events of the device."""
        torch, is_cuda = self.torch, self.torch.device(self.row["device"]).type == "cuda"
        marks = [torch.cuda.Event(enable_timing=True) for _ in range(2)] if is_cuda else []
        wall, device = [], []
        n_warm_up = min(N_WARM_UP, n_calls)
        for call in range(n_warm_up + n_calls):
            began = time.perf_counter()
            if is_cuda:
                marks[0].record()
            work()
            if is_cuda:
                marks[1].record()
                marks[1].synchronize()
            took = 1e3 * (time.perf_counter() - began)
            if call >= n_warm_up:
                wall.append(took)
                device += [marks[0].elapsed_time(marks[1])] if is_cuda else []
        return wall, device if is_cuda else None


def hop_numbers(wall_ms: list[float], device_ms: list[float] | None, n_frames: int) -> dict:
    """One batch of a `hop` object. n_frames: that a call makes."""
    wall = percentiles(wall_ms)
    return {
        "ms": wall,
        "device_ms": percentiles(device_ms) if device_ms else None,
        "frames_per_s": 1e3 * n_frames / wall["p50"] if wall else None,
    }
