"""Installations without OpenVINO: what is built in runs, and who asks for OpenVINO gets a sentence; never a crash."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from diffusiontalker import _native

PACKAGE = Path(_native.__file__).parent

SCRIPT = """
import sys
from diffusiontalker import _native, errors
lines = []
model = _native.Model(sys.argv[1], log=lambda level, text: lines.append((level, text)))
assert model.backend_name == "cpu", model.backend_name
assert [level for level, _ in lines] == [_native.LOG_INFO], lines
try:
    _native.Model(sys.argv[1], backend="openvino")
except errors.BackendError as e:
    print(e)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="knows the library names of Linux")
@pytest.mark.parametrize(
    ("module_there", "reason", "remedy"),
    [
        (False, "is not part of this installation", 'DT_WITH_OPENVINO=ON pip install ".[openvino]"'),
        (True, "cannot be loaded (libopenvino", 'pip install "openvino=='),
    ],
)
def test_without_openvino_the_built_in_backend_runs(tmp_path, tiny_bundle, module_there, reason, remedy):
    """A copy of the package lies where no openvino wheel is beside it; its module may be missing too."""
    copy = tmp_path / "diffusiontalker"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("bundles", "assets", "__pycache__"))
    if not module_there:
        (copy / "lib" / "libdiffusiontalker_openvino.so").unlink()
    command = [sys.executable, "-c", SCRIPT, str(tiny_bundle)]
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert reason in done.stdout and remedy in done.stdout and done.stdout.count("\n") == 1
