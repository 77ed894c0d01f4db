"""What gcc accepts and another compiler does not. The workflow's job `clang` builds everything with clang."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from import_graph import ROOT


@pytest.mark.skipif(shutil.which("clang++") is None, reason="clang++ is not installed")
def test_clang_compiles_the_table_of_handles():
    """clang looks up names of a template's own members when it reads them, gcc only when it uses them."""
    command = ["clang++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-Icsrc", "-Icsrc/include"]
    done = subprocess.run([*command, "csrc/api/api_scheduler.cpp"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
