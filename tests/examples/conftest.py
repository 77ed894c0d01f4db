"""Fixtures of the examples' tests: where the library is, a short clip, what Python makes of it, an unpacked SDK."""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from bundles import write_bundle
from example_support import EXAMPLES, ROOT, output_of

import diffusiontalker as dt


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Examples are compiled and run: all of it is slow."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory):
    return write_bundle(tmp_path_factory.mktemp("bundles") / "tiny")


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """The first second of the recording."""
    path = tmp_path_factory.mktemp("clip") / "speech.wav"
    samples, rate = soundfile.read(EXAMPLES / "speech.wav", dtype="int16")
    soundfile.write(path, samples[:rate], rate)
    return path


@pytest.fixture(scope="session")
def python_weights(tiny_bundle, clip) -> np.ndarray:
    """What every example has to give, bit for bit: the same library, fed by Python."""
    return np.asarray(dt.load(tiny_bundle).animate(clip, seed=0).weights)


@pytest.fixture(scope="session")
def build_folder() -> Path:
    """Where tests/run.sh has built the C++ library just before."""
    folder = Path(os.environ.get("DT_TEST_BUILD") or ROOT / "build" / "tests")
    if not (folder / "CPackConfig.cmake").is_file():
        pytest.skip(f"no CMake build in {folder}: tests/run.sh makes one, or set DT_TEST_BUILD")
    return folder


@pytest.fixture(scope="session")
def sdk(build_folder, tmp_path_factory) -> Path:
    """The SDK archive as a user has it: packed, moved to another folder, unpacked."""
    if shutil.which("cpack") is None:
        pytest.skip("not here: cpack")
    if sys.platform == "win32":
        pytest.skip("the archive is a ZIP on Windows, which has not been tried")
    packed = tmp_path_factory.mktemp("packed")
    output_of("cpack", "--config", build_folder / "CPackConfig.cmake", "-B", packed)
    (archive,) = packed.glob("*.tar.gz")
    elsewhere = tmp_path_factory.mktemp("else where")  # with a blank, as on many machines
    with tarfile.open(archive) as tar:
        # Debian 12's Python 3.11.2 has no filters yet; the archive is our own.
        tar.extractall(elsewhere, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    (folder,) = elsewhere.iterdir()
    assert folder.name == archive.name.removesuffix(".tar.gz")
    return folder
