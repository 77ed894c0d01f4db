"""Fixtures of the tests of engine building. What needs TensorRT-RTX is skipped, with the reason, where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundles import write_bundle

import diffusiontalker
from diffusiontalker.errors import EngineError
from diffusiontalker.trt_build.engine.build_set import Wanted, ensure_engines
from diffusiontalker.trt_build.engine.library import load_library

BASE = Path(diffusiontalker.__file__).parent / "bundles" / "base"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Whatever builds engines is slow."""
    for item in items:
        if "rtx" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def rtx():
    """The library whose builder needs no GPU."""
    try:
        return load_library("tensorrt-rtx")
    except EngineError as e:
        pytest.skip(f"engines cannot be built here: {e}")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A bundle with small random networks; tests that damage it make a copy."""
    return write_bundle(tmp_path_factory.mktemp("bundles") / "tiny")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of the user, where the engine sets go."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.setenv("LOCALAPPDATA", str(folder))
    return folder / "diffusiontalker" / "engines"


def tiny_wanted(bundle: Path, **other) -> Wanted:
    """A set that is built in about a second."""
    return Wanted(bundle, "tensorrt-rtx", **{"profiles": ("low",), "batches": (1, 2), **other})


@pytest.fixture(scope="session")
def tiny_set(rtx, tiny, tmp_path_factory):
    """The engine set of the tiny bundle, whole; tests that damage it make a copy."""
    return ensure_engines(tiny_wanted(tiny), tmp_path_factory.mktemp("engines") / "set").engines


@pytest.fixture(scope="session")
def base_set(rtx, tmp_path_factory):
    """FP16 engines of the shipped bundle, as `engine build base --profile live` makes them."""
    wanted = Wanted(BASE, "tensorrt-rtx", profiles=("live",), batches=(1, 8, 64))
    return ensure_engines(wanted, tmp_path_factory.mktemp("engines") / "base").engines
