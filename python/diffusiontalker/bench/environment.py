"""The machine and the software a measurement was taken on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from datetime import datetime, timezone
from pathlib import Path

from diffusiontalker.bench.gpu import gpu_stamp
from diffusiontalker.version import __version__

PACKAGES = ("numpy", "openvino", "onnxruntime", "torch", "tensorrt", "tensorrt-rtx")
GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
PROC_STAT = Path("/proc/stat")


def _cpuinfo(key: str) -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.split(":")[0].strip() == key:
                return line.split(":", 1)[1].strip()
    except OSError:
        pass  # not Linux
    return ""


def cpu_model() -> str:
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def cpu_flags() -> set[str]:
    """Feature flags as Linux names them; empty elsewhere."""
    return set(_cpuinfo("flags").split())


def usable_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def os_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"] + f", Linux {platform.release()}"
    except OSError:
        return platform.platform()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _governor() -> str | None:
    try:
        return GOVERNOR.read_text().strip()
    except OSError:
        return None  # not Linux, or a virtual machine


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None  # Windows


def stamp() -> dict:
    """JSON-ready description of machine and software; keys are stable."""
    load = os.getloadavg() if hasattr(os, "getloadavg") else (None,)
    return {
        "time_utc": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "cpu": cpu_model(),
        "cores": usable_cores(),
        "cpu_features": sorted(cpu_flags() & {"avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16"}),
        "cpu_governor": _governor(),
        "memory_bytes": _memory_bytes(),
        "os": os_name(),
        "python": platform.python_version(),
        "diffusiontalker": __version__,
        "packages": {name: _version(name) for name in PACKAGES},
        "gpu": gpu_stamp(),
        "load_average_1min": load[0],
    }


class StealMeter:
    """What a virtual machine's neighbours took of the processors' time since the meter was made, as Linux counts it."""

    def __init__(self) -> None:
        self._began = self._times()

    @staticmethod
    def _times() -> tuple[int, int] | None:
        """(busy, stolen) ticks of all processors since the start of the machine."""
        try:
            user, nice, system, _, _, irq, softirq, steal = map(int, PROC_STAT.read_text().split()[1:9])
        except (OSError, ValueError):
            return None  # not Linux
        return user + nice + system + irq + softirq, steal

    def share(self) -> float | None:
        """Stolen time as a share of the time that somebody here wanted to compute; None where the system does not
        tell."""
        now = self._times()
        if now is None or self._began is None:
            return None
        busy, stolen = (after - before for after, before in zip(now, self._began, strict=True))
        return stolen / max(1, busy + stolen)


def _status_bytes(key: str) -> int | None:
    """A size in /proc/self/status; None where the system has none."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # not Linux
    return None


def rss_bytes() -> int | None:
    """Resident size of this process now; None where the system does not tell."""
    return _status_bytes("VmRSS")


def peak_rss_bytes() -> int | None:
    """Highest resident size of this process so far; None where the system does not tell."""
    peak = _status_bytes("VmHWM")
    if peak is not None:
        return peak
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return None
