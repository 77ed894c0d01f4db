"""What an installation puts into site-packages."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path


def test_one_package_is_installed():
    files = importlib.metadata.files("diffusiontalker") or []
    top = {Path(str(f)).parts[0] for f in files} - {".."}  # commands lie outside of site-packages
    about = {name for name in top if name.endswith(".dist-info")}
    assert len(about) == 1
    assert top - about == {"diffusiontalker"}


def test_all_folders_of_the_source_are_installed():
    root = Path(__file__).parents[2]
    installed = {str(f) for f in importlib.metadata.files("diffusiontalker") or []}
    for folder, package in (("python/diffusiontalker", "diffusiontalker"), ("trt_build", "diffusiontalker/trt_build")):
        for path in (root / folder).rglob("*.py"):
            assert f"{package}/{path.relative_to(root / folder).as_posix()}" in installed
