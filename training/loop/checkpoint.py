"""Checkpoints as safetensors with a JSON header; written atomically, never pickled."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file


def save_checkpoint(path: Path, tensors: dict[str, torch.Tensor], about: dict) -> None:
    """Replaces path in one step, so that a killed run leaves the last whole checkpoint."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    contiguous = {k: v.detach().contiguous().clone() for k, v in tensors.items()}
    save_file(contiguous, str(temporary), metadata={"about": json.dumps(about)})
    os.replace(temporary, path)


def load_checkpoint(path: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """(tensors, about). Raises FileNotFoundError with the command that makes the file."""
    if not Path(path).exists():
        raise FileNotFoundError(f"no checkpoint {path}: run the stage before this one (training/README.md)")
    with safe_open(str(path), framework="pt") as file:
        about = json.loads(file.metadata()["about"])
        return {key: file.get_tensor(key) for key in file.keys()}, about


def with_prefix(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"{prefix}.{k}": v for k, v in tensors.items()}


def under_prefix(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {k[len(prefix) + 1 :]: v for k, v in tensors.items() if k.startswith(prefix + ".")}


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """The optimizer's state as named tensors, in the order of its parameters."""
    state = optimizer.state_dict()["state"]
    return {f"{i}.{k}": torch.as_tensor(v) for i, entry in state.items() for k, v in entry.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
