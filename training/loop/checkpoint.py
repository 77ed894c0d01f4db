"""Checkpoints as safetensors with a JSON header; written atomically, never pickled."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from diffusiontalker.errors import OutputError
from diffusiontalker.io.atomic import atomic_path
from training.loop.errors import CheckpointError


def save_checkpoint(path: Path, tensors: dict[str, torch.Tensor], about: dict) -> None:
    """Replaces path in one step, so that a killed run leaves the last whole checkpoint.
    Raises CheckpointError when the file cannot be written; the one that was there is then untouched."""
    path = Path(path)
    # Copies: safetensors refuses tensors that share memory.
    copies = {k: v.detach().to("cpu", copy=True).contiguous() for k, v in tensors.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path, force=True) as hidden:
            save_file(copies, str(hidden), metadata={"about": json.dumps(about)})
    except (OSError, OutputError, SafetensorError) as error:
        kept = "the last checkpoint is untouched" if path.exists() else "no checkpoint was there before"
        raise CheckpointError(
            f"cannot write checkpoint {path} ({_reason(error)}): {kept}; make room, start again"
        ) from error


def _reason(error: Exception) -> str:
    cause = error.__cause__ if isinstance(error, OutputError) and error.__cause__ is not None else error
    return getattr(cause, "strerror", None) or str(cause).splitlines()[0]


def load_checkpoint(path: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """(tensors, about). Raises FileNotFoundError with the command that makes the file, CheckpointError for another
    kind of file or half of one."""
    if not Path(path).exists():
        raise FileNotFoundError(f"no checkpoint {path}: run the stage before this one (training/README.md)")
    try:
        with safe_open(str(path), framework="pt") as file:
            about = json.loads((file.metadata() or {})["about"])
            return {key: file.get_tensor(key) for key in file.keys()}, about  # noqa: SIM118 (it is no dict)
    except (OSError, SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} is no whole checkpoint ({_reason(error)}): delete it or name another") from error


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


def check_model(path: Path, found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    """Raises CheckpointError that names the first tensor of a checkpoint which is not the model's."""
    for name in sorted(found.keys() | expected.keys()):
        have, want = (tuple(t[name].shape) if name in t else "missing" for t in (found, expected))
        if have != want:
            raise CheckpointError(
                f"checkpoint {path} is of another model ({name}: {have} in the file, {want} in the model): "
                "delete it or name another"
            )


def check_moments(path: Path, found: dict[str, torch.Tensor], parameters: list[torch.nn.Parameter]) -> None:
    """Raises CheckpointError when optimizer tensors are not those of parameters, in this order."""
    for name, moment in found.items():
        index = int(name.split(".")[0])
        if index >= len(parameters) or (moment.dim() and moment.shape != parameters[index].shape):
            raise CheckpointError(
                f"checkpoint {path} was made with other parameters frozen (optimizer.{name}: "
                f"{tuple(moment.shape)}): delete it or name another"
            )
