"""The fuzzer of py_targets.formats: tests/fuzz.sh py_formats SECONDS."""

import sys

import atheris

with atheris.instrument_imports(include=["diffusiontalker", "py_targets", "json", "zipfile"]):
    import py_targets

if __name__ == "__main__":
    atheris.Setup(sys.argv, py_targets.formats)
    atheris.Fuzz()
