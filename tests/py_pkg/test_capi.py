"""The programs of tests/capi, built against the installed package as a user builds his own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from bundles import KINDS, write_bundle

from diffusiontalker import _native
from diffusiontalker.spec import bundles

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(_native.__file__).parent

pytestmark = pytest.mark.skipif(
    shutil.which("c++") is None or sys.platform == "win32", reason="needs a C++ compiler like gcc"
)


def output_of(*command, timeout=300) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """build(source) -> program, compiled without a warning."""
    folder = tmp_path_factory.mktemp("capi")

    def program(source: str) -> Path:
        target = folder / Path(source).stem
        if not target.exists():
            is_c = source.endswith(".c")
            command = ["cc", "-std=c99"] if is_c else ["c++", "-std=c++17", "-pthread"]
            flags = ["-O1", "-pedantic", "-Wall", "-Wextra", "-Werror"]
            library = PACKAGE / "lib"
            output_of(
                *command, *flags, "-I", PACKAGE / "include", ROOT / "tests" / "capi" / source, "-o", target,
                "-L", library, f"-Wl,-rpath,{library}", "-ldiffusiontalker", "-lm",
            )  # fmt: skip
        return target

    return program


@pytest.mark.slow
@pytest.mark.parametrize("source", ["arguments.c", "arguments_device.c", "arguments_stream.c"])
@pytest.mark.parametrize("kind", ["tiny", "emotions", "pose", "coefficients25"])
def test_every_function_answers_bad_arguments(build, tmp_path, kind, source):
    bundle = write_bundle(tmp_path / kind, kind=KINDS[kind])
    assert output_of(build(source), bundle).strip() == "0 failures"


def test_structs_of_older_and_newer_programs(build, tiny_bundle):
    assert output_of(build("structs.c"), tiny_bundle).strip() == "0 failures"


def test_noise_and_clock_after_a_day(build, tiny_bundle):
    assert output_of(build("clock.c"), tiny_bundle).strip() == "0 failures"


@pytest.mark.parametrize("kind", ["tiny", "pose"])
@pytest.mark.parametrize("source", ["wrapper.cpp", "wrapper_device.cpp"])
@pytest.mark.slow
def test_cpp_wrapper(build, tmp_path, source, kind):
    bundle = write_bundle(tmp_path / kind, kind=KINDS[kind])
    assert output_of(build(source), bundle).strip() == "0 failures"


@pytest.mark.slow
def test_sixteen_threads_at_random(build, tiny_bundle):
    """Two seconds here; tests/sanitize.sh runs a minute under the sanitizers."""
    assert ", 0 failures" in output_of(build("threads.cpp"), tiny_bundle, 2, 16)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_every_allocation_may_fail(build, tiny_bundle, backend):
    """Every 1997th of some 50,000 (reference) and 30,000 (cpu) here; tests/sanitize.sh has more."""
    text = output_of(build("allocation_failures.cpp"), tiny_bundle, 1997, backend)
    print(text)
    assert text.strip().endswith(" lives, 0 failures")
    assert all(int(n) > 0 for n in re.findall(r"(\d+) calls returned DT_OUT_OF_MEMORY", text))


@pytest.mark.slow
def test_opening_and_closing_holds_on_to_nothing(build, tiny_bundle):
    text = output_of(build("cycles.cpp"), tiny_bundle, 60)
    print(text)
    assert text.strip().endswith("0 failures")


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["reference", "cpu", "openvino"])
def test_a_fork_goes_on_with_its_streams(build, tiny_bundle, backend):
    assert output_of(build("fork.cpp"), tiny_bundle, backend).strip() == "0 failures"


@pytest.mark.skipif(sys.platform != "linux", reason="interposes glibc's clock_gettime")
@pytest.mark.slow
def test_clocks_that_jump_change_no_frame(build, tiny_bundle):
    assert output_of(build("clock_jumps.cpp"), tiny_bundle).strip().endswith("0 failures")


@pytest.mark.skipif(sys.platform != "linux", reason="interposes glibc's malloc")
@pytest.mark.parametrize("backend", ["reference", "cpu", "openvino"])
def test_steady_state_allocates_nothing_of_ours(build, tiny_bundle, backend):
    text = output_of(build("allocations.cpp"), tiny_bundle, backend)
    print(text)
    assert text.strip().endswith("0 failures")


def test_packed_bundle_gives_the_same_frames(build, tiny_bundle, tmp_path):
    """A ZIP of Python's zipfile, from the path of the file."""
    packed = tmp_path / "tiny.dtb"
    bundles.pack(tiny_bundle, packed)
    assert all(i.compress_type == zipfile.ZIP_STORED for i in zipfile.ZipFile(packed).infolist())
    program = build("animate.c")
    assert output_of(program, packed) == output_of(program, tiny_bundle)
