"""The question to the driver, answered by a library that we compile in its place."""

import shutil
import subprocess

import pytest

from diffusiontalker.trt_build.engine.gpu import find_gpu
from diffusiontalker.trt_build.sets.identity import Gpu

DRIVER = """
#include <string.h>
int cuInit(unsigned f) { return INIT; }
int cuDeviceGetCount(int* n) { *n = COUNT; return 0; }
int cuDeviceGet(int* d, int i) { *d = 40 + i; return 0; }
int cuDeviceGetName(char* s, int n, int d) { strncpy(s, d == 40 ? "NVIDIA H200" : "other", n); return 0; }
int cuDeviceGetAttribute(int* v, int a, int d) { *v = a == 75 ? 9 : a == 76 ? 0 : -1; return ATTRIBUTE; }
"""


@pytest.fixture
def driver(tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler for the stand-in driver")

    def make(init=0, count=1, attribute=0):
        path = tmp_path / f"cuda{init}{count}{attribute}.so"
        values = (f"-DINIT={init}", f"-DCOUNT={count}", f"-DATTRIBUTE={attribute}")
        command = [compiler, "-shared", "-fPIC", *values, "-x", "c", "-", "-o", path]
        subprocess.run(command, input=DRIVER.encode(), check=True)
        return str(path)

    return make


def test_gpu_is_named_with_its_compute_capability(driver):
    assert find_gpu(driver()) == (Gpu("NVIDIA H200", "9.0"), "")


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"init": 100}, "the NVIDIA driver does not start (cuInit gives 100)"),
        ({"count": 0}, "the NVIDIA driver shows 0 GPUs"),
        ({"attribute": 3}, "the NVIDIA driver does not describe GPU 0 (error 3)"),
    ],
)
def test_driver_that_has_no_gpu_gives_the_reason(driver, answers, reason):
    assert find_gpu(driver(**answers)) == (None, reason)


def test_no_driver_and_no_driver_library_are_no_gpu(tmp_path):
    assert find_gpu(str(tmp_path / "libcuda.so.1")) == (None, f"no NVIDIA driver ({tmp_path}/libcuda.so.1 is not here)")
    (tmp_path / "text").write_text("no library")
    assert find_gpu(str(tmp_path / "text"))[0] is None
