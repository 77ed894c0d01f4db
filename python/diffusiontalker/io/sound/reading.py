"""A sound input from opening to samples: which decoder reads what, and what is said when something is missing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.extras import install_command
from diffusiontalker.io.sound import libav, libsndfile
from diffusiontalker.io.sound.layout import Layout, Part, find_parts
from diffusiontalker.io.sound.libsndfile import UnreadableError
from diffusiontalker.io.sound.pcm import RawFormat, raw_blocks
from diffusiontalker.io.sound.quiet import Quiet
from diffusiontalker.io.sound.source import open_source
from diffusiontalker.io.sound.view import View

Block = tuple[np.ndarray, int]  # float32 [n, n_channels], sample rate in Hz
_MAX_WARNINGS = 10
_GOOD = "give a WAV, FLAC, OGG or MP3 file"


class Sound:
    """An opened sound input, which can be read several times. A context manager.

    name: for messages.   path: of a regular file, else None.
    duration_s: seconds that the file should hold; None when it does not tell.
    """

    def __init__(
        self,
        what: Any,
        *,
        raw: RawFormat | None = None,
        channel: int | None = None,
        warn: Callable[[str], None] | None = None,
        quiet: bool = False,
    ):
        """what: a path, "-" for standard input, the bytes of a file, or a file open in binary mode.
        raw: how to read samples without a header; None: the file has one.
        channel: 1..64, the only channel that is given; None: all of them.
        warn: receives sentences about sound that is missing, each once; None: Python's logging ("diffusiontalker").
        quiet: silence what C libraries print on the error output of the process meanwhile.
        Raises InputError: missing, a folder, a device, empty, cut off in its header.
        """
        self._raw, self._channel, self._quiet = raw, channel, Quiet(quiet)
        self._warn, self._warned = warn or logging.getLogger("diffusiontalker").warning, set[str]()
        self._source = open_source(what)
        self.name, self.path = self._source.name, self._source.path
        try:
            view = View(self._source.file, self._source.start, self._source.end)
            if raw is None:
                self._layout = find_parts(view, self.name, self.warn)
                if self._layout.foreign is not None and libav.is_installed():
                    self._layout = Layout([Part(view, libav.duration_s(view.plain()), 0.2)], self._layout.foreign)
                self.duration_s = self._layout.duration_s
            else:
                self._layout = Layout([Part(view)])
                self.duration_s = len(view) / raw.frame_bytes / raw.rate_hz
        except OSError as e:
            self.close()
            raise InputError(f"{self.name} cannot be read: {e.strerror or e}") from e
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Sound:
        return self

    def __exit__(self, *_exc) -> None:
        self.close()

    def close(self) -> None:
        self._source.close()

    def warn(self, sentence: str) -> None:
        """Passes a warning on, unless the same one or very many were passed before."""
        if sentence not in self._warned and len(self._warned) < _MAX_WARNINGS:
            self._warned.add(sentence)
            self._warn(sentence)

    def blocks(self) -> Iterator[Block]:
        """The samples from the beginning, at most a second at a time.
        Raises InputError: not sound, no samples, a sample that is not a finite number (with its time), no such channel.
        """
        done_s, rate_hz = 0.0, None
        for part in self._layout.parts:
            for block, rate in self._decoded(part):
                if rate_hz is not None and rate != rate_hz:
                    self.warn(
                        f"{self.name} changes from {rate_hz} to {rate} Hz at {done_s:.2f} s: what follows is left out; "
                        "convert the file to one rate"
                    )
                    return
                rate_hz = rate
                self._check_finite(block, rate, done_s)
                done_s += len(block) / rate
                yield self._of_channel(block), rate
        if rate_hz is None:
            raise InputError(f"{self.name} holds no samples: its header is there but no sound")

    def _of_channel(self, block: np.ndarray) -> np.ndarray:
        if self._channel is None:
            return block
        if not 1 <= self._channel <= block.shape[1]:
            raise InputError(
                f"{self.name} has no channel {self._channel}: it has {block.shape[1]}, the first is number 1"
            )
        return np.ascontiguousarray(block[:, self._channel - 1 : self._channel])

    def _check_finite(self, block: np.ndarray, rate: int, done_s: float) -> None:
        if not np.isfinite(block).all():
            row, column = np.argwhere(~np.isfinite(block))[0]
            raise InputError(
                f"{self.name} holds a sample that is not a finite number ({block[row, column]}) at "
                f"{done_s + row / rate:.3f} s in channel {column + 1}: repair or convert the file"
            )

    def _decoded(self, part: Part) -> Iterator[Block]:
        """A part by the first decoder that reads it whole: libsndfile, then PyAV from where that stopped."""
        if self._raw is not None:
            for block in raw_blocks(part.view, self._raw):
                yield block, self._raw.rate_hz
            return
        n_done, rate, reason = 0, 0, ""
        if self._layout.foreign is None:
            try:
                for block, rate in libsndfile.blocks(part.view, self._quiet):
                    n_done += len(block)
                    yield block, rate
            except UnreadableError as e:
                reason = str(e)
            if not reason and not _is_short(part, n_done / max(1, rate)):
                return
        if libav.is_installed():
            try:
                rest = libav.blocks(part.view.plain(), n_done, rate)
                for block, rate in rest:
                    n_done += len(block)
                    yield block, rate
                reason = ""
            except UnreadableError as e:
                reason = reason or str(e)
        if not n_done:
            hint = "" if self._layout.foreign else "for example --raw s16le --rate HZ"
            raise InputError(self._refusal(reason or "it is cut off before its first sample"), command_line=hint)
        if reason or _is_short(part, n_done / rate):
            self._say_short(part, n_done / rate, reason)

    def _say_short(self, part: Part, seconds: float, reason: str) -> None:
        whole = "" if part.expected_s is None else f" of {part.expected_s:.2f} s"
        why = f" ({reason})" if reason else ""
        more = "" if libav.is_installed() else f"; PyAV may read more: {install_command('video')}"
        self.warn(
            f"{self.name} is cut off or damaged{why}: {seconds:.2f} s{whole} could be read, and these are used{more}"
        )

    def _refusal(self, reason: str) -> str:
        what = self._layout.foreign
        if what is not None and not libav.is_installed():
            return f"{self.name} is {what}, which needs PyAV: {install_command('video')}, or convert it to WAV"
        if what is not None:
            return f"{self.name} is {what} that cannot be read ({reason}): {_GOOD}, or convert it first"
        more = "" if libav.is_installed() else f"; for more formats, {install_command('video')}"
        advice = f"{_GOOD}, or convert it first{more}; samples without a header need their form and rate"
        return f"{self.name} cannot be read as sound ({reason}): {advice}"


def _is_short(part: Part, seconds: float) -> bool:
    return part.expected_s is not None and seconds < part.expected_s - part.slack_s


def read_audio(what: Any, **options: Any) -> Iterator[Block]:
    """The samples of a sound, in order.
    what: as for Sound, or a Sound, which stays open.   options: those of Sound.
    Yields (float32 [n, n_channels] nominal -1..1, sample rate in Hz), at most a second at a time.
    Raises InputError: missing, a folder, empty, not sound, no samples, a sample that is not a finite number (with its
    time). What can be told from the header is told before the first block.
    """
    if isinstance(what, Sound):
        yield from what.blocks()
        return
    with Sound(what, **options) as sound:
        yield from sound.blocks()
