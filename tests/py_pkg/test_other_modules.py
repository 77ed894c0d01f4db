"""Backend modules that lie beside the library and are not its own: one sentence, and the backend that is built in."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from diffusiontalker import _native

PACKAGE = Path(_native.__file__).parent

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="builds shared libraries with a C compiler"
)
NO_BACKEND = -4
ENTRY = "dt_backend_module_v"
ASK = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
library.dt_last_error.restype = ctypes.c_char_p
print(library.dt_backend_probe(b"openvino"))
print(library.dt_last_error().decode())
model = ctypes.c_void_p()
print(library.dt_model_open(sys.argv[2].encode(), None, ctypes.byref(model)))
library.dt_model_backend_name.restype = ctypes.c_char_p
library.dt_model_backend_name.argtypes = [ctypes.c_void_p]
print(library.dt_model_backend_name(model).decode())
"""


def entry_of_this_version() -> str:
    module = next((PACKAGE / "lib").glob("libdiffusiontalker_openvino.so"))
    text = module.read_bytes()
    at = text.index(ENTRY.encode())
    return text[at : text.index(b"\0", at)].decode()


def number_of(entry: str) -> int:
    return int(entry.removeprefix(ENTRY))


MODULES = {
    "of an older version": (
        lambda now: f"void* {ENTRY}{number_of(now) - 1}(void) {{ return 0; }}",
        "it has no " + ENTRY,
    ),
    "of a newer version": (
        lambda now: f"void* {ENTRY}{number_of(now) + 1}(void) {{ return 0; }}",
        "it has no " + ENTRY,
    ),
    "that does not start": (lambda now: f"void* {now}(void) {{ return 0; }}", "did not start"),
    "that is no module": (lambda now: "int nothing;", "it has no " + ENTRY),
}


@pytest.fixture
def beside(tmp_path, tiny_bundle):
    """beside(write) -> what a program sees whose library has the module that write() put there."""

    def ask(write) -> list[str]:
        library = shutil.copy((PACKAGE / "lib" / "libdiffusiontalker.so").resolve(), tmp_path)
        write(tmp_path / "libdiffusiontalker_openvino.so")
        command = [sys.executable, "-c", ASK, library, str(tiny_bundle)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return ask


def compiled(source: str):
    def write(file: Path) -> None:
        (file.parent / "module.c").write_text(source)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", file, file.parent / "module.c"], check=True)

    return write


@pytest.mark.parametrize("kind", MODULES)
def test_a_module_is_refused(beside, kind):
    source, reason = MODULES[kind]
    probe, message, opened, backend = beside(compiled(source(entry_of_this_version())))
    assert int(probe) == NO_BACKEND and reason in message and message.endswith('pip install "openvino==2026.4.1"')
    assert int(opened) == 0 and backend == "cpu"


def test_a_file_that_is_no_library_is_refused(beside):
    probe, message, opened, backend = beside(lambda file: file.write_text("text"))
    assert int(probe) == NO_BACKEND and "cannot be loaded" in message and int(opened) == 0 and backend == "cpu"


def test_the_library_alone_is_enough(beside):
    probe, message, opened, backend = beside(lambda file: None)
    assert int(probe) == NO_BACKEND and "is not part of this installation" in message
    assert int(opened) == 0 and backend == "cpu"
