"""What c_headers.py reads from the headers, against the C compiler."""

from __future__ import annotations

import shutil
import subprocess

import c_headers
import pytest

HEADERS = c_headers.read()


@pytest.fixture
def run_c(tmp_path):
    """Compiles and runs a program; returns what it prints."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler is installed")

    def run(text: str) -> str:
        (tmp_path / "program.c").write_text(text)
        command = [compiler, "-std=c99", "-Wall", "-Werror", f"-I{c_headers.FOLDER.parent}", "-o", tmp_path / "program"]
        built = subprocess.run([*command, tmp_path / "program.c"], capture_output=True, text=True)
        assert built.returncode == 0, built.stderr
        return subprocess.run([tmp_path / "program"], capture_output=True, text=True, check=True).stdout

    return run


INCLUDES = '#include <stddef.h>\n#include <stdio.h>\n#include "dt/dt.h"\n#include "dt/raster.h"\n'


def test_headers_are_read_whole():
    """Of every header something: a reader that found nothing would pass everything below."""
    assert {"dt_allocator", "dt_device_array_info", "dt_step_info", "dt_raster_view"} <= set(HEADERS.structs)
    assert {"dt_last_error", "dt_model_open", "dt_stream_pull", "dt_rig_pose", "dt_resample"} <= set(HEADERS.functions)
    assert HEADERS.constants["DT_UNSUPPORTED"] == -10


def test_offsets_and_sizes_are_those_of_the_compiler(run_c):
    lines, expected = [], []
    for struct, fields in HEADERS.structs.items():
        offsets, size = c_headers.layout(fields)
        for name, offset in offsets.items():
            lines.append(f'printf("{struct}.{name} %d\\n", (int)offsetof({struct}, {name}));')
            expected.append(f"{struct}.{name} {offset}")
        lines.append(f'printf("{struct} %d\\n", (int)sizeof({struct}));')
        expected.append(f"{struct} {size}")
    printed = run_c(INCLUDES + "int main(void) {\n" + "\n".join(lines) + "\nreturn 0; }\n")
    assert printed.splitlines() == expected


def test_functions_declared_again_are_the_same_to_the_compiler(run_c):
    """C refuses a second declaration with another type."""
    again = [
        f"{f.result} {f.name}({', '.join(f'{p.type} {p.name}' for p in f.parameters) or 'void'});"
        for f in HEADERS.functions.values()
    ]
    run_c(INCLUDES + "\n".join(again) + "\nint main(void) { return 0; }\n")


def test_constants_are_those_of_the_compiler(run_c):
    lines = [f'printf("{name} %d\\n", (int){name});' for name in HEADERS.constants]
    printed = run_c(INCLUDES + "int main(void) {\n" + "\n".join(lines) + "\nreturn 0; }\n")
    assert printed.splitlines() == [f"{name} {value}" for name, value in HEADERS.constants.items()]


def test_a_declaration_that_is_not_understood_is_an_error():
    with pytest.raises(ValueError, match="not understood"):
        c_headers.parse("DT_API dt_status dt_new(dt_model* model")
