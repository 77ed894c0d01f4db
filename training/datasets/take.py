"""What every data set yields: takes (speech with its motion) and a description of their motion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.prepared.motion_space import MotionSpace


class DataError(ValueError):
    """A data set that is not as its layout says; the message is one sentence with what to do."""


@dataclass(frozen=True)
class TakeRef:
    """A take that has not been read yet. where: what its data set needs to find it."""

    name: str
    speaker: str
    emotion: str
    split: str
    where: tuple = ()


@dataclass(frozen=True)
class Take:
    """audio: float32 [n_samples], mono, 16 kHz.   motion: float32 [n, C] at the description's frame rate; vertices are
    offsets from the speaker's template.   split: train, val, test, or test_b."""

    name: str
    audio: np.ndarray
    motion: np.ndarray
    speaker: str
    emotion: str
    split: str


@dataclass(frozen=True)
class Description:
    """What all takes of a data set share. identities: the speakers of the train split; all others are unseen.
    unit_m: metres per unit of the vertices (nominal where the data are normalised), None for weights."""

    motion: MotionSpace
    identities: tuple[str, ...]
    emotions: tuple[str, ...]
    source: str
    unit_m: float | None = None


@dataclass(frozen=True)
class Options:
    """cut_s: BEAT only, length of the pieces in seconds (0: whole takes).   skip_incomplete: leave out takes that lack
    their audio or motion instead of refusing the data set.   length_tolerance: frames that audio and motion may
    differ by."""

    cut_s: int = 10
    skip_incomplete: bool = False
    length_tolerance: float = 2.0


class DataSet:
    """A data set under `root`. Subclasses list takes cheaply and read one take at a time.

    Raises DataError, at construction for what concerns the whole set and at reading for what concerns a take."""

    kind = ""  # the name on the command line
    licence = ""  # one sentence on terms and source, kept in prepared clips

    def __init__(self, root: Path, options: Options | None = None):
        self.root, self.options = Path(root), options or Options()
        if not self.root.is_dir():
            raise DataError(f"{self.root} is no folder: --root names the folder of the {self.kind} data set")
        self._refs: list[TakeRef] = []
        self._open()

    def _open(self) -> None:
        """Reads what concerns the whole set and fills _refs."""
        raise NotImplementedError

    def describe(self) -> Description:
        raise NotImplementedError

    def refs(self) -> list[TakeRef]:
        """Every take of the published splits, in a fixed order."""
        return list(self._refs)

    def read_motion(self, ref: TakeRef) -> np.ndarray:
        """float32 [n, C] as in Take."""
        raise NotImplementedError

    def read_audio(self, ref: TakeRef) -> np.ndarray:
        """float32 [n_samples] as in Take."""
        raise NotImplementedError

    def leave_out(self, message: str) -> None:
        """What to do with an incomplete take: nothing where such takes are left out, else raise DataError(message)."""
        if not self.options.skip_incomplete:
            raise DataError(message)

    def templates(self) -> dict[str, np.ndarray]:
        """Rest shape per speaker, float32 [V, 3]; empty for weights."""
        return {}

    def regions(self) -> dict[str, np.ndarray]:
        """Named sets of vertex ids, int64; empty where the data set has none."""
        return {}

    def read(self, ref: TakeRef) -> Take:
        return Take(ref.name, self.read_audio(ref), self.read_motion(ref), ref.speaker, ref.emotion, ref.split)

    def takes(self) -> Iterator[Take]:
        """All takes, one in memory at a time."""
        for ref in self.refs():
            yield self.read(ref)


def train_speakers(refs: list[TakeRef]) -> tuple[str, ...]:
    return tuple(sorted({r.speaker for r in refs if r.split == "train"}))


def limited(refs: list[TakeRef], limit: int | None) -> list[TakeRef]:
    """At most `limit` takes of every split, in order; None: all."""
    count: dict[str, int] = {}
    out = []
    for ref in refs:
        count[ref.split] = count.get(ref.split, 0) + 1
        if limit is None or count[ref.split] <= limit:
            out.append(ref)
    return out
