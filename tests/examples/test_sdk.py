"""The SDK archive: what is in it, and programs that know nothing but find_package or pkg-config."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from example_support import EXAMPLES, OPENVINO, needs, output_of

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files")


def test_sdk_has_what_the_documentation_lists(sdk):
    for name in (
        "include/dt/dt.h",
        "lib/libdiffusiontalker.a",
        "lib/cmake/diffusiontalker/diffusiontalkerConfig.cmake",
        "lib/pkgconfig/diffusiontalker.pc",
        "share/diffusiontalker/bundles/base/bundle.json",
        "share/diffusiontalker/examples/cmake_consumer/game_loop.c",
        "share/diffusiontalker/examples/unity/DiffusionTalker.cs",
        "share/doc/diffusiontalker/LICENSE",
        "share/doc/diffusiontalker/THIRD-PARTY-NOTICES.md",
        "share/doc/diffusiontalker/embedding.md",
    ):
        assert (sdk / name).is_file(), name
    assert not list(sdk.rglob("libopenvino*")), "OpenVINO is not to be shipped"


@linux
@needs("readelf")
def test_sdk_libraries_are_small_named_by_abi_and_free_of_build_paths(sdk):
    header = (sdk / "include" / "dt" / "base.h").read_text()
    major = re.search(r"#define DT_ABI_MAJOR (\d+)", header)[1]
    library, module = sdk / "lib" / "libdiffusiontalker.so", sdk / "lib" / "libdiffusiontalker_openvino.so"
    assert f"soname: [libdiffusiontalker.so.{major}]" in output_of("readelf", "-d", library)
    assert "RUNPATH" not in output_of("readelf", "-d", library)
    assert re.search(r"RUNPATH.*\[\$ORIGIN\]", output_of("readelf", "-d", module))
    # The bound of the project's goals: library and CPU backend without OpenVINO.
    assert library.stat().st_size + module.stat().st_size < 5_000_000
    needed = re.findall(r"NEEDED.*\[(.*)\]", output_of("readelf", "-d", library))
    assert all(re.match(r"lib(stdc\+\+|m|c|gcc_s|pthread|dl)\.so|ld-linux", name) for name in needed), needed


@needs("cmake", "cc", "c++")
def test_cmake_consumer_in_c_and_cpp_runs_in_the_build_folder_and_as_a_shipped_game(sdk, tmp_path, tiny_bundle):
    consumer = sdk / "share" / "diffusiontalker" / "examples" / "cmake_consumer"
    flags = [f"-DCMAKE_{language}_FLAGS=-Wall -Wextra -pedantic -Werror" for language in ("C", "CXX")]
    output_of("cmake", "-S", consumer, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={sdk}", *flags)
    output_of("cmake", "--build", tmp_path / "build")
    loop = tmp_path / "build" / "game_loop"
    text = output_of(loop, tiny_bundle, LD_LIBRARY_PATH=OPENVINO)
    assert "late on 0" in text and "cpu" in text
    crowd = output_of(tmp_path / "build" / "crowd", tiny_bundle, LD_LIBRARY_PATH=OPENVINO)
    assert "8 faces, 60 frames each" in crowd
    # Shipped: everything in one folder, OpenVINO's four libraries beside it, no variable set.
    game = tmp_path / "game"
    output_of("cmake", "--install", tmp_path / "build", "--prefix", game)
    if sys.platform == "linux":
        for name in ("openvino.so.*", "openvino_onnx_frontend.so.*", "openvino_intel_cpu_plugin.so", "tbb.so.*"):
            (library,) = OPENVINO.glob("lib" + name)
            (game / library.name).symlink_to(library)
        assert output_of(game / "game_loop", tiny_bundle, LD_LIBRARY_PATH="") == text


def in_c_and_static(folder, sdk, source) -> tuple[str, ...]:
    """A project that knows the static library only, and its cmake command."""
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.21)\nproject(p LANGUAGES C CXX)\n"
        "find_package(diffusiontalker CONFIG REQUIRED)\n"
        f'add_executable(animate "{source}")\ntarget_link_libraries(animate PRIVATE diffusiontalker::static)\n'
    )
    return ("cmake", "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={sdk}")


@linux
@needs("cmake", "cc", "pkg-config", "readelf")
def test_the_static_library_is_all_that_a_program_in_c_links(sdk, tmp_path, tiny_bundle, clip, python_weights):
    """With the names that pkg-config gives, and as a target of CMake."""
    source = EXAMPLES / "animate.c"
    words = output_of("pkg-config", "--static", "--libs", "diffusiontalker", PKG_CONFIG_PATH=sdk / "lib" / "pkgconfig")
    others = [word for word in words.split() if word.startswith("-l") and word != "-ldiffusiontalker"]
    by_hand, by_cmake = tmp_path / "animate", tmp_path / "build" / "animate"
    archive = sdk / "lib" / "libdiffusiontalker.a"
    output_of("cc", "-std=c99", "-DDT_STATIC", "-I", sdk / "include", "-o", by_hand, source, archive, *others)
    output_of(*in_c_and_static(tmp_path, sdk, source))
    output_of("cmake", "--build", tmp_path / "build")
    for program in (by_hand, by_cmake):
        assert "diffusiontalker" not in output_of("readelf", "-d", program)
        printed = output_of(program, tiny_bundle, clip, LD_LIBRARY_PATH="")
        jaw = np.array([line.split()[1] for line in printed.splitlines()], float)
        # Four decimals are printed; 17 is jawOpen.
        assert np.abs(jaw - python_weights[:, 17]).max() <= 0.5e-4 + 1e-6


@needs("cmake", "cc")
def test_cmake_package_refuses_another_version(sdk, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.18)\nproject(p C)\nfind_package(diffusiontalker 99 CONFIG REQUIRED)\n"
    )
    command = ["cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={sdk}"]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    assert done.returncode != 0
    assert "99" in done.stderr and "diffusiontalker" in done.stderr


@needs("cc", "pkg-config")
def test_pkg_config_builds_the_c_example_which_equals_python(sdk, tmp_path, tiny_bundle, clip, python_weights):
    pkg_config = {"PKG_CONFIG_PATH": sdk / "lib" / "pkgconfig"}
    # eval, because pkg-config escapes the blank in the path.
    script = 'eval cc -std=c99 -Wall -Wextra -Werror -o animate "$1" "$(pkg-config --cflags --libs diffusiontalker)"'
    output_of("sh", "-c", script, "sh", EXAMPLES / "animate.c", cwd=tmp_path, **pkg_config)
    paths = f"{sdk / 'lib'}:{OPENVINO}"
    printed = output_of(tmp_path / "animate", tiny_bundle, clip, LD_LIBRARY_PATH=paths)
    jaw = np.array([line.split()[1] for line in printed.splitlines()], float)
    # Four decimals are printed; 17 is jawOpen.
    assert np.abs(jaw - python_weights[:, 17]).max() <= 0.5e-4 + 1e-6
