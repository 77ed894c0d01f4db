"""The TensorRT module as an installed package has it, and the library that the registry's wheel carries: found, opened
and asked for its version, without a driver too. Only where the package was built with TensorRT's headers."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from diffusiontalker.native import native
from diffusiontalker.trt_build.engine.gpu import find_gpu
from diffusiontalker.trt_build.engine.installed import installed_version

LIBRARY_FOLDERS = {"tensorrt": "tensorrt_libs", "tensorrt-rtx": "tensorrt_rtx_libs"}


@pytest.fixture
def module(tmp_path):
    """(name of its library, a copy of the module in a site-packages of its own)."""
    name = getattr(native(), "tensorrt_library", "")
    if not name:
        pytest.skip("this package was built without TensorRT's headers")
    lib = tmp_path / "site-packages" / "diffusiontalker" / "lib"
    lib.mkdir(parents=True)
    return name, shutil.copy(Path(native().__file__).parent / "lib" / "libdiffusiontalker_tensorrt.so", lib)


ASK = """
import ctypes, json, sys
text = ctypes.create_string_buffer(1000)
status = ctypes.CDLL(sys.argv[1]).dt_backend_module_library(text, ctypes.c_size_t(len(text)))
print(json.dumps([status, text.value.decode()]))
"""


def ask(path):
    """(status, text) of the module's question, in a process that has not loaded the library before."""
    result = subprocess.run([sys.executable, "-c", ASK, str(path)], capture_output=True, text=True, check=True)
    return json.loads(result.stdout)


def test_library_of_the_wheel_is_found_beside_the_package(module, tmp_path):
    name, path = module
    spec = importlib.util.find_spec(LIBRARY_FOLDERS[name])
    if spec is None:
        pytest.skip(f"{name} is not installed")
    (tmp_path / "site-packages" / LIBRARY_FOLDERS[name]).symlink_to(spec.submodule_search_locations[0])
    status, text = ask(path)
    assert status == 0 and text.startswith(f"{name} "), text
    version = text.split()[1]
    assert version == ".".join(installed_version(name).split(".")[: len(version.split("."))])


def test_missing_library_is_one_sentence_with_the_remedy(module):
    name, path = module
    status, text = ask(path)
    if status == 0:
        pytest.skip("the system's loader finds one elsewhere")
    assert (
        text.startswith(f"{name} ") and "is not installed (" in text and "; pip install " in text and "\n" not in text
    )


def test_without_a_driver_the_backend_says_so():
    if find_gpu()[0] is not None:
        pytest.skip("there is a GPU here")
    usable, reason = native().probe_backend("tensorrt")
    assert not usable and "\n" not in reason
    expected = "no NVIDIA GPU" if getattr(native(), "tensorrt_library", "") else "is not part of this installation"
    assert expected in reason
