"""Ranks, equal shares of a batch, and losses over all ranks' rows. Without a process group there is one rank."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def world_size() -> int:
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


def share(n_global: int) -> slice:
    """This rank's part of a global batch: contiguous, of the same size on every rank, in the order of ranks.
    Raises ValueError when n_global does not divide: unequal parts would weigh some rows more than others."""
    n_ranks = world_size()
    if n_global % n_ranks:
        raise ValueError(
            f"a global batch of {n_global} does not divide among {n_ranks} processes: "
            f"use a multiple of {n_ranks}, such as {max(1, n_global // n_ranks) * n_ranks}"
        )
    size = n_global // n_ranks
    return slice(rank() * size, (rank() + 1) * size)


class _GatherRows(torch.autograd.Function):
    """Every rank computes the same global loss L of all rows and differentiates it by its own rows only. The full
    gradient is the sum over ranks of these parts, but the gradients are averaged: hence the factor world_size.
    No collective in backward, so nothing can cross with those of gradient averaging."""

    @staticmethod
    def forward(ctx, rows: Tensor) -> Tensor:
        parts = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(world_size())]
        dist.all_gather(parts, rows.contiguous())
        ctx.n_rows = len(rows)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        first = rank() * ctx.n_rows
        return world_size() * gradient[first : first + ctx.n_rows]


def gather_rows(rows: Tensor) -> Tensor:
    """All ranks' rows in global order (the order of share), with gradient to this rank's rows.
    rows: [n, ...], the same n on every rank. Returns [world_size * n, ...].
    The loss made of the result must be the whole global loss, computed alike on every rank; then the average of the
    ranks' gradients is exactly its gradient, also for parameters used after gathering (a temperature, say)."""
    return rows if world_size() == 1 else _GatherRows.apply(rows)


def max_over_ranks(values: Tensor) -> Tensor:
    if world_size() == 1:
        return values
    values = values.clone()
    dist.all_reduce(values, op=dist.ReduceOp.MAX)
    return values


def gather_objects(value: Any) -> list[Any]:
    """Every rank's value, in the order of ranks, on every rank."""
    values = [value]
    if world_size() > 1:
        values = [None] * world_size()
        dist.all_gather_object(values, value)
    return values


def on_rank_zero(function: Callable[[], Any]) -> Any:
    """Calls function on rank 0 only and gives its result to every rank; its exception is raised on every rank too,
    so that none waits for one that has gone."""
    result, error = None, None
    if rank() == 0:
        try:
            result = function()
        except Exception as caught:
            error = caught
    if world_size() > 1:
        box = [(result, error)]
        dist.broadcast_object_list(box, src=0)
        result, error = box[0]
    if error is not None:
        raise error
    return result
