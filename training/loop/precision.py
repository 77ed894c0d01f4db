"""The arithmetic of networks in training: --precision auto, f32 or bf16, as the package spells it."""

from __future__ import annotations

from pathlib import Path

PRECISIONS = ("auto", "f32", "bf16")
CPUINFO = Path("/proc/cpuinfo")
# Processors that multiply bfloat16 themselves; others emulate it, 12 to 17 times slower than float32.
_CPU_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}  # the last is Arm's


def has_bf16(device: str) -> bool:
    """Whether bfloat16 is fast on "cuda" or "cpu". Of a processor that Linux does not describe: False."""
    if device == "cuda":
        import torch  # here: commands that only parse this option need no torch

        return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    try:
        lines = CPUINFO.read_text().splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return not _CPU_FLAGS.isdisjoint(flags.partition(":")[2].split())


def chosen_precision(name: str, device: str) -> str:
    """Either f32 or bf16. name: of PRECISIONS; "auto" is bf16 where the device has it. device: "cuda" or "cpu".
    Raises ValueError for another name."""
    if name not in PRECISIONS:
        raise ValueError(f"precision is {name!r}, expected one of {', '.join(PRECISIONS)}")
    if name == "auto":
        return "bf16" if has_bf16(device) else "f32"
    return name
