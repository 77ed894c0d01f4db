"""The Python blocks of the pages run, in their order, and the README's commands work right after the installation."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys

import pages
import pytest

WITH_PYTHON = [pages.README, *(p for p in pages.DOCS if pages.blocks(p, "python"))]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with the recording where the pages expect it."""
    (tmp_path / "examples").mkdir()
    shutil.copy(pages.ROOT / "examples" / "speech.wav", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", WITH_PYTHON, ids=pages.name_of)
@pytest.mark.slow
def test_python_blocks_run(page, checkout):
    source = "\n".join(pages.blocks(page, "python"))
    if page.name == "tensorrt.md":  # without a GPU: host memory in the place of the device, and networks that are quick
        from bundles import write_bundle

        pytest.importorskip("torch")
        bundle = write_bundle(checkout / "tiny")
        source = source.replace('"base", backend="tensorrt"', f'{str(bundle)!r}, backend="reference"')
        assert 'backend="reference"' in source
    done = subprocess.run([sys.executable, "-c", source], cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_readmes_commands_run(checkout):
    calls = [c for c in pages.commands(pages.README) if c.startswith("diffusiontalker ")]
    assert len(calls) >= 3
    for call in calls:
        words = shlex.split(call)
        if "clip.mp4" in words:
            pytest.importorskip("av")
        done = subprocess.run([sys.executable, "-m", *words], cwd=checkout, capture_output=True, text=True)
        assert done.returncode == 0, call + done.stderr
    made = {p.name for p in checkout.iterdir()}
    assert {"speech.glb", "speech.csv", "sheet.png", "clip.mp4"} <= made


def test_pages_with_python_are_found():
    assert {"README.md", "docs/guides/python.md", "docs/guides/researcher.md"} <= set(map(pages.name_of, WITH_PYTHON))
