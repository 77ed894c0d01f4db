"""A small model with a regression and a contrastive loss, and the script that trains it in any number of processes."""

import argparse
import os
import signal
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from training.loop.distributed import gather_rows, rank, share
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime, add_runtime_arguments
from training.loop.trainer import RunConfig, Trainer

N_ROWS, N_IN, N_OUT, N_STEPS = 8, 5, 3, 12
WORKER_OPTIONS = ["--accelerator=cpu", "--precision=f32", "--threads=1"]


class Model(nn.Module):
    def __init__(self, dropout=0.0):
        super().__init__()
        self.body = nn.Linear(N_IN, 6)
        self.out = nn.Linear(6, N_OUT)
        self.left, self.right = nn.Linear(6, 4), nn.Linear(N_IN, 4)
        self.odd = nn.Linear(N_IN, 1)  # used in odd steps only
        self.log_scale = nn.Parameter(torch.tensor(0.5))
        self.frozen = nn.Linear(N_IN, 6).requires_grad_(False)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("mean", torch.full((N_IN,), 0.25))
        self.register_buffer("count", torch.tensor(7))


class SmallLoss(nn.Module):
    """nan_rank, term_rank: the process whose loss of step 5 is not a number, or that gets SIGTERM in it."""

    def __init__(self, model, runtime, nan_rank=None, term_rank=None):
        super().__init__()
        torch.manual_seed(1)
        self.model, self.runtime, self.nan_rank, self.term_rank = model, runtime, nan_rank, term_rank
        self.teacher = nn.Linear(N_IN, N_OUT).to(model.mean.dtype).requires_grad_(False)

    def describe_batch(self, step):
        return f"rows {share(N_ROWS)} of step {step}"

    def forward(self, step):
        model, generator = self.model, torch.Generator().manual_seed(step)
        x = torch.randn(N_ROWS, N_IN, generator=generator)[share(N_ROWS)].to(model.mean.dtype)
        weight = torch.rand(N_ROWS, generator=generator)[share(N_ROWS)].to(x.dtype)
        x, weight = self.runtime.place((x, weight))
        with self.runtime.autocast():
            hidden = model.dropout(torch.tanh(model.body(x - model.mean) + model.frozen(x)))
            out, left, right = model.out(hidden), model.left(hidden), model.right(x)
        error = (out.to(x.dtype) - self.teacher(x)).square().mean(dim=1)
        regression = gather_rows(weight * error).sum() / gather_rows(weight).sum()
        left, right = (gather_rows(F.normalize(v.to(x.dtype), dim=1)) for v in (left, right))
        labels = torch.arange(N_ROWS, device=x.device)
        contrastive = F.cross_entropy(left @ right.T * model.log_scale.exp(), labels)
        value = regression + 0.3 * contrastive
        if step % 2:
            value = value + model.odd(x).square().mean()
        if step == 5 and rank() == self.nan_rank:
            value = value * float("nan")
        if step == 5 and rank() == self.term_rank:
            os.kill(os.getpid(), signal.SIGTERM)
        return value, {"regression": regression.detach(), "contrastive": contrastive.item()}


def make_trainer(path, runtime=None, dropout=0.0, dtype=torch.float64, config=None, **loss_options):
    """float64, so that a wrong factor cannot hide in rounding."""
    runtime = runtime or Runtime("cpu")
    torch.manual_seed(0)
    model = Model(dropout).to(dtype)
    config = config or RunConfig(N_STEPS, 0.02, warmup_steps=3, log_every=4, save_every=5)
    return Trainer(SmallLoss(model, runtime, **loss_options), config, Path(path), {"stage": "test"}, runtime)


@reports_errors
def main(arguments=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--nan-rank", type=int)
    parser.add_argument("--term-rank", type=int)
    add_runtime_arguments(parser)
    args = parser.parse_args(arguments)
    runtime = Runtime.from_arguments(args)
    make_trainer(args.out, runtime, nan_rank=args.nan_rank, term_rank=args.term_rank).run()


def main_as_rank(rank, port, arguments, error_file):
    """main in a process made by hand, as one of two that torchrun would have started."""
    torchrun = {"TORCHELASTIC_RUN_ID": "none", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "GLOO_SOCKET_IFNAME": "lo"}
    torchrun |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ.update(torchrun)
    with open(error_file, "w") as file:
        os.dup2(file.fileno(), 2)
    main([*arguments, *WORKER_OPTIONS])


if __name__ == "__main__":
    main()
