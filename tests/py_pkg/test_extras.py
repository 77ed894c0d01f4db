"""Advice to install something names what the package requires, and never the package's name on the index."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
from pathlib import Path

import pytest

from diffusiontalker import _native, extras

ROOT = Path(__file__).parents[2]


def test_advice_is_what_pyproject_requires():
    pin = re.search(r'^openvino = \["(openvino==[^"]+)"\]$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    remedies = {backend["name"]: backend["remedy"] for backend in _native.backends()}
    assert pin and remedies["openvino"] == f'pip install "{pin[1]}"'
    assert extras.install_command("openvino") == f"pip install '{pin[1]}'"
    assert extras.install_command("tensorrt-rtx") == "pip install 'tensorrt-rtx>=1.4' 'onnx>=1.16' 'filelock>=3.12'"
    assert extras.install_command("tensorrt").startswith("pip install 'tensorrt>=")
    assert extras.install_command("video") == "pip install 'av>=12'"


def test_the_package_itself_requires_little():
    """The backend "cpu" is built in: what runs networks, on processors or GPUs, comes with an extra."""
    requires = importlib.metadata.requires("diffusiontalker") or []
    names = {re.split(r"[^\w-]", line)[0] for line in requires if "extra ==" not in line}
    assert names == {"numpy", "soundfile", "pillow", "tqdm"}


def test_without_metadata_the_source_folder_is_named(monkeypatch):
    def missing(_name):
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "requires", missing)
    assert extras.install_command("video") == "pip install '.[video]' in the source folder"


def test_nothing_advises_to_install_us_from_the_index():
    pattern = r"pip install[^\n`]*[\"' ]diffusiontalker(\[|[\"'`=<>~ ]|$)"
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    names = files.stdout.split("\n") if files.returncode == 0 else []
    if not names:
        pytest.skip("no git here: the files of the project are not known")
    own = Path(__file__).name
    found = [
        f"{name}: {match[0]}"
        for name in names
        if name.endswith((".py", ".md", ".cpp", ".h", ".sh", ".toml", ".yml", ".cs", ".c")) and not name.endswith(own)
        if (ROOT / name).exists()
        for match in [re.search(pattern, (ROOT / name).read_text(encoding="utf-8", errors="replace"), re.MULTILINE)]
        if match
    ]
    assert found == []
