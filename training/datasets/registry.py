"""The data sets by the name that the command line knows them by."""

from __future__ import annotations

from pathlib import Path

from training.datasets.beat import Beat
from training.datasets.biwi import Biwi
from training.datasets.etf import Etf
from training.datasets.livelink import LiveLink
from training.datasets.take import DataError, DataSet, Options
from training.datasets.vocaset import Vocaset

DATA_SETS: dict[str, type[DataSet]] = {c.kind: c for c in (Vocaset, Biwi, Beat, Etf, LiveLink)}


def open_data_set(kind: str, root: Path, options: Options | None = None) -> DataSet:
    """The data set of that kind under root. Raises DataError when it is unknown or not in its layout."""
    if kind not in DATA_SETS:
        raise DataError(f"no data set is called {kind!r}: choose one of {', '.join(DATA_SETS)}")
    return DATA_SETS[kind](Path(root), options)
