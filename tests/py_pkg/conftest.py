"""Fixtures of the package's tests."""

from __future__ import annotations

import pytest
from bundles import write_bundle
from cli_support import Workplace


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory):
    """A bundle with small random networks; tests that damage it make a copy."""
    return write_bundle(tmp_path_factory.mktemp("bundles") / "tiny")


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
