"""tests/abi.sh, which tests/run.sh calls, finds functions that are gone and structs that changed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DUMP = ROOT / "tests/capi/abi/libdiffusiontalker.abi"

pytestmark = pytest.mark.skipif(
    shutil.which("abidw") is None or shutil.which("abidiff") is None, reason="not here: abidw, abidiff (abigail-tools)"
)


@pytest.fixture(scope="module")
def library():
    build = Path(os.environ.get("DT_TEST_BUILD") or ROOT / "build" / "tests")
    path = build / "csrc/api/libdiffusiontalker.so"
    if not path.exists():
        pytest.skip(f"no CMake build in {build}: tests/run.sh makes one, or set DT_TEST_BUILD")
    return path


def replaced(pattern: str, by: str) -> str:
    text, n = re.subn(pattern, by, DUMP.read_text(), count=1, flags=re.S)
    assert n == 1, pattern
    return text


# What another library had: against it, the one that is built lacks a function, and so on.
OTHER = {
    "a function is gone": lambda: replaced(
        r"(<elf-symbol name='dt_stream_pull'[^>]*/>)(.*?)(<function-decl name='dt_stream_pull'.*?</function-decl>)",
        lambda m: (
            m[0].replace(m[1], m[1] + m[1].replace("_pull", "_gone")) + m[3].replace("dt_stream_pull", "dt_stream_gone")
        ),
    ),
    "a function is new": lambda: replaced(
        r"<elf-symbol name='dt_stream_pause'[^>]*/>(.*?)<function-decl name='dt_stream_pause'.*?</function-decl>",
        r"\1",
    ),
    "a member moved": lambda: replaced(
        r"(layout-offset-in-bits=')416('[^>]*>\s*<var-decl name='ease_out_frames')", r"\g<1>480\2"
    ),
    "a struct grew": lambda: replaced(r"(<class-decl name='dt_stream_info' size-in-bits=')\d+", r"\g<1>512"),
    "a number changed": lambda: replaced(r"soname='libdiffusiontalker.so.1'", "soname='libdiffusiontalker.so.0'"),
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("a function is gone", "1 Removed function"),
        ("a function is new", "1 Added function"),
        ("a member moved", "'int32_t ease_out_frames' offset changed"),
        ("a struct grew", "type size changed from 512 to 832"),
        ("a number changed", "SONAME changed"),
    ],
)
def test_a_change_of_the_abi_fails(change, told, library, tmp_path):
    other = tmp_path / "other.abi"
    other.write_text(OTHER[change]())
    done = subprocess.run(["bash", "tests/abi.sh", library, other], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and told in done.stdout, done.stdout + done.stderr
