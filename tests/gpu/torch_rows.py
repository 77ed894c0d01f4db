"""PyTorch rows of the GPU benchmark: the bundle's student in FP16, eager and as one CUDA graph per hop.

    python tests/gpu/torch_rows.py BUNDLE OUT.json

Ends with status 77 where torch or a CUDA device is missing.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
SKIPPED = 77


def coefficients(steps: list[dict]) -> list[tuple[float, float, float]]:
    """(t, c_x, c_x0) of every step of the sampler's table; docs/bundle-format.md, "Window k of a stream"."""
    found = []
    for step in steps:
        c_x = ((1 - step["alpha_bar_prev"]) / (1 - step["alpha_bar"])) ** 0.5
        found.append((float(step["t"]), c_x, step["alpha_bar_prev"] ** 0.5 - step["alpha_bar"] ** 0.5 * c_x))
    return found


def hop_of(bundle: Path, profile: str, batch: int, device: str, dtype) -> Callable:
    """A function that computes one hop of `batch` streams: encoder once, then every step; inputs stay in place."""
    import torch

    from trt_build.export.parts import AudioPart, ConditionPart, DenoisePart
    from trt_build.export.torch_student import load_student, load_styles

    talker, description = load_student(bundle)
    table = coefficients(description["sampler"]["steps"])
    style, conditioner = load_styles(bundle)[0, :1], ConditionPart(talker)
    with torch.no_grad():  # in float32: once per style, and its timesteps are large numbers
        rows = [conditioner(style, torch.tensor([t])).to(device, dtype).expand(batch, -1) for t, _, _ in table]
    talker = talker.to(device, dtype)
    encoder, denoiser = AudioPart(talker), DenoisePart(talker)
    audio, sizes = description["audio"], description["profiles"][profile]
    past = sizes["past_frames"]
    window = past + sizes["hop_frames"] + sizes["lookahead_frames"]
    mel_frames = window // audio["anim_frames_per_group"] * audio["mel_frames_per_group"]
    n_channels = len(description["motion"]["channels"])
    generator = torch.Generator().manual_seed(1)
    mel = torch.randn(batch, mel_frames, audio["n_mels"], generator=generator).to(device, dtype)
    noise = torch.randn(batch, window, n_channels, generator=generator).to(device, dtype)
    known = torch.zeros(batch, window, 1, device=device, dtype=dtype)
    known[:, :past] = 1

    def hop():
        with torch.no_grad():
            features, x_t = encoder(mel), noise.clone()
            for (_, c_x, c_x0), condition in zip(table, rows, strict=True):
                x0 = denoiser(x_t, known, features, condition).clamp(-10, 10)
                x_t[:, past:] = c_x * x_t[:, past:] + c_x0 * x0[:, past:]
            return x_t

    return hop


def median_ms(work: Callable) -> float:
    """Median wall time of 100 calls, each waited for, after 10 that are not counted."""
    import torch

    samples = []
    for i in range(110):
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        if i >= 10:
            samples.append(1e3 * (time.perf_counter() - start))
    return statistics.median(samples)


def rows(bundle: Path) -> list[dict]:
    import torch

    description = json.loads((bundle / "bundle.json").read_text())
    found = []
    for profile in description["profiles"]:
        for batch in (1, 8, 64):
            hop = hop_of(bundle, profile, batch, "cuda", torch.float16)
            eager = median_ms(hop)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                hop()
            for way, ms in (("PyTorch eager FP16", eager), ("PyTorch CUDA graph FP16", median_ms(graph.replay))):
                frames = batch * description["profiles"][profile]["hop_frames"]
                row = {"way": way, "profile": profile, "batch": batch, "p50_ms": ms, "frames_per_s": frames / ms * 1e3}
                found.append(row)
    return found


def main(bundle: Path, out: Path) -> int:
    if importlib.util.find_spec("torch") is None:
        print("skipped: no torch")
        return SKIPPED
    import torch

    if not torch.cuda.is_available():
        print("skipped: torch sees no CUDA device")
        return SKIPPED
    result = {"torch": torch.__version__, "gpu": torch.cuda.get_device_name(0), "hops": rows(bundle)}
    out.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
