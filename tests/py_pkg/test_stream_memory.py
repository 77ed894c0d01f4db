"""Memory of a stream: small, and it does not depend on the length of the audio."""

from __future__ import annotations

import subprocess
import sys

import pytest

from diffusiontalker import _native
from diffusiontalker.spec.bundles import resolve

LIMIT = 256 * 1024  # bytes of one stream beyond the model, docs/embedding.md

# Peak of resident memory while so many seconds of noise stream through, in kB.
SCRIPT = """
import sys, resource
import numpy as np
from diffusiontalker import _native
stream = _native.Stream(_native.Model(sys.argv[1], backend="reference"), profile="offline")
block = (np.random.default_rng(0).standard_normal(44100) * 0.1).astype(np.float32)
frames = 0
for second in range(int(sys.argv[2])):
    stream.push(block, 44100)
    frames += len(stream.pull()[1])
stream.flush()
frames += len(stream.pull()[1])
assert frames == 30 * int(sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kB on Linux only")
@pytest.mark.slow
def test_ten_minutes_need_no_more_than_one(tiny_bundle):
    def peak(seconds):
        command = [sys.executable, "-c", SCRIPT, str(tiny_bundle), str(seconds)]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert not peak(600) > 1.05 * peak(60)


@pytest.fixture(scope="module")
def base():
    return _native.Model(str(resolve("base")), backend="reference")


@pytest.mark.parametrize("profile", ["offline", "live", "low-latency"])
def test_a_stream_of_the_shipped_model_is_small(base, profile):
    """With the options of dt_stream_options_default(), and with the condition of a style that no other stream has."""
    assert profile in base.profiles
    assert base.profile(profile)["stream_bytes"] < LIMIT
    for rate in (8000, 16000, 44100, 48000, 192000):
        stream = _native.Stream(base, profile=profile, sample_rate_hz=rate, max_buffered_ms=1000)
        alone = stream.info()["memory_bytes"]
        assert alone < LIMIT, rate
        twin = _native.Stream(base, profile=profile, sample_rate_hz=rate, max_buffered_ms=1000)
        assert twin.info()["memory_bytes"] == stream.info()["memory_bytes"] < alone  # the condition is shared now
        del stream, twin
