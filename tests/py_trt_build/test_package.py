"""The build code as an installed package: there without the repository, and free of what only the repository has."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
import diffusiontalker.trt_build.engine.build_set, diffusiontalker.trt_build.sets.cache
from diffusiontalker.cli import engine, engine_build, engine_checks, engine_sets
wrong = {"torch", "training", "tensorrt", "tensorrt_rtx", "pycuda"} & set(sys.modules)
sys.exit(f"imported too early: {wrong}" if wrong else 0)
"""


@pytest.mark.slow
def test_build_code_is_installed_and_imports_only_what_users_have(tmp_path):
    result = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_files_of_sets_need_neither_onnx_nor_tensorrt(tmp_path):
    program = "import sys\nsys.modules['onnx'] = None\nfrom diffusiontalker.cli.main import main\n"
    program += "sys.exit(main(['engine', 'list', '--json']) or main(['engine', 'verify']))"
    environment = {"XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert result.returncode == 0, result.stderr
    assert '"sets": []' in result.stdout
