"""Memory does not grow with the length of the recording."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import soundfile

PROGRAM = """
import sys
from diffusiontalker.bench.environment import peak_rss_bytes
from diffusiontalker.cli.main import main
code = main(sys.argv[1:])
print(peak_rss_bytes() or 0)
sys.exit(code)
"""


def write_recording(path, minutes: int) -> None:
    block = (np.random.default_rng(0).standard_normal(16000 * 60) * 3000).astype(np.int16)
    with soundfile.SoundFile(path, "w", 16000, 1, "PCM_16") as f:
        for _ in range(minutes):
            f.write(block)


def peak_rss(place, name: str, outputs: list[str]) -> int:
    args = ["animate", name, "--force", "--quiet", "--bundle", str(place.bundle), "--backend", "reference"]
    for output in outputs:
        args += ["-o", output]
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, *args], cwd=place.folder, env=place.environment(), capture_output=True
    )
    assert result.returncode == 0, result.stderr.decode()
    return int(result.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads VmHWM")
@pytest.mark.slow
def test_memory_of_ten_minutes_is_that_of_one(place):
    outputs = ["out.npz", "out.csv", "out.json"]
    write_recording(place.folder / "short.wav", 1)
    write_recording(place.folder / "long.wav", 10)
    short = peak_rss(place, "short.wav", outputs)
    long = peak_rss(place, "long.wav", outputs)
    # The acceptance is 5 % for 60 minutes; measured by hand with 60, this one is quick enough for every run.
    assert long <= 1.05 * short, f"{short / 1e6:.1f} MB for one minute, {long / 1e6:.1f} MB for ten"
