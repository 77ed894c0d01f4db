"""A part of an open file as a file of its own, for decoders that believe what a header says."""

from __future__ import annotations

import os
from typing import BinaryIO

_TAIL = 128  # libmpg123 looks for an ID3v1 tag of this size at the end before it opens a file


class View:
    """Bytes start..end of a file, read-only, with a position of its own.

    It has no name and no file number, so that a decoder sees neither the name's ending nor its encoding.
    patches: (offset in the view, bytes) that are read instead of the file's own; for wrong lengths in a header.
    pretended: a length that seek(0, os.SEEK_END) tells instead of the real one. libmpg123 estimates from the size how
    long an MP3 file without a length header is, and stops there; when the size is too large it reads to the real end.
    """

    def __init__(
        self, file: BinaryIO, start: int, end: int, patches: tuple[tuple[int, bytes], ...] = (), pretended: int = 0
    ):
        self.file, self.start, self.end = file, start, max(start, end)
        self._patches = patches
        self._size = self.end - start
        self._seen_size = max(pretended, self._size)
        self._at = 0

    def plain(self) -> View:
        """The same bytes as they are, from the beginning."""
        return View(self.file, self.start, self.end)

    def part(self, start: int, end: int, pretended: int = 0) -> View:
        """Bytes start..end of this view, without its patches."""
        return View(self.file, self.start + start, min(self.start + end, self.end), (), pretended)

    def __len__(self) -> int:
        return self._size

    def read_at(self, offset: int, n: int) -> bytes:
        """Up to n bytes from an offset, without patches; the position stays."""
        n = min(n, self._size - offset)
        if n <= 0:
            return b""
        self.file.seek(self.start + offset)
        data = self.file.read(n) or b""
        while len(data) < n and (more := self.file.read(n - len(data))):  # unbuffered files may give less
            data += more
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._seen_size}[whence]
        self._at = max(0, base + offset)  # libsndfile seeks before the beginning of some files and goes on
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, n: int = -1) -> bytes:
        if n is None or n < 0:
            n = max(0, self._size - self._at)
        data = self.read_at(self._at, n)
        if not data and self._seen_size > self._size and self._at >= self._seen_size - _TAIL:
            data = bytes(max(0, min(n, self._seen_size - self._at)))
        data = self._patched(data)
        self._at += len(data)
        return data

    def _patched(self, data: bytes) -> bytes:
        for offset, patch in self._patches:
            first, last = max(offset, self._at), min(offset + len(patch), self._at + len(data))
            if first < last:
                data = data[: first - self._at] + patch[first - offset : last - offset] + data[last - self._at :]
        return data

    def find(self, pattern, start: int = 0) -> int:
        """Offset of the first match of a compiled bytes pattern, of at most 64 bytes; -1 when there is none."""
        at, block = start, 1 << 12
        while at < self._size:
            found = pattern.search(self.read_at(at, block + 64))
            if found:
                return at + found.start()
            at += block
            block = min(2 * block, 1 << 20)
        return -1
