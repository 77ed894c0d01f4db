"""Compiles every kernel for every architecture and checks registers, spills and shared memory.

    python tests/kernels/resources.py check     exit status 0; 1 with a table of what got worse; 77 without nvcc
    python tests/kernels/resources.py update    writes resources.json from this compiler

nvcc is $CUDACXX, that of PATH, or that of the wheels nvidia-cuda-nvcc, -crt, -runtime, -cccl and nvidia-nvvm.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

CSRC = Path(__file__).resolve().parents[2] / "csrc"
EXPECTED = Path(__file__).with_name("resources.json")
# What the build compiles for: "80-real" is machine code, "120" is machine code and PTX.
BUILT_FOR = tuple(
    re.search(r"set\(CMAKE_CUDA_ARCHITECTURES ([\d a-z-]+)\)", (CSRC / "cmake" / "DtGpu.cmake").read_text())[1].split()
)
ARCHITECTURES = tuple(arch.removesuffix("-real") for arch in BUILT_FOR)  # those with machine code
PTX = tuple(arch for arch in BUILT_FOR if not arch.endswith("-real"))
SKIPPED = 77

ENTRY = re.compile(r"Compiling entry function '(?P<name>.+)' for '(?P<arch>sm_\d+a?)'")
SPILLS = re.compile(r"(\d+) bytes spill stores, (\d+) bytes spill loads")
USED = re.compile(r"Used (\d+) registers(?:.*?(\d+) bytes smem)?")


def find_nvcc() -> str | None:
    """Path of the compiler, or None."""
    if found := shutil.which(os.environ.get("CUDACXX", "nvcc")):
        return found
    wheels = sorted(Path(sysconfig.get_path("purelib")).glob("nvidia/cu*/bin/nvcc"))
    return str(wheels[-1]) if wheels else None


def release(nvcc: str) -> str:
    """ "13.0" of that compiler."""
    text = subprocess.run([nvcc, "--version"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"release (\d+\.\d+)", text)
    if not found:
        raise SystemExit(f"{nvcc} --version does not tell a release: {text!r}")
    return found[1]


def short_name(mangled: str) -> str:
    """kernel<4, float, float> of a mangled entry."""
    text = subprocess.run(["c++filt", mangled], check=True, capture_output=True, text=True).stdout.strip()
    text = text.replace("(anonymous namespace)::", "").replace("dt::", "")
    found = re.match(r"(?:void )?([\w]+(?:<[^(]*>)?)\(", text)
    return found[1] if found else text


def parse(log: str) -> dict[str, dict[str, dict[str, int]]]:
    """kernel -> architecture -> registers, spill_bytes, shared_bytes, from the log of ptxas -v."""
    kernels: dict[str, dict[str, dict[str, int]]] = {}
    names: dict[str, str] = {}
    entry = None
    for line in log.splitlines():
        if found := ENTRY.search(line):
            mangled = found["name"]
            names.setdefault(mangled, short_name(mangled))
            entry = kernels.setdefault(names[mangled], {}).setdefault(found["arch"], {})
        elif entry is not None and (found := SPILLS.search(line)):
            entry["spill_bytes"] = int(found[1]) + int(found[2])
        elif entry is not None and (found := USED.search(line)):
            entry["registers"] = int(found[1])
            entry["shared_bytes"] = int(found[2] or 0)
            entry = None
    return kernels


def compile_all(nvcc: str, folder: Path) -> str:
    """Compiles all .cu files as one unit, which takes a third of the time; returns the log of ptxas."""
    unit = folder / "all.cu"
    sources = sorted((CSRC / "kernels").glob("*.cu"))
    unit.write_text("".join(f'#include "kernels/{source.name}"\n' for source in sources))
    command = [nvcc, "-std=c++17", "-fmad=false", "-Xptxas", "-v", "--threads", "2", "-Xcompiler", "-Wall,-Wextra"]
    for arch in ARCHITECTURES:
        command += ["-gencode", f"arch=compute_{arch},code=sm_{arch}"]
    for arch in PTX:
        command += ["-gencode", f"arch=compute_{arch},code=compute_{arch}"]
    for include in (CSRC, CSRC / "include"):
        command += ["-I", str(include)]
    result = subprocess.run([*command, "-c", str(unit), "-o", str(folder / "all.o")], capture_output=True, text=True)
    log = result.stdout + result.stderr
    if result.returncode != 0:
        raise SystemExit(f"the kernels do not compile:\n{log}")
    if "warning" in log:
        raise SystemExit(f"the kernels compile with warnings:\n{log}")
    return log


def measure(nvcc: str) -> dict[str, dict[str, dict[str, int]]]:
    with tempfile.TemporaryDirectory() as folder:
        kernels = parse(compile_all(nvcc, Path(folder)))
    for name, archs in kernels.items():
        if set(archs) != {f"sm_{arch}" for arch in ARCHITECTURES}:
            raise SystemExit(f"{name} was compiled for {sorted(archs)} only")
    return kernels


def faults(kernels: dict, expected: dict, same_compiler: bool) -> list[str]:
    """What got worse. Another compiler spends registers differently: then only spills and the list count."""
    odd = sorted(set(kernels) ^ set(expected))
    found = [f"{name}: {'not in resources.json' if name in kernels else 'gone'}" for name in odd]
    for name in sorted(set(kernels) & set(expected)):
        for arch, got in kernels[name].items():
            if got["spill_bytes"] > 0:
                found.append(f"{name} {arch}: spills {got['spill_bytes']} bytes")
            most = expected[name][arch]
            more = [key for key in ("registers", "shared_bytes") if same_compiler and got[key] > most[key]]
            found += [f"{name} {arch}: {key} {got[key]}, expected at most {most[key]}" for key in more]
    return found


def as_text(version: str, kernels: dict) -> str:
    """resources.json, a line per kernel."""
    lines = [f"  {json.dumps(name)}: {json.dumps(archs, sort_keys=True)}" for name, archs in sorted(kernels.items())]
    return f'{{"nvcc": "{version}",\n "kernels": {{\n' + ",\n".join(lines) + "\n}}\n"


def main(command: str) -> int:
    nvcc = find_nvcc()
    if nvcc is None:
        print("skipped: no nvcc (CUDACXX, PATH, or the wheels of the extra cuda-compile)")
        return SKIPPED
    version, kernels = release(nvcc), measure(nvcc)
    if command == "update":
        EXPECTED.write_text(as_text(version, kernels))
        return 0
    expected = json.loads(EXPECTED.read_text())
    problems = faults(kernels, expected["kernels"], version == expected["nvcc"])
    for name, archs in sorted(kernels.items()):
        counts = " ".join(f"{arch}:{archs[f'sm_{arch}']['registers']}" for arch in ARCHITECTURES)
        print(f"{name:45} registers {counts}")
    summary = f"{len(kernels)} kernels on {len(ARCHITECTURES)} architectures: as expected"
    print("\n".join(problems) if problems else summary)
    return 1 if problems else 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["check"], ["update"]):
        raise SystemExit(__doc__)
    raise SystemExit(main(sys.argv[1]))
