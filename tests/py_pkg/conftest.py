"""Fixtures of the package's tests."""

from __future__ import annotations

import numpy as np
import pytest
from bundles import KINDS, write_bundle
from cli_support import Workplace

import diffusiontalker as dt


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory):
    """A bundle with small random networks; tests that damage it make a copy."""
    return write_bundle(tmp_path_factory.mktemp("bundles") / "tiny")


@pytest.fixture(scope="session")
def pose_bundle(tmp_path_factory):
    """Moves the head; emotions neutral, happy (the default), angry."""
    return write_bundle(tmp_path_factory.mktemp("pose") / "pose", kind=KINDS["pose"])


@pytest.fixture(scope="session")
def model(tiny_bundle):
    """The tiny bundle on the plain backend."""
    return dt.load(tiny_bundle, backend="reference")


@pytest.fixture(scope="session")
def audio():
    """Two seconds of a sweep at 16 kHz that swells and fades."""
    t = np.arange(2 * 16000) / 16000
    return (0.2 * np.sin(900 * t * (1 + t)) * np.sin(9 * t)).astype(np.float32)


@pytest.fixture
def place(tmp_path, tiny_bundle):
    """An empty folder to run the command in, and a temporary folder beside it."""
    workplace = Workplace(tmp_path / "here", tiny_bundle)
    workplace.folder.mkdir()
    workplace.tmp.mkdir()
    return workplace


@pytest.fixture
def identities():
    """Names in the tiny bundle."""
    return ("ada", "ben")
