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


@pytest.mark.skipif(sys.platform != "linux", reason="puts another library in its place by LD_PRELOAD")
@pytest.mark.skipif(not shutil.which("cmake") or not shutil.which("cc"), reason="needs CMake and a C compiler")
def test_example_animate_c_says_that_the_fast_backend_is_missing(tmp_path, folder, tiny_bundle):
    where = Path(run([sys.executable, "-m", "diffusiontalker", "--cmake-dir"], tmp_path).strip())
    run(["cmake", "-S", EXAMPLES, "-B", "build", f"-Ddiffusiontalker_DIR={where}"], tmp_path)
    run(["cmake", "--build", "build"], tmp_path)
    alone = shutil.copy(where.parents[1] / "libdiffusiontalker.so", tmp_path)  # without the module beside it
    command = [tmp_path / "build" / "animate", tiny_bundle, folder / "examples" / "speech.wav"]
    done = subprocess.run(command, env=os.environ | {"LD_PRELOAD": str(alone)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "warning: using" in done.stderr and "slow" in done.stderr and "openvino" in done.stderr
    assert len(done.stdout.splitlines()) == 30
