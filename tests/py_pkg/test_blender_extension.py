"""The parts of the extension that need no Blender: its .zip, what goes to the program, and what comes back."""

from __future__ import annotations

import ast
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from own_head_support import animation_of, unpack

from diffusiontalker.blender import build, build_extension
from diffusiontalker.blender.extension import program, spoken
from diffusiontalker.errors import OutputError
from diffusiontalker.head import load_head
from diffusiontalker.ownhead import animate_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS
from diffusiontalker.version import __version__


def test_the_zip_has_a_manifest_and_every_module(tmp_path):
    build_extension(tmp_path / "a.zip")
    archive = zipfile.ZipFile(tmp_path / "a.zip")
    modules = {path.name for path in build.FOLDER.glob("*.py")}
    assert set(archive.namelist()) == {"blender_manifest.toml", *modules} and "__init__.py" in modules
    manifest = archive.read("blender_manifest.toml").decode()
    lines = dict(line.split(" = ", 1) for line in manifest.splitlines() if " = " in line)
    assert lines["id"] == '"diffusiontalker"' and lines["version"] == f'"{build.blender_version(__version__)}"'
    assert lines["blender_version_min"] == '"4.2.0"' and lines["schema_version"] == '"1.0.0"'
    # Blender's rules: a tagline of 64 characters at most, without a full stop, as the reasons of permissions.
    for key in ("tagline", "files"):
        assert len(lines[key]) <= 66 and lines[key][-2] not in ".!"


def test_the_same_version_gives_the_same_bytes_and_no_file_is_replaced(tmp_path):
    for name in ("a.zip", "b.zip"):
        build_extension(tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with pytest.raises(OutputError, match="exists"):
        build_extension(tmp_path / "a.zip")
    build_extension(tmp_path / "a.zip", force=True)


@pytest.mark.parametrize(
    ("ours", "blenders"),
    [("0.2.0", "0.2.0"), ("1.2", "1.2.0"), ("1.2.0.dev3", "1.2.0-dev3"), ("1.2.3+a.b", "1.2.3-a.b")],
)
def test_a_version_has_three_numbers(ours, blenders):
    assert build.blender_version(ours) == blenders


@pytest.mark.parametrize("path", sorted(build.FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_the_extension_needs_nothing_that_blender_lacks(path):
    """It lies in Blender alone, where the package is not."""
    known = {*sys.stdlib_module_names, "numpy", "bpy", "bpy_extras", "mathutils"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= known
        elif isinstance(node, ast.ImportFrom) and not node.level:
            assert node.module.split(".")[0] in known


def test_keys_and_bones_go_to_the_program_and_come_back():
    """The second mesh has no known name; the neck lies below a bone of another axis."""
    tilted = (0.0, 0.0, 0.5**0.5, 0.5**0.5)
    bones = [spoken.Bone("Spine", None, tilted, (0, 1, 0)), spoken.Bone("Neck", 0, tilted, (0, 1, 0))]
    meshes = [spoken.Mesh("Face", ("jawOpen", "Hat"), np.eye(4)), spoken.Mesh("Cap", ("Hat",), np.eye(4))]
    glb, report = animate_head(
        spoken.character(meshes, bones, np.eye(4)), animation_of(4, pose=(0.3, 0, 0), jawOpen=[0, 0.25, 0.5, 1])
    )
    take = spoken.read_take(glb, 2)
    assert take.n_frames == 4 and report.bone == "Neck"
    np.testing.assert_array_equal(take.weights[0], [[0, 0], [0.25, 0], [0.5, 0], [1, 0]])
    assert take.weights.keys() == {0} and take.rotations.keys() == {1}
    assert 2 * np.arccos(abs(take.rotations[1] @ tilted)) == pytest.approx(0.3, abs=1e-3)


@pytest.mark.slow
def test_geometry_goes_to_the_fit():
    """The built-in head without names, in Blender's axes: every channel finds its shape."""
    head = load_head()
    turn = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])  # y up to z up
    deltas = np.zeros((len(ARKIT_CHANNELS), len(head.positions), 3), np.float32)
    for k in range(len(deltas)):
        moving, movement = head.target(k)
        deltas[k, moving] = movement @ turn.T
    from diffusiontalker.head.appearance import normals

    surface = spoken.Surface(head.positions @ turn.T, normals(head) @ turn.T, deltas)
    names = tuple(f"Shape {i}" for i in range(len(deltas)))
    glb = spoken.character([spoken.Mesh("Face", names, np.eye(4), surface)])
    _, report = animate_head(glb, animation_of(2, jawOpen=0.5), fit=True)
    matched = report.meshes[0].matched
    assert matched[f"Shape {ARKIT_CHANNELS.index('jawOpen')}"].terms == {"jawOpen": 1.0} and report.n_matched > 45
    assert unpack(glb)[1]


def stand_in(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "program.py"
    path.write_text(text)
    return [sys.executable, str(path)]


def test_the_programs_sentence_is_the_users(tmp_path):
    command = stand_in(
        tmp_path, "import sys; print('warning: a\\nerror: no face: draw one', file=sys.stderr); sys.exit(3)"
    )
    with pytest.raises(program.Failure, match="^no face: draw one$"):
        program.run(command, ["animate"])
    with pytest.raises(program.Failure, match="ended with code 9"):
        program.run(stand_in(tmp_path, "import sys; sys.exit(9)"), [])
    with pytest.raises(program.Failure, match="is not the program diffusiontalker"):
        program.run(stand_in(tmp_path, "print('hello')"), [])
    with pytest.raises(program.Failure, match="cannot be started"):
        program.run([str(tmp_path / "none")], [])


def test_the_program_is_found_on_path_or_in_this_python(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program.find() == [sys.executable, "-m", "diffusiontalker"]
    path = tmp_path / "diffusiontalker"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    assert program.find() == program.find(str(path)) == [str(path)]
    with pytest.raises(program.Failure, match="none is no program"):
        program.find(str(tmp_path / "none"))
    path.unlink()
    monkeypatch.setattr(program.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(program.Failure, match="install it"):
        program.find()
