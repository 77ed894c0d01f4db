"""The licence report and the bill of materials of a release, on a wheel of the installed package."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from release import licences, parts, sbom

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The files of the installed package as they are in its wheel; networks and programs with their names alone."""
    path = tmp_path_factory.mktemp("wheel") / "diffusiontalker-0-py3-none-any.whl"
    small = {".json", ".py", ".md", ".txt", ""}
    with zipfile.ZipFile(path, "w") as archive:
        for file in importlib.metadata.files("diffusiontalker") or []:
            name, place = file.as_posix(), Path(str(file.locate()))
            if name.startswith("..") or "__pycache__" in name:
                continue
            archive.writestr(name, place.read_bytes() if place.suffix in small and place.is_file() else b"")
    return path


def test_every_file_and_dependency_of_the_wheel_has_a_licence(wheel):
    with zipfile.ZipFile(wheel) as archive:
        text, faults = licences.report(archive)
    assert not faults
    for line in (
        "| the bundle base, trained by us; its README.md names the recordings | Apache-2.0 |",
        "| our code, with JSON for Modern C++ and pybind11 compiled in | Apache-2.0 AND MIT AND BSD-3-Clause |",
        "- pybind11, BSD-3-Clause, https://github.com/pybind/pybind11",
        "| tqdm | MPL-2.0 AND MIT |",
    ):
        assert line in text
    with zipfile.ZipFile(wheel) as archive:
        n_files = len([n for n in archive.namelist() if not n.endswith("/")])
    counts = [int(row.split("|")[3]) for row in text.split("Code of others")[0].splitlines()[4:] if row.startswith("|")]
    assert sum(counts) == n_files


@pytest.mark.parametrize("name", ["diffusiontalker.libs/libgomp.so.1", "other/x.py", "diffusiontalker/lib/x.bin"])
def test_what_nobody_has_named_a_licence_for_is_a_fault(wheel, tmp_path, name, capsys):
    stranger = tmp_path / "stranger.whl"
    shutil.copy(wheel, stranger)
    with zipfile.ZipFile(stranger, "a") as archive:
        archive.writestr(name, b"")
    assert licences.main([str(stranger), "--out", str(tmp_path / "report.md")]) == 1
    assert f"error: {name} " in capsys.readouterr().err


def test_a_missing_notice_is_a_fault_and_a_broken_wheel_one_sentence(tmp_path, capsys):
    notices = (ROOT / "THIRD-PARTY-NOTICES.md").read_text()
    assert parts.missing_notices(notices) == []
    assert parts.missing_notices(notices.replace("## pybind11", "## other")) == ["pybind11"]
    (tmp_path / "x.whl").write_bytes(b"no wheel")
    assert licences.main([str(tmp_path / "x.whl")]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_what_is_compiled_in_is_what_cmake_looks_for():
    """Headers of others that the build takes from the machine."""
    found = {"nlohmann-json", "pybind11"}
    text = (ROOT / "csrc/cmake/DtDependencies.cmake").read_text() + (ROOT / "csrc/bindings/CMakeLists.txt").read_text()
    assert {part.package for part in parts.COMPILED_IN} == found
    for word in ("nlohmann", "pybind11"):
        assert word in text


def test_the_bill_of_materials_names_what_no_index_knows(tmp_path):
    (tmp_path / "bundle.json").write_text(json.dumps({"name": "base", "version": "1.2.3", "license": "Apache-2.0"}))
    (tmp_path / "head_arkit52.npz").write_bytes(b"head")
    more = [*sbom.compiled_in(), *sbom.data_parts([tmp_path / "bundle.json", tmp_path / "head_arkit52.npz"])]
    listed = {
        "components": [
            {"name": "diffusiontalker", "bom-ref": "us", "externalReferences": [{"url": "file:///home/x/us.whl"}]},
            {"name": "numpy", "bom-ref": "numpy"},
        ],
        "dependencies": [{"ref": "us", "dependsOn": ["numpy"]}, {"ref": "numpy"}],
    }
    done = sbom.completed(listed, more)
    assert "file:" not in json.dumps(done)
    assert {c["name"] for c in done["components"]} == {
        "diffusiontalker", "numpy", "nlohmann-json", "pybind11", "bundle base", "head_arkit52.npz",
    }  # fmt: skip
    refs = [part["bom-ref"] for part in more]
    assert done["dependencies"][0]["dependsOn"] == sorted(["numpy", *refs])
    assert {d["ref"] for d in done["dependencies"]} == {"us", "numpy", *refs}
    bundle = next(c for c in done["components"] if c["name"] == "bundle base")
    assert bundle["type"] == "machine-learning-model" and bundle["version"] == "1.2.3"
    with pytest.raises(ValueError, match="install the wheel there first"):
        sbom.completed({"components": [], "dependencies": []}, [])


def test_describe_says_what_it_needs(tmp_path):
    command = ["bash", str(ROOT / ".github" / "release" / "describe.sh")]
    assert subprocess.run(command, capture_output=True).returncode == 2
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("error: ") and not list(tmp_path.iterdir())
