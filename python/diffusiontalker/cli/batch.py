"""The work of several inputs, one after the other: what is told meanwhile, what fails, and how it ends."""

from __future__ import annotations

import copy
import errno
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from diffusiontalker.cli.console import Console, Progress
from diffusiontalker.cli.failures import sentence
from diffusiontalker.cli.inputs import Item
from diffusiontalker.errors import OutputError
from diffusiontalker.io import temporary
from diffusiontalker.io.atomic import ExistsError, cause_of

SOME_FAILED = 1  # exit code
_SCHEMA = "diffusiontalker.batch/1"
_PROGRESS_S = 0.5  # between two progress events at least
_DISK_IS_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True)
class Done:
    """What one input came to. document: for --json.   told: the closing sentence.   details: lines for people.
    outputs: that were written."""

    document: dict
    told: str
    details: Sequence[str]
    outputs: Sequence[str]


class Work(Protocol):
    """A command's work."""

    def prepare(self, args, console: Console) -> None:
        """What all inputs share, such as the model; an error of it ends the command."""

    def one(self, args, console: Console) -> Done:
        """The work of args.input, written to args.output."""


@dataclass
class _Result:
    item: Item
    state: str  # "done", "skipped", "failed"
    error: str = ""
    code: int = 0

    @property
    def sentence(self) -> str:
        """The error with the input, which most errors name."""
        return self.error if self.item.source in self.error else f"{self.item.source}: {self.error}"


@dataclass
class _Told:
    """Tells what happens: lines for people, or with --json one JSON object in a line."""

    console: Console
    as_json: bool
    n: int  # inputs
    n_begun: int = 0
    results: list[_Result] = field(default_factory=list)

    def event(self, name: str, item: Item | None = None, **more) -> None:
        if self.as_json:
            place = {} if item is None else {"input": item.source, "number": self.n_begun}
            self.console.json_line({"schema": _SCHEMA, "event": name, **place, "of": self.n, **more})

    def line(self, item: Item, text: str) -> None:
        self.console.notice(f"{self.n_begun}/{self.n} {item.source}: {text}")


class _ItemConsole(Console):
    """As the console of the command; bars carry the number of the input, and progress is an event too."""

    def __init__(self, told: _Told, item: Item):
        super().__init__(told.console.quiet, told.console.verbose)
        self._told, self._item = told, item

    def progress(self, total: float | None, label: str, unit: str = "s") -> Progress:
        shown = super().progress(total, f"{self._told.n_begun}/{self._told.n} {self._item.source} {label}", unit)
        return _Tee(shown, self._told, self._item, total, label) if self._told.as_json else shown


class _Tee(Progress):
    """A progress bar whose steps are events as well."""

    def __init__(self, bar: Progress, told: _Told, item: Item, total: float | None, label: str):
        super().__init__(total, label, "s", shown=False)
        self._shown, self._told, self._item = bar, told, item
        self._total, self._label, self._last = total, label, time.monotonic()

    def __call__(self, done: float) -> None:
        self._shown(done)
        if time.monotonic() - self._last >= _PROGRESS_S:
            self._last = time.monotonic()
            self._told.event("progress", self._item, doing=self._label, done_s=done, total_s=self._total)

    def __exit__(self, *exc) -> None:
        self._shown.__exit__(*exc)


def tell(done: Done, args, console: Console) -> None:
    """The end of a command with one input."""
    if args.json:
        console.json(done.document)
    for line in done.details:
        console.notice(line)
    console.notice(done.told + "".join(f"\n  {name}" for name in done.outputs))


def run(items: Sequence[Item], work: Work, args, console: Console) -> int:
    """Works on every input, whatever becomes of the others. Returns 0, or SOME_FAILED; the code of the failure where
    there was one input only.
    An interrupt leaves whole files; what is done is told.
    """
    told = _Told(console, args.json, len(items))
    is_ready = False
    try:
        for item in items:
            told.n_begun += 1
            names = [name for name in item.outputs if not (args.skip_existing and os.path.exists(name))]
            if not names:
                _finish(told, _Result(item, "skipped"), outputs=list(item.outputs))
                continue
            if not is_ready:
                work.prepare(args, console)
                is_ready = True
            told.event("begin", item, outputs=names)
            one = copy.copy(args)
            one.input, one.output, one.more = item.source, names, []
            if not _work_on(item, work, one, told):
                break
    except KeyboardInterrupt:
        n = sum(r.state == "done" for r in told.results)
        console.notice(f"{n} of {len(items)} inputs are done: the same command with --skip-existing goes on")
        raise
    finally:
        for folder in {Path(name).absolute().parent for item in items for name in item.outputs}:
            temporary.sweep(folder)
    return _close(told)


def _work_on(item: Item, work: Work, args, told: _Told) -> bool:
    """Whether to go on with the next input."""
    try:
        _make_folders(args.output)
        done = work.one(args, _ItemConsole(told, item))
    except BrokenPipeError:
        raise
    except Exception as e:
        if args.skip_existing and isinstance(e, ExistsError):  # another process was quicker
            _finish(told, _Result(item, "skipped"), outputs=args.output)
            return True
        text, code = sentence(e)
        _finish(told, _Result(item, "failed", text, code), error=text, exit_code=code)
        if args.debug:
            told.console.exception(e)
        return not _disk_is_full(e)
    _finish(told, _Result(item, "done"), done, result=done.document)
    return True


def _disk_is_full(error: BaseException | None) -> bool:
    """Whether it would be the same for the inputs that follow, after all their work."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _DISK_IS_FULL:
            return True
        error = error.__cause__
    return False


def _make_folders(names: Sequence[str]) -> None:
    for folder in {Path(name).parent for name in names}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError as e:
            raise OutputError(f"{folder} is a file: name another folder for the outputs") from e
        except OSError as e:
            raise OutputError(f"the folder {folder} cannot be made: {cause_of(e)}") from e


def _finish(told: _Told, end: _Result, done: Done | None = None, **more) -> None:
    told.results.append(end)
    told.event(end.state, end.item, **more)
    if end.state == "failed":
        told.console.error(end.sentence)
    elif done is not None:
        told.line(end.item, done.told + "".join(f"\n  {name}" for name in done.outputs))
        if sum(r.state == "done" for r in told.results) == 1:
            for line in done.details:  # the same for all inputs: what moves in a character, for example
                told.console.notice(line)


def _close(told: _Told) -> int:
    """The closing lines. Returns the exit code."""
    count = Counter(r.state for r in told.results)
    failed = [r for r in told.results if r.state == "failed"]
    n_left = told.n - len(told.results)
    code = 0 if not failed else SOME_FAILED if told.n > 1 else failed[0].code
    told.event(
        "end",
        n_done=count["done"],
        n_skipped=count["skipped"],
        n_failed=len(failed),
        n_left=n_left,
        failed=[{"input": r.item.source, "error": r.error, "exit_code": r.code} for r in failed],
        exit_code=code,
    )
    if told.n > 1:
        parts = [f"{count['done']} of {told.n} inputs are done"]
        if count["skipped"]:
            parts.append(f"{count['skipped']} were there already")
        if n_left:
            parts.append(f"{n_left} were not begun")
        told.console.notice(", ".join(parts))
        if failed:
            told.console.error(f"{len(failed)} of {told.n} inputs failed")
            for r in failed:
                told.console.trace(f"  {r.sentence}")
    return code
