"""What is installed beside the Python files: exported symbols, headers for C and C++, the CMake package, RUNPATH."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bundles import KINDS, write_bundle

import diffusiontalker
from diffusiontalker import _native

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(_native.__file__).parent
HEADERS = sorted((PACKAGE / "include" / "dt").glob("*.h"))

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files")


def output_of(*command) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needs(*programs):
    missing = [p for p in programs if shutil.which(p) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not here: {', '.join(missing)}")


def test_versions_agree():
    assert _native.version() == diffusiontalker.__version__
    text = (PACKAGE / "include" / "dt" / "dt.h").read_text()
    numbers = [re.search(rf"#define DT_VERSION_{part} (\d+)", text)[1] for part in ("MAJOR", "MINOR", "PATCH")]
    assert ".".join(numbers) == _native.version()


@linux
@needs("nm")
@pytest.mark.parametrize(
    ("library", "pattern"),
    [("libdiffusiontalker.so", r"dt_\w+"), ("libdiffusiontalker_openvino.so", r"dt_backend_module_v\d+")],
)
def test_only_the_abi_is_exported(library, pattern):
    lines = output_of("nm", "-D", "--defined-only", PACKAGE / "lib" / library).splitlines()
    names = [line.split()[-1] for line in lines]
    assert names and all(re.fullmatch(pattern, name) for name in names), names


@linux
@needs("nm")
def test_every_declared_function_is_exported():
    declared = set()
    for header in HEADERS:
        declared |= set(re.findall(r"DT_API [\w ]+?\*? ?(dt_\w+)\(", header.read_text()))
    lines = output_of("nm", "-D", "--defined-only", PACKAGE / "lib" / "libdiffusiontalker.so").splitlines()
    assert declared == {line.split()[-1] for line in lines}


@linux
@needs("readelf")
def test_openvino_is_found_beside_the_package():
    dynamic = output_of("readelf", "-d", PACKAGE / "lib" / "libdiffusiontalker_openvino.so")
    assert "RUNPATH" in dynamic and "[$ORIGIN/../../openvino/libs]" in dynamic
    core = output_of("readelf", "-d", PACKAGE / "lib" / "libdiffusiontalker.so")
    assert "openvino" not in core and "python" not in core


@needs("cc", "c++")
@pytest.mark.parametrize("header", HEADERS, ids=lambda p: p.name)
@pytest.mark.parametrize("language", [("cc", "c", "c99"), ("c++", "c++", "c++17")], ids=lambda x: x[2])
def test_header_compiles_alone(tmp_path, header, language):
    compiler, extension, standard = language
    source = tmp_path / f"one.{extension}"
    source.write_text(f'#include "dt/{header.name}"\nint unused;\n')
    flags = f"-std={standard} -pedantic-errors -Wall -Wextra -Werror -c -o".split()
    output_of(compiler, *flags, tmp_path / "one.o", "-I", PACKAGE / "include", source)


@needs("cc", "cmake")
@pytest.mark.slow
def test_c_program_animates_through_the_cmake_package(tmp_path, tiny_bundle):
    """tests/capi/animate.c built by a consumer that knows nothing but find_package(diffusiontalker)."""
    version = ".".join(diffusiontalker.__version__.split(".")[:2])
    (tmp_path / "CMakeLists.txt").write_text(f"""cmake_minimum_required(VERSION 3.20)
project(consumer C)
find_package(diffusiontalker {version} REQUIRED)
add_executable(animate "{ROOT}/tests/capi/animate.c")
set_target_properties(animate PROPERTIES C_STANDARD 99 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
target_compile_options(animate PRIVATE -pedantic -Wall -Wextra -Werror)
target_link_libraries(animate PRIVATE diffusiontalker::diffusiontalker m)
""")
    output_of("cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={PACKAGE}")
    output_of("cmake", "--build", tmp_path / "build")
    text = output_of(tmp_path / "build" / "animate", tiny_bundle)
    assert " 0 failures" in text and "61 frames" in text
    for name in ("emotions", "vertices", "coefficients25"):
        text = output_of(tmp_path / "build" / "animate", write_bundle(tmp_path / name, kind=KINDS[name]))
        assert " 0 failures" in text and f"{2 * KINDS[name].fps + 1} frames" in text


def test_import_loads_no_openvino_and_no_torch():
    """The package starts fast and light: OpenVINO's libraries come with the first model."""
    code = (
        "import sys, diffusiontalker._native\n"
        "assert not {'openvino', 'torch'} & set(sys.modules)\n"
        "assert 'libopenvino' not in open('/proc/self/maps').read() if sys.platform == 'linux' else True"
    )
    output_of(sys.executable, "-c", code)
