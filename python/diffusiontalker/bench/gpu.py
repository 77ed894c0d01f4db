"""The NVIDIA GPU a measurement was taken on, as the driver's own tool describes it."""

from __future__ import annotations

import shutil
import subprocess

# nvidia-smi's name -> key of the stamp, and the factor of numbers.
_FIELDS = {
    "name": ("name", None),
    "driver_version": ("driver", None),
    "compute_cap": ("compute_capability", None),
    "memory.total": ("memory_bytes", 1 << 20),
    "clocks.sm": ("sm_clock_mhz", 1),
    "clocks.max.sm": ("max_sm_clock_mhz", 1),
    "clocks.mem": ("memory_clock_mhz", 1),
    "temperature.gpu": ("temperature_c", 1),
}


def _ask(*query: str) -> list[list[str]]:
    """Rows of nvidia-smi's table; none where it is not there or fails."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    command = [tool, *query, "--format=csv,noheader,nounits"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [[cell.strip() for cell in line.split(",")] for line in result.stdout.splitlines() if line.strip()]


def _number(text: str, factor: int) -> int | None:
    try:
        return round(float(text) * factor)
    except ValueError:
        return None  # "[N/A]"


def gpu_stamp(device: int = 0) -> dict | None:
    """Name, driver and clocks at this moment of GPU `device`; None without a GPU. Keys are stable."""
    rows = _ask(f"--query-gpu={','.join(_FIELDS)}", f"--id={device}")
    if not rows or len(rows[0]) != len(_FIELDS):
        return None
    return {
        key: text if factor is None else _number(text, factor)
        for (key, factor), text in zip(_FIELDS.values(), rows[0], strict=True)
    }


def device_bytes(pid: int) -> int | None:
    """Memory of the GPU that a process holds, its context included; None where the driver does not tell."""
    for row in _ask("--query-compute-apps=pid,used_memory"):
        if len(row) == 2 and row[0] == str(pid):
            return _number(row[1], 1 << 20)
    return None
