"""The committed inputs of the Python fuzz targets (tests/fuzz); those of C++ are tests of ctest, fuzz_replay.*."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[1] / "fuzz"
sys.path.insert(0, str(FUZZ))

import py_targets  # noqa: E402


@pytest.mark.parametrize("name", py_targets.TARGETS)
def test_no_input_of_the_corpus_is_a_fault(name):
    inputs = sorted((FUZZ / "corpus" / name).iterdir())
    assert len(inputs) > 5
    for path in inputs:
        try:
            py_targets.TARGETS[name](path.read_bytes())
        except Exception as e:
            pytest.fail(f"{path.name}: {type(e).__name__}: {e}")
