"""Several output files that appear together or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from diffusiontalker.errors import DiffusionTalkerError, OutputError


class OutputSet:
    """Checks targets before the work, gives each a hidden name beside it to write to, and moves all at the end.
    Use as a context manager: what was not committed is removed.
    """

    def __init__(self, targets: list[Path], force: bool = False):
        """Raises OutputError: no folder, not writable, exists already without force, named twice."""
        self.force = force
        self.staged: dict[Path, Path] = {}
        for target in targets:
            _check(target, force)
            if target.resolve() in {t.resolve() for t in self.staged}:
                raise OutputError(f"{target} is named twice as an output")
            # The ending stays last because it decides the format.
            hidden = f".{target.stem}.{secrets.token_hex(4)}{target.suffix}"
            self.staged[target] = target.with_name(hidden)

    def __enter__(self) -> OutputSet:
        return self

    def __exit__(self, *_exc) -> None:
        for staged in self.staged.values():
            with contextlib.suppress(OSError):
                staged.unlink(missing_ok=True)

    @contextlib.contextmanager
    def naming(self, target: Path) -> Iterator[Path]:
        """Gives the hidden name to write to; errors name the target and what to do."""
        staged = self.staged[target]
        try:
            yield staged
        except OSError as e:
            raise OutputError(f"{target} cannot be written: {e.strerror or e}") from e
        except DiffusionTalkerError as e:
            raise type(e)(str(e).replace(str(staged), str(target)).replace(staged.name, target.name)) from e

    def commit(self) -> None:
        """Moves every file to its target. When one cannot be moved, those that did not exist before are removed."""
        created: list[Path] = []
        try:
            for target, staged in self.staged.items():
                with self.naming(target):
                    existed = target.exists()
                    if existed and not self.force:
                        raise OutputError(f"{target} appeared meanwhile: use --force (force=True) to overwrite it")
                    os.replace(staged, target)
                    if not existed:
                        created.append(target)
        except BaseException:
            for target in created:
                with contextlib.suppress(OSError):
                    target.unlink()
            raise


def _check(target: Path, force: bool) -> None:
    folder = target.parent
    if not folder.is_dir():
        raise OutputError(f"the output folder {folder} does not exist: create it first")
    if target.is_dir():
        raise OutputError(f"{target} is a folder: name a file in it")
    if target.exists() and not target.is_file():
        raise OutputError(f"{target} is not a regular file: name a file, or - for standard output")
    if target.exists() and not force:
        raise OutputError(f"{target} exists already: use --force (force=True) to overwrite it, or another name")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"the output folder {folder} is not writable: choose another one")
