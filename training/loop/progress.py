"""What a run tells: figures averaged over steps and ranks, as JSON lines, TensorBoard scalars and a progress bar."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import IO, Any

from torch import Tensor
from tqdm import tqdm

from training.loop.distributed import gather_objects
from training.loop.errors import CheckpointError


class Figures:
    """Sums of the steps since the last row; tensors stay on their device, so that adding does not wait for it."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor | float] = {}
        self.counts: dict[str, int] = {}

    def add(self, figures: dict[str, Tensor | float]) -> None:
        for key, value in figures.items():
            value = value.detach().double() if isinstance(value, Tensor) else value
            self.sums[key] = self.sums.get(key, 0.0) + value
            self.counts[key] = self.counts.get(key, 0) + 1

    def means(self) -> dict[str, float]:
        """Over steps and ranks, then forgotten. Every rank must call it; keys may differ between ranks and steps."""
        own = {k: (float(v), self.counts[k]) for k, v in self.sums.items()}
        self.sums, self.counts = {}, {}
        parts = gather_objects(own)
        keys = dict.fromkeys(k for part in parts for k in part)
        pairs = {k: [part[k] for part in parts if k in part] for k in keys}
        return {k: sum(s for s, _ in pair) / sum(n for _, n in pair) for k, pair in pairs.items()}


@functools.cache
def _summary_writer_class() -> type | None:
    """TensorBoard's writer, or None (said once) without the package."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        print("no TensorBoard scalars: pip install tensorboard to have them", flush=True)
        return None
    return SummaryWriter


def _drop_rows_after(path: Path, step: int) -> None:
    """Removes the rows of steps that were lost with an unsaved run and are about to be repeated."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= step]
    if len(kept) < len(lines):
        path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")


class RunLog:
    """Writes beside the checkpoint NAME.safetensors: NAME.jsonl and the folder NAME.tensorboard; shows a bar on a
    terminal. open and write are for rank 0 only; advance and close do nothing on a log that is not open."""

    def __init__(self, checkpoint: Path):
        self.checkpoint, self.path = checkpoint, checkpoint.with_suffix(".jsonl")
        self.file: IO[str] | None = None
        self.scalars: Any = None
        self.bar: Any = None

    def open(self, n_steps: int, step: int) -> None:
        """For a run that goes on from step. Raises CheckpointError when the folder cannot be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _drop_rows_after(self.path, step)
            self.file = open(self.path, "a", encoding="utf-8")
            writer = _summary_writer_class()
            if writer is not None:
                self.scalars = writer(str(self.checkpoint.with_suffix(".tensorboard")), purge_step=step + 1)
        except OSError as error:
            raise CheckpointError(f"cannot write the log {self.path} ({error.strerror})") from error
        self.bar = tqdm(total=n_steps, initial=step, unit="step", disable=not sys.stderr.isatty(), dynamic_ncols=True)

    def advance(self) -> None:
        if self.bar is not None:
            self.bar.update()

    def write(self, row: dict[str, float]) -> None:
        """Appends a row, which has "step". Raises CheckpointError on a full disk."""
        try:
            print(json.dumps(row), file=self.file, flush=True)
            if self.scalars is not None:
                for key, value in row.items():
                    if key != "step":
                        self.scalars.add_scalar(key, value, row["step"])
                self.scalars.flush()
        except OSError as error:
            raise CheckpointError(f"cannot write the log {self.path} ({error.strerror}): make room") from error
        if self.bar.disable:
            print(row, flush=True)
        else:
            self.bar.set_postfix({"loss": row.get("loss")}, refresh=False)
            self.bar.write(str(row))

    def close(self) -> None:
        for part in (self.bar, self.scalars, self.file):
            if part is not None:
                part.close()
