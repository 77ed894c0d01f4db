"""What the processor could do at most: a loop of multiply-adds, compiled for this machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from diffusiontalker.errors import InputError

SECONDS = 0.3  # of one measurement


class FmaPeak:
    """Calls give GFLOP/s of float32 multiply-adds, by so many threads. Raises InputError without a C compiler."""

    def __init__(self, n_threads: int, folder: Path):
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            raise InputError("--peak compiles a loop of multiply-adds, and here is no C compiler: leave it away")
        self._command = [str(folder / "fma_peak"), str(n_threads), str(SECONDS)]
        source = Path(__file__).with_name("fma_peak.c")
        native = [compiler, "-O3", "-march=native", "-mprefer-vector-width=512", "-ffp-contract=fast"]
        plain = [compiler, "-O3", "-ffp-contract=fast"]  # compilers for other processors know fewer options
        done = [
            subprocess.run([*options, "-o", self._command[0], str(source), "-lpthread"], capture_output=True, text=True)
            for options in (native, plain)
            if not Path(self._command[0]).exists()
        ]
        if not Path(self._command[0]).exists():
            raise InputError(f"{compiler} cannot compile {source.name}: {done[-1].stderr.strip()[-200:]}")

    def __call__(self) -> float:
        done = subprocess.run(self._command, capture_output=True, text=True, check=True)
        return float(done.stdout)
