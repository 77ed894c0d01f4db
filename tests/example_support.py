"""Helpers of tests/examples: where things are, running programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from diffusiontalker import _native

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
PACKAGE = Path(_native.__file__).parent
OPENVINO = Path(find_spec("openvino").submodule_search_locations[0]) / "libs"


def output_of(*command, cwd=None, **environment) -> str:
    """Standard output of a command that must succeed. Keywords are set in its environment."""
    # C: messages of tools in English, and no locale that this machine may lack.
    full = {**os.environ, "LC_ALL": "C", **{k: str(v) for k, v in environment.items()}}
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=full, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needs(*programs):
    missing = [p for p in programs if shutil.which(p) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not here: {', '.join(missing)}")


def read_weights(path) -> np.ndarray:
    return np.fromfile(path, "<f4").reshape(-1, 52)
