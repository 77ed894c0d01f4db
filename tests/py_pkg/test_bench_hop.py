"""The benchmark's hop scenario and what it says of a GPU, on the processor and on stand-ins. No time is judged."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import diffusiontalker
from benchmarks.baselines.engine_hop import EngineHopRunner, hops_of
from diffusiontalker.bench import gpu
from diffusiontalker.bench.compare import compare
from diffusiontalker.bench.results import ENGINE_HOPS, by_way
from diffusiontalker.errors import BackendError, InputError

REPOSITORY = Path(__file__).parents[2]
BASE = Path(diffusiontalker.__file__).parent / "bundles" / "base"
HOP = ("--scenario", "hop", "--threads", "1", "--profile", "low-latency", "--seconds", "2")
ON_CPU = (*HOP, "--hop-device", "cpu", "--calls", "1", "--batches", "1")
SMI = """#!/bin/sh
case "$1" in
  *compute-apps*) echo "17, 600"; echo "18, [N/A]" ;;
  *) echo "NVIDIA H200, 580.159.04, 9.0, 143771, 345, 1980, 3201, [N/A]" ;;
esac
"""
TOY = {
    "hops": [
        {"way": "one graph", "profile": "live", "batch": 8, "p50_ms": 1.0, "p95_ms": 2.0, "p99_ms": 3.0, "max_ms": 4.0,
         "device_p50_ms": 0.5, "device_p95_ms": 0.6, "device_p99_ms": 0.7, "device_max_ms": 0.8, "frames_per_s": 96.0},
        {"way": "host loop, a step at a time", "profile": "live", "batch": 8, "p50_ms": 5.0, "frames_per_s": 19.2},
        {"way": "one graph", "profile": "offline", "batch": 1, "p50_ms": 9.0, "frames_per_s": 1.0},
    ]
}  # fmt: skip


def run(*args):
    path = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "benchmarks.baselines", *args, "--quiet"]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, "PYTHONPATH": path})


def script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture(scope="module")
def measured():
    pytest.importorskip("torch")
    result = run(*ON_CPU, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.slow
def test_eager_row_is_measured_and_graphs_say_why_not(measured):
    eager, graph = measured["rows"]
    assert (eager["name"], eager["precision"], eager["error"]) == ("torch-eager", "f32", None)
    (numbers,) = eager["hop"]["batches"].values()
    hop_frames = json.loads((BASE / "bundle.json").read_text())["profiles"]["low-latency"]["hop_frames"]
    assert numbers["frames_per_s"] == pytest.approx(1e3 * hop_frames / numbers["ms"]["p50"])
    assert numbers["device_ms"] is None and eager["memory"]["peak_device_bytes"] is None
    assert graph["hop"] is None and graph["error"].startswith("CUDA graphs are of NVIDIA GPUs")


@pytest.mark.slow
def test_every_key_is_documented(measured):
    words = set(re.findall(r"`([a-z0-9_.]+)`", (REPOSITORY / "docs" / "benchmarks.md").read_text()))
    documented = {part for word in words for part in word.split(".")}
    (numbers,) = measured["rows"][0]["hop"]["batches"].values()
    assert {*measured["rows"][0]["hop"], *numbers, *measured["plan"], *measured["environment"]} <= documented
    assert {key for key, _ in gpu._FIELDS.values()} <= documented


@pytest.mark.slow
def test_a_hop_is_a_window_of_the_reference_loop():
    torch = pytest.importorskip("torch")
    from benchmarks.baselines.torch_eager import TorchRunner
    from benchmarks.baselines.torch_hop import TorchHopRunner
    from diffusiontalker.bench.runners import Timing

    row = {"bundle": str(BASE), "threads": 1, "profile": "low-latency", "live_profile": "low-latency"}
    row |= {"kind": "torch", "backend": "torch-eager", "precision": "f32", "device": "cpu"}
    hop = TorchHopRunner(row).hop_of(2)
    got = hop().numpy()
    judge = TorchRunner(row)
    timing = Timing([], 1, phases_s={"encoder": 0.0, "denoiser": 0.0, "update": 0.0})
    with torch.inference_mode():
        for mel, noise, ours in zip(hop.mel, hop.noise.numpy(), got, strict=True):
            expected = judge._loop._sample(judge, mel[None].numpy(), noise[: hop.past], noise[hop.past :], timing)
            np.testing.assert_allclose(ours[hop.past :], expected, atol=1e-4)
            assert np.abs(expected - noise[hop.past :]).max() > 0.1


def test_engines_are_measured_by_the_program_and_become_a_row_each(tmp_path):
    program = script(tmp_path / "bench", f'#!/bin/sh\necho \'{json.dumps(TOY)}\' > "$1"; echo "$@" > {tmp_path}/args\n')
    row = {"program": str(program), "engines": "", "bundle": str(BASE), "precision": "f16", "live_profile": "live"}
    hop = EngineHopRunner(row).hop(None, [1], 1)
    assert (tmp_path / "args").read_text().split()[1:] == [str(BASE), "f16"]
    result = {"name": ENGINE_HOPS, "precision": "f16", "hop": hop | {"steal_share": 0.1}, "against": {}}
    assert [(one["name"], one["hop"]["steal_share"]) for one in by_way(result)] == [
        ("engine-graph", 0.1), ("engine-host-loop", 0.1),
    ]  # fmt: skip
    hop = hop["ways"]
    assert list(hop["engine-graph"]["batches"]) == ["8"]
    assert hop["engine-graph"]["batches"]["8"]["device_ms"] == {"p50": 0.5, "p95": 0.6, "p99": 0.7, "max": 0.8}
    assert hop["engine-host-loop"]["batches"]["8"]["device_ms"] is None


def test_program_that_fails_or_is_missing_is_one_sentence(tmp_path):
    program = script(tmp_path / "bench", "#!/bin/sh\necho 'dt_gpu_bench: no engines' >&2; exit 1\n")
    row = {"program": str(program), "engines": "", "bundle": str(BASE), "precision": "f16", "live_profile": "live"}
    with pytest.raises(BackendError, match="^dt_gpu_bench: no engines$"):
        EngineHopRunner(row).hop(None, [1], 1)
    with pytest.raises(InputError, match="there is no program"):
        EngineHopRunner({**row, "program": str(tmp_path / "none")})


def test_hops_are_compared_by_batch():
    hop = hops_of(TOY, "live")["engine-graph"]
    row = {"name": "engine-graph", "precision": "f16", "threads": 1, "hop": hop}
    slower = json.loads(json.dumps(row))
    slower["hop"]["batches"]["8"]["device_ms"]["p50"] = 1.0
    ratios = compare({"rows": [slower]}, {"rows": [row]}, "then")["rows"][0]["ratios"]
    assert ratios["hop.batches.8.device_ms.p50"] == 2.0 and ratios["hop.batches.8.ms.p50"] == 1.0


def test_stamp_is_what_the_driver_says(tmp_path, monkeypatch):
    script(tmp_path / "nvidia-smi", SMI)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert gpu.gpu_stamp() == {
        "name": "NVIDIA H200", "driver": "580.159.04", "compute_capability": "9.0", "memory_bytes": 143771 << 20,
        "sm_clock_mhz": 345, "max_sm_clock_mhz": 1980, "memory_clock_mhz": 3201, "temperature_c": None,
    }  # fmt: skip
    assert (gpu.device_bytes(17), gpu.device_bytes(18), gpu.device_bytes(19)) == (600 << 20, None, None)
    script(tmp_path / "nvidia-smi", "#!/bin/sh\necho failed; exit 9\n")
    assert gpu.gpu_stamp() is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (HOP, 5, "is measured on an NVIDIA GPU, and here is none"),
        (("--batches", "1"), 2, "add --scenario hop"),
        ((*ON_CPU, "--engines", "x"), 2, "add --hop-program"),
        ((*HOP, "--batches", "0"), 2, "outside 1..1024"),
    ],
)
def test_wrong_arguments_end_in_one_sentence(args, code, says):
    from diffusiontalker.trt_build.engine.gpu import find_gpu

    if code == 5 and find_gpu()[0] is not None:
        pytest.skip("there is a GPU here")
    result = run(*args)
    assert result.returncode == code and says in result.stderr
    assert result.stdout == "" and "Traceback" not in result.stderr
