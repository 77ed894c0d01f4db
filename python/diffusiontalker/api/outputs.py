"""Several output files that appear together or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from diffusiontalker.errors import DiffusionTalkerError, OutputError
from diffusiontalker.io import atomic, temporary


class OutputSet:
    """Checks targets before the work, gives each a hidden file beside it to write to, and moves all at the end.
    Use as a context manager: what was not committed is removed.
    """

    def __init__(self, targets: Sequence[str | os.PathLike[str]], force: bool = False):
        """Nothing is made yet.
        Raises OutputError as io.atomic.check_target(), and for a target that is named twice."""
        self.force = force
        self.staged: dict[Path, Path] = {}  # target -> hidden file, from __enter__() on
        self._places: dict[Path, Path] = {}  # target -> where it really lies
        for name in targets:
            target = Path(name)
            place = atomic.check_target(name, force)
            with atomic.errors_of(target):
                real = place.resolve()
            if real in self._places.values():
                raise OutputError(f"{target} is named twice as an output")
            self._places[target] = real

    def __enter__(self) -> OutputSet:
        """Makes the hidden files, so that a folder that takes none is known before the work.
        Raises OutputError."""
        try:
            for target, place in self._places.items():
                with atomic.errors_of(target):
                    # The ending stays because it decides the format.
                    self.staged[target] = temporary.new_file(place.parent, target.suffix)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc) -> None:
        for staged in self.staged.values():
            temporary.remove(staged)

    @contextlib.contextmanager
    def naming(self, target: Path) -> Iterator[Path]:
        """Gives the hidden name to write to, which is there already; errors name the target and what to do."""
        staged = self.staged[target]
        try:
            with atomic.errors_of(target):
                yield staged
        except DiffusionTalkerError as e:
            raise type(e)(str(e).replace(str(staged), str(target)).replace(staged.name, target.name)) from e

    def commit(self) -> None:
        """Moves every file to its target. When one cannot be moved, those that did not exist before are removed."""
        created: list[Path] = []
        try:
            for target, place in self._places.items():
                with self.naming(target) as staged:
                    existed = os.path.lexists(place)
                    atomic.put_in_place(staged, place, self.force)
                    if not existed:
                        created.append(place)
        except BaseException:
            for place in created:
                with contextlib.suppress(OSError):
                    place.unlink()
            raise
