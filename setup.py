"""Drives CMake; everything else about the package is in pyproject.toml."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext
from setuptools.dist import Distribution

ROOT = Path(__file__).resolve().parent

# Outside of the source tree: setuptools would pack what an older version left in build/lib into the next wheel, and
# CMake's cache would point into pip's deleted build environment.
SCRATCH = tempfile.mkdtemp(prefix="diffusiontalker-build-")
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)


# ON: the module of the backend "openvino" is built, OFF: it is not, AUTO: where OpenVINO is here. As CMake's option.
WITH_OPENVINO = os.environ.get("DT_WITH_OPENVINO", "AUTO").upper()


def openvino_pin() -> str:
    """The requirement of the extra "openvino", in pyproject.toml."""
    pins = re.findall(r'^openvino = \["(openvino==[0-9.]+)"\]$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    if len(pins) != 1:
        raise SystemExit("pyproject.toml pins no version of openvino")
    return pins[0]


def openvino_options() -> list[str]:
    """For CMake. pip's isolated build does not see the packages of the environment that it installs into."""
    here = Path(sysconfig.get_path("purelib")) / "openvino" / "cmake"
    beside = [f"-DOpenVINO_DIR={here.as_posix()}"] if WITH_OPENVINO == "AUTO" and here.is_dir() else []
    return [f"-DDT_WITH_OPENVINO={WITH_OPENVINO}", *beside]


def tool(name: str) -> str | None:
    """Path of a program: beside this Python (a wheel's) first, then the system's."""
    beside = shutil.which(name, path=str(Path(sys.executable).parent))
    return beside or shutil.which(name)


class CMakeBuild(build_ext):
    """Builds csrc/ and installs libraries, headers and the CMake package into the package folder."""

    def run(self) -> None:
        package = ROOT / "python" / "diffusiontalker" if self.inplace else Path(self.build_lib) / "diffusiontalker"
        # DT_BUILD_DIR names a folder to keep, for fast rebuilds.
        folder = os.environ.get("DT_BUILD_DIR") or os.path.join(SCRATCH, "cmake")
        self.build_in(Path(folder), package.resolve())

    def build_in(self, folder: Path, package: Path) -> None:
        cmake = tool("cmake")
        if cmake is None:
            raise SystemExit("cmake was not found: pip install cmake")
        configure = [
            cmake, "-S", str(ROOT), "-B", str(folder),
            "-DCMAKE_BUILD_TYPE=Release",
            "-DDT_BUILD_PYTHON=ON",
            f"-DPython_EXECUTABLE={sys.executable}",
            f"-DCMAKE_INSTALL_PREFIX={package}",
            # An editable install lies in the source tree, where OpenVINO is not beside it.
            f"-DDT_KEEP_LINK_PATH={'ON' if self.inplace else 'OFF'}",
            *openvino_options(),
        ]  # fmt: skip
        ninja = tool("ninja")
        if ninja:
            configure += ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}"]
        configure += os.environ.get("CMAKE_ARGS", "").split()
        jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL") or str(min(os.cpu_count() or 1, 8))
        subprocess.run(configure, check=True)
        subprocess.run([cmake, "--build", str(folder), "--parallel", jobs], check=True)
        subprocess.run([cmake, "--install", str(folder), "--strip"], check=True)

    def get_outputs(self) -> list[str]:
        package = Path(self.build_lib) / "diffusiontalker"
        return [str(p) for p in package.rglob("*") if p.is_file()] if package.is_dir() else []


class BinaryDistribution(Distribution):
    """Marks the wheel as one for this platform."""

    def has_ext_modules(self) -> bool:
        return True


def packages() -> list[str]:
    """Of python/, and the root folder trt_build as a part of the package."""
    trt_build = "diffusiontalker.trt_build"
    return [*find_packages("python"), trt_build, *(f"{trt_build}.{name}" for name in find_packages("trt_build"))]


setup(
    packages=packages(),
    # A name only: CMakeBuild knows the sources.
    ext_modules=[Extension("diffusiontalker._native", sources=[])],
    # pip brings these into its isolated build, beside [build-system] of pyproject.toml.
    setup_requires=[openvino_pin()] if WITH_OPENVINO == "ON" else [],
    cmdclass={"build_ext": CMakeBuild},
    distclass=BinaryDistribution,
    options={"build": {"build_base": SCRATCH}},
)
