"""examples/godot: built, run in a headless Godot 3, compared with Python bit for bit."""

from __future__ import annotations

import shutil

import numpy as np
from example_support import EXAMPLES, OPENVINO, PACKAGE, needs, output_of, read_weights


@needs("godot3-server", "cmake", "cc")
def test_godot_project_equals_python_bit_for_bit(tmp_path, tiny_bundle, clip, python_weights):
    project, weights = tmp_path / "project", tmp_path / "weights.f32"
    shutil.copytree(EXAMPLES / "godot", project, ignore=shutil.ignore_patterns("bin", "build", ".import"))
    flags = "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror"
    output_of("cmake", "-S", project, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={PACKAGE}", flags)
    output_of("cmake", "--build", tmp_path / "build")
    arguments = [f"--bundle={tiny_bundle}", f"--wav={clip}", f"--out={weights}", "--profile=live"]
    # Godot writes its settings below the home folder.
    text = output_of(
        "godot3-server", "--fixed-fps", "60", "--path", project, *arguments,
        HOME=tmp_path, XDG_DATA_HOME=tmp_path, XDG_CONFIG_HOME=tmp_path, XDG_CACHE_HOME=tmp_path,
        LD_LIBRARY_PATH=OPENVINO,
    )  # fmt: skip
    assert f"{len(python_weights)} frames of 52 channels" in text
    found = read_weights(weights)
    assert np.array_equal(found.view(np.uint32), python_weights.view(np.uint32))
