"""The GPU that engines are built on, asked from NVIDIA's driver itself, so that no CUDA package is needed."""

from __future__ import annotations

import ctypes
import sys

from diffusiontalker.trt_build.sets.identity import Gpu

DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
# CUdevice_attribute of cuda.h, part of the driver's stable interface.
_MAJOR, _MINOR = 75, 76


def find_gpu(driver: str = DRIVER, device: int = 0) -> tuple[Gpu | None, str]:
    """(GPU, "") or (None, why there is none, in one clause). CUDA_VISIBLE_DEVICES holds. Never raises.
    driver: name or path of the driver's library."""
    try:
        cuda = ctypes.CDLL(driver)
        init, count, get = cuda.cuInit, cuda.cuDeviceGetCount, cuda.cuDeviceGet
        name_of, attribute = cuda.cuDeviceGetName, cuda.cuDeviceGetAttribute
    except (OSError, AttributeError):
        return None, f"no NVIDIA driver ({driver} is not here)"
    if status := init(0):
        return None, f"the NVIDIA driver does not start (cuInit gives {status})"
    n, handle, major, minor = (ctypes.c_int() for _ in range(4))
    if count(ctypes.byref(n)) or n.value <= device:
        return None, f"the NVIDIA driver shows {n.value} GPUs"
    name = ctypes.create_string_buffer(256)
    failed = (
        get(ctypes.byref(handle), device)
        or name_of(name, len(name), handle)
        or attribute(ctypes.byref(major), _MAJOR, handle)
        or attribute(ctypes.byref(minor), _MINOR, handle)
    )
    if failed:
        return None, f"the NVIDIA driver does not describe GPU {device} (error {failed})"
    return Gpu(name.value.decode(errors="replace"), f"{major.value}.{minor.value}"), ""
