"""The programs in examples/ build and run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import diffusiontalker as dt
from benchmarks.inputs.header_kinds import patched
from benchmarks.inputs.kinds import Clip, wav

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(command, folder) -> str:
    result = subprocess.run([str(c) for c in command], cwd=folder, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture
def folder(tmp_path):
    """A folder where the Python examples find their recording, cut to one second."""
    (tmp_path / "examples").mkdir()
    samples, rate = soundfile.read(EXAMPLES / "speech.wav", dtype="int16")
    soundfile.write(tmp_path / "examples" / "speech.wav", samples[:rate], rate)
    return tmp_path


@pytest.mark.slow
def test_example_animate_py_saves_its_files(folder):
    assert "(30, 52) jawOpen" in run([sys.executable, EXAMPLES / "animate.py"], folder)
    assert (folder / "speech.glb").stat().st_size > 100_000
    assert (folder / "speech.csv").is_file()


@pytest.mark.slow
def test_example_stream_py_prints_every_frame(folder):
    lines = run([sys.executable, EXAMPLES / "stream.py"], folder).splitlines()
    n_early = sum("jawOpen" in line for line in lines)
    assert n_early + int(lines[-1].split()[0]) == 30


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("cmake") or not shutil.which("cc"), reason="needs CMake and a C compiler")
def test_example_animate_c_equals_python(tmp_path, folder, tiny_bundle):
    where = run([sys.executable, "-m", "diffusiontalker", "--cmake-dir"], tmp_path).strip()
    run(["cmake", "-S", EXAMPLES, "-B", "build", f"-Ddiffusiontalker_DIR={where}"], tmp_path)
    run(["cmake", "--build", "build"], tmp_path)
    wav = folder / "examples" / "speech.wav"
    printed = run([tmp_path / "build" / "animate", tiny_bundle, wav], tmp_path)
    times, jaw = np.array([line.split() for line in printed.splitlines()], float).T
    anim = dt.load(tiny_bundle).animate(wav, seed=0)
    # Four decimals are printed.
    assert np.abs(times - anim.times).max() <= 0.5e-4 + 1e-9
    assert np.abs(jaw - anim.channel("jawOpen")).max() <= 0.5e-4 + 1e-6


def hostile_wavs() -> dict[str, tuple[bytes, int]]:
    """Name -> a WAV whose header lies, and the samples in it that can be used; -1: it is none."""
    plain = wav(Clip(np.sin(np.arange(1600) / 5).astype(np.float32) * 0.3, 16000))
    data = plain.index(b"data") + 4
    return {
        "declares 2^32 - 1 bytes": (patched(plain, data, "<I", 0xFFFFFFFF), 1600),
        "declares 2^31 - 1 bytes": (patched(plain, data, "<I", 0x7FFFFFFF), 1600),
        "declares 0 bytes": (patched(plain, data, "<I", 0), 1600),
        "declares 16 bytes too many": (patched(plain, data, "<I", 3216), 1600),
        "declares 1 GB": (patched(plain, data, "<I", 1 << 30), 1600),
        "declares 3 bytes": (patched(plain, data, "<I", 3), 1),
        "is cut in its samples": (plain[:-1001], 1099),
        "has no samples": (plain[:44], 0),
        "is cut in its header": (plain[:30], -1),
        "has 0 channels": (patched(plain, 22, "<H", 0), -1),
        "has 255 channels": (patched(plain, 22, "<H", 255), -1),
        "has 65535 channels": (patched(plain, 22, "<H", 65535), -1),
        "has 0 Hz": (patched(plain, 24, "<I", 0), -1),
        "has 2^32 - 1 Hz": (patched(plain, 24, "<I", 0xFFFFFFFF), -1),
        "has a format chunk of 2^32 - 1 bytes": (patched(plain, 16, "<I", 0xFFFFFFFF), -1),
        "has an odd chunk of 2^32 - 1 bytes": (plain[:12] + b"LIST\xff\xff\xff\xff" + plain[12:], -1),
        "has its samples first": (plain[:12] + plain[36:] + plain[12:36], -1),
        "is empty": (b"", -1),
    }


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="puts another library in its place by LD_PRELOAD")
@pytest.mark.skipif(not shutil.which("cmake") or not shutil.which("cc"), reason="needs CMake and a C compiler")
def test_example_animate_c_survives_hostile_wavs(tmp_path, tiny_bundle):
    """The example is what people copy: a size in a header is bounded by the file before it is used."""
    where = Path(run([sys.executable, "-m", "diffusiontalker", "--cmake-dir"], tmp_path).strip())
    sanitized = "-fsanitize=address,undefined -fno-sanitize-recover=all -g"
    flags = [f"-DCMAKE_C_FLAGS={sanitized}", "-DCMAKE_BUILD_TYPE=Debug"]
    run(["cmake", "-S", EXAMPLES, "-B", "build", f"-Ddiffusiontalker_DIR={where}", *flags], tmp_path)
    run(["cmake", "--build", "build"], tmp_path)
    # Without the module of OpenVINO beside it, which cannot be loaded under ASan. Leaks are not looked for in the
    # library, which is not built for it.
    alone = shutil.copy(where.parents[1] / "libdiffusiontalker.so", tmp_path)
    options = {"LD_PRELOAD": str(alone), "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}
    environment = os.environ | options
    for name, (data, n_samples) in hostile_wavs().items():
        (tmp_path / "in.wav").write_bytes(data)
        command = [tmp_path / "build" / "animate", tiny_bundle, tmp_path / "in.wav"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == (3 if n_samples < 0 else 0), (name, done.stderr)
        assert len(done.stdout.splitlines()) == max(0, -(-n_samples * 30 // 16000)), (name, done.stderr)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="puts another library in its place by LD_PRELOAD")
@pytest.mark.skipif(not shutil.which("cmake") or not shutil.which("cc"), reason="needs CMake and a C compiler")
def test_example_animate_c_needs_the_library_alone(tmp_path, folder, tiny_bundle):
    where = Path(run([sys.executable, "-m", "diffusiontalker", "--cmake-dir"], tmp_path).strip())
    run(["cmake", "-S", EXAMPLES, "-B", "build", f"-Ddiffusiontalker_DIR={where}"], tmp_path)
    run(["cmake", "--build", "build"], tmp_path)
    alone = shutil.copy(where.parents[1] / "libdiffusiontalker.so", tmp_path)  # without the module beside it
    command = [tmp_path / "build" / "animate", tiny_bundle, folder / "examples" / "speech.wav"]
    done = subprocess.run(command, env=os.environ | {"LD_PRELOAD": str(alone)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    assert len(done.stdout.splitlines()) == 30


@pytest.mark.slow
def test_example_client_of_the_server_prints_every_frame(folder, model):
    pytest.importorskip("uvicorn")
    from serve_support import TOKEN, Server

    with Server(model) as server:
        address = f"ws://127.0.0.1:{server.port}/v1/stream"
        done = subprocess.run(
            [sys.executable, EXAMPLES / "serve" / "client.py", address], cwd=folder, capture_output=True, text=True,
            env={**os.environ, "DIFFUSIONTALKER_TOKEN": TOKEN}, timeout=60,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines[:-1]] == [f"frame {k}" for k in range(30)] and lines[-1] == "30 frames"


def test_the_image_of_the_server_has_no_rights():
    """Read, not built: no container engine is needed here."""
    steps = (EXAMPLES / "serve" / "Dockerfile").read_text()
    users = [line.split()[1] for line in steps.splitlines() if line.startswith("USER ")]
    assert users == ["10001:10001"] and steps.rindex("USER ") < steps.rindex("ENTRYPOINT")
    assert "HEALTHCHECK" in steps and '"diffusiontalker", "serve", "--host", "0.0.0.0"' in steps
    compose = (EXAMPLES / "serve" / "compose.yaml").read_text()
    for line in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", '"127.0.0.1:8765:8765"', "mem_limit:"):
        assert line in compose
    assert "DIFFUSIONTALKER_TOKEN" not in compose  # no secret in the environment of the container
