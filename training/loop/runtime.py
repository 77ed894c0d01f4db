"""Where a run computes: accelerator, processes, precision, threads. One script alone, under torchrun, on many nodes."""

from __future__ import annotations

import argparse
import atexit
import dataclasses
import os
from contextlib import AbstractContextManager
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy
from torch import Tensor, nn

from training.loop.distributed import rank, world_size
from training.loop.precision import PRECISIONS, chosen_precision


def add_runtime_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that Runtime.from_arguments reads."""
    group = parser.add_argument_group("where to compute")
    group.add_argument("--accelerator", choices=("auto", "cpu", "cuda"), default="auto")
    group.add_argument("--devices", type=int, help="GPUs, or CPU processes, per node; default: torchrun's number, or 1")
    group.add_argument("--nodes", type=int, help="number of machines; default: torchrun's number, or 1")
    group.add_argument(
        "--precision", choices=PRECISIONS, default="auto",
        help="of the networks; weights stay float32. auto (default): bf16 where the processor or GPU has it, else f32",
    )  # fmt: skip
    group.add_argument("--threads", type=int, help="CPU threads per process; bits depend on it")
    group.add_argument(
        "--compile", action="store_true", help="fuse the networks' kernels first (torch.compile; needs a C++ compiler)"
    )


def _torchrun_layout() -> tuple[int, int]:
    """(processes per node, nodes) that torchrun started, (1, 1) without it."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return 1, 1
    total, local = int(os.environ["WORLD_SIZE"]), int(os.environ["LOCAL_WORLD_SIZE"])
    if total % local:
        raise ValueError(f"torchrun started {total} processes, {local} of them here: every node must run as many")
    return local, total // local


def _layout(devices: int | None, nodes: int | None) -> tuple[int, int]:
    started = _torchrun_layout()
    wanted = (started[0] if devices is None else devices, started[1] if nodes is None else nodes)
    if min(wanted) < 1:
        raise ValueError(f"--devices {wanted[0]} --nodes {wanted[1]}: both must be at least 1")
    if "TORCHELASTIC_RUN_ID" in os.environ and wanted != started:
        raise ValueError(
            f"--devices {wanted[0]} --nodes {wanted[1]} contradict torchrun, which started {started[0]} processes on "
            f"{started[1]} nodes: leave both options out"
        )
    return wanted


def _accelerator(name: str, devices: int) -> str:
    n_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        name = "cuda" if n_gpus else "cpu"
    if name == "cuda" and devices > n_gpus:
        raise ValueError(f"{devices} GPUs asked for, {n_gpus} here: use --accelerator cpu or fewer --devices")
    return name


def _leave_group() -> None:
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


class Runtime:
    """The processes and device of a run; making one joins (or, for devices > 1 without torchrun, starts) the others.
    devices, nodes: None means what torchrun says, else 1.   precision: of PRECISIONS.   threads: None leaves
    torch's.   compiled: whether compile() does anything.
    Raises ValueError with one sentence for a layout that this machine or torchrun does not have."""

    def __init__(
        self,
        accelerator: str = "auto",
        devices: int | None = None,
        nodes: int | None = None,
        precision: str = "f32",
        threads: int | None = None,
        compiled: bool = False,
    ):
        devices, nodes = _layout(devices, nodes)
        accelerator = _accelerator(accelerator, devices)
        precision = chosen_precision(precision, accelerator)
        # Some parameters have no gradient in some steps (a term switched off, a dropped condition): hence "unused".
        # Buffers are statistics set before training, equal on all ranks: broadcasting them every step is waste.
        ddp = DDPStrategy(find_unused_parameters=True, forward_sync_buffers=False)
        strategy = ddp if devices * nodes > 1 else "auto"
        # Fabric's own bf16 would put the loss under autocast too, where its matrix products lose bits: see autocast.
        self.fabric = Fabric(
            accelerator=accelerator, devices=devices, num_nodes=nodes, strategy=strategy, precision="32-true"
        )
        self.fabric.launch()
        if torch.distributed.is_initialized():
            # Fabric does so for GPUs only; a gloo group that is left to the interpreter's end aborts the process now
            # and then ("terminate called without an active exception"), and torchrun calls a whole run failed.
            atexit.register(_leave_group)
        self.precision, self.compiled = precision, compiled
        if threads is not None:
            torch.set_num_threads(threads)

    @classmethod
    def from_arguments(cls, args: argparse.Namespace) -> Runtime:
        """Of the options of add_runtime_arguments."""
        return cls(args.accelerator, args.devices, args.nodes, args.precision, args.threads, args.compile)

    @property
    def device(self) -> torch.device:
        return self.fabric.device

    @property
    def is_main(self) -> bool:
        """True in the one process that writes files and talks."""
        return rank() == 0

    @property
    def speaks_for_node(self) -> bool:
        """True in the one process per machine whose exit status counts."""
        return self.fabric.local_rank == 0

    def autocast(self) -> AbstractContextManager:
        """Context for the networks' forward passes; keep the arithmetic of the loss outside, in float32."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16")

    def compile(self, network: nn.Module) -> None:
        """Fuses the kernels of a network that training calls with few shapes, each compiled by itself when it first
        comes (a minute). Names of parameters stay. Rounding differs from that of the network as it was."""
        if self.compiled:
            network.compile(dynamic=False)

    def place(self, data: Any) -> Any:
        """data with every tensor in it on this process's device. Goes into dataclasses, dicts, lists and tuples."""
        if isinstance(data, Tensor):
            return data.to(self.device, non_blocking=True)
        if dataclasses.is_dataclass(data) and not isinstance(data, type):
            fields = [f.name for f in dataclasses.fields(data) if f.init]
            return dataclasses.replace(data, **{name: self.place(getattr(data, name)) for name in fields})
        if isinstance(data, dict):
            return {key: self.place(value) for key, value in data.items()}
        if isinstance(data, tuple) and hasattr(data, "_fields"):
            return type(data)(*(self.place(value) for value in data))
        if isinstance(data, (list, tuple)):
            return type(data)(self.place(value) for value in data)
        return data

    def setup(self, module: nn.Module) -> nn.Module:
        """module moved to the device; calling the result averages the gradients over ranks in backward."""
        return self.fabric.setup_module(module)

    def about(self) -> dict[str, Any]:
        """What a checkpoint notes of the place it was made in."""
        return {"accelerator": self.device.type, "precision": self.precision, "processes": world_size()}
