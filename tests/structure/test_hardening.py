"""The guards of csrc/cmake/DtHarden.cmake, read from the ELF files that are installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest

import diffusiontalker
from diffusiontalker import _native

PACKAGE = Path(diffusiontalker.__file__).parent
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the files are ELF on Linux only"),
    pytest.mark.skipif(shutil.which("readelf") is None, reason="readelf is not installed (Debian: binutils)"),
]
FILES = [Path(_native.__file__), *sorted((PACKAGE / "lib").glob("libdiffusiontalker*.so"))]


@lru_cache
def readelf(path: Path, option: str) -> str:
    result = subprocess.run(["readelf", "--wide", option, path], capture_output=True, text=True, check=True)
    return result.stdout


def test_every_binary_of_the_package_is_looked_at():
    names = {path.name for path in FILES}
    assert {"libdiffusiontalker.so", "libdiffusiontalker_openvino.so"} <= names, names
    assert any(name.startswith("_native") for name in names)
    assert set(PACKAGE.rglob("*.so")) <= set(FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.split(".")[0])
class TestHardening:
    def test_addresses_of_functions_are_read_only_after_loading(self, path):
        assert "GNU_RELRO" in readelf(path, "--program-headers")
        assert re.search(r"\(BIND_NOW\)|FLAGS.*\bNOW\b", readelf(path, "--dynamic"))

    def test_stack_holds_no_code(self, path):
        (stack,) = re.findall(r"GNU_STACK .*", readelf(path, "--program-headers"))
        assert "RWE" not in stack and "RW" in stack

    def test_no_segment_is_written_and_run(self, path):
        assert not re.search(r"LOAD .* RWE ", readelf(path, "--program-headers"))
        assert "TEXTREL" not in readelf(path, "--dynamic")

    def test_stack_is_protected(self, path):
        assert "__stack_chk_fail" in readelf(path, "--dyn-syms")

    def test_no_search_path_is_relative_or_shared(self, path):
        for places in re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", readelf(path, "--dynamic")):
            assert all(
                place.startswith(("$ORIGIN", "/")) and not place.startswith("/tmp") for place in places.split(":")
            )


def test_copies_of_the_library_are_checked():
    """FORTIFY replaces a function only where the compiler knows the size, so not every file has one."""
    symbols = readelf(PACKAGE / "lib" / "libdiffusiontalker.so", "--dyn-syms")
    assert re.search(r"__(mem|str|sn?printf|vsn?printf|fread|read)\w*_chk", symbols), "no function of FORTIFY"
