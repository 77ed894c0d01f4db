"""The chunks of WAV, RF64, RIFX, W64, AIFF and CAF: where the samples lie, how many bytes the header declares, and how
many there are. libsndfile reads a cut file without a word, and takes each format's mark for an unknown length for zero.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from diffusiontalker.errors import InputError
from diffusiontalker.io.sound.view import View

MAX_CHUNKS = 10_000  # before the samples; real files have fewer than a hundred
_UNKNOWN_32 = 0x7FFF0000  # programs that write into a pipe put nearly 2^31 or 2^32 there, or 0
_UNKNOWN_64 = 1 << 62
PLAIN = (1, 3, 6, 7, 0xFFFE)  # WAV's format tags of samples that all have one size
_W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")  # ends the GUIDs of its chunks


@dataclass(frozen=True)
class Family:
    """How a format writes its chunks."""

    name: str
    head: int  # bytes before the first chunk
    id_bytes: int
    size: str  # struct format of a chunk's size
    align: int  # chunks begin at multiples of it
    data: bytes  # identifier of the chunk with the samples
    prefix: int = 0  # bytes between the head of that chunk and the samples
    size_counts_head: bool = False
    total_at: int | None = 4  # where the head has the size of all that follows
    unknown_from: int = _UNKNOWN_32
    next_header: re.Pattern[bytes] | None = None  # begins a second recording, glued to the first

    @property
    def chunk_head(self) -> int:
        return self.id_bytes + struct.calcsize(self.size)


_WAV = re.compile(rb"RIFF....WAVEfmt |RF64\xff\xff\xff\xffWAVEds64", re.DOTALL)
FAMILIES = {
    b"RIFF": Family("WAV", 12, 4, "<I", 2, b"data", next_header=_WAV),
    b"RF64": Family("RF64", 12, 4, "<I", 2, b"data", next_header=_WAV),
    b"RIFX": Family("RIFX", 12, 4, ">I", 2, b"data", next_header=re.compile(rb"RIFX....WAVEfmt ", re.DOTALL)),
    b"FORM": Family(
        "AIFF", 12, 4, ">I", 2, b"SSND", prefix=8, next_header=re.compile(rb"FORM....AIF[FC]", re.DOTALL)
    ),
    b"riff": Family(
        "W64", 40, 16, "<Q", 8, b"data" + _W64_TAIL, size_counts_head=True, total_at=16, unknown_from=_UNKNOWN_64,
        next_header=re.compile(rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"),
    ),
    b"caff": Family(
        "CAF", 8, 4, ">Q", 1, b"data", prefix=4, total_at=None, unknown_from=_UNKNOWN_64,
        next_header=re.compile(rb"caff\x00\x01\x00\x00desc"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Samples:
    """The samples of one recording, in bytes of its file."""

    start: int
    declared: int | None  # None: the header says that it is not known
    present: int  # of the declared bytes, or all that follow
    bytes_per_second: float  # 0: not told, as in compressed formats
    sample_format: int  # the tag of WAV's fmt chunk; 0 elsewhere
    patches: tuple[tuple[int, bytes], ...]  # make the header declare what is there

    @property
    def end(self) -> int:
        return self.start + self.present


def family_of(head: bytes) -> Family | None:
    """From the first 12 bytes of a file; None for a file that is none of these."""
    family = FAMILIES.get(head[:4])
    if family is None or (head[:3] == b"RIF" and len(head) >= 12 and head[8:12] != b"WAVE"):
        return None
    if family.name == "AIFF" and len(head) >= 12 and head[8:12] not in (b"AIFF", b"AIFC"):
        return None
    return family


def find_samples(view: View, family: Family, name: str) -> Samples:
    """Raises InputError: no chunk of samples, because the header is cut off; more than MAX_CHUNKS before it."""
    at, bytes_per_second, sample_format, long_at, long_size = family.head, 0.0, 0, None, None
    for _ in range(MAX_CHUNKS):
        head = view.read_at(at, family.chunk_head)
        if len(head) < family.chunk_head:
            raise InputError(
                f"{name} is cut off in its header: {len(view)} bytes and no sound data; copy or record it again"
            )
        identity, (length,) = head[: family.id_bytes], struct.unpack(family.size, head[family.id_bytes :])
        body = at + family.chunk_head
        if family.size_counts_head:
            length = max(0, length - family.chunk_head)
        if identity == family.data:
            break
        start = view.read_at(body, min(length, 64))
        if identity[:4] == b"fmt " and len(start) >= 16:
            sample_format, bytes_per_second = _wav_rate(start, family.size[0])
        elif identity == b"ds64" and len(start) >= 16:
            long_at, long_size = body, struct.unpack("<Q", start[8:16])[0]
        elif identity == b"COMM" and len(start) >= 18:
            bytes_per_second = _aiff_rate(start)
        elif identity == b"desc" and len(start) >= 32:
            bytes_per_second = _caf_rate(start)
        at = body + length + -length % family.align
    else:
        raise InputError(f"{name} has over {MAX_CHUNKS} chunks before any sound: it is damaged, or no sound file")
    if identity == b"data" and length == 0xFFFFFFFF and long_size is not None:
        length, unknown_from = long_size, _UNKNOWN_64
    else:
        unknown_from = family.unknown_from
    begin = min(body + family.prefix, len(view))
    there, length = len(view) - begin, max(0, length - family.prefix)
    unknown = length >= unknown_from - family.prefix or (
        length == 0 and there > 0 and not ends_in_chunks(view, family, body)
    )
    present = there if unknown else min(length, there)
    patches = _patches(family, at, body, family.prefix + present, long_at) if unknown or length > there else ()
    return Samples(begin, None if unknown else length, present, bytes_per_second, sample_format, patches)


def _wav_rate(form: bytes, byte_order: str) -> tuple[int, float]:
    """(format tag, bytes a second) of a fmt chunk. For samples of one size the rate of bytes follows from the others,
    and the header's own, which some programs leave wrong, does not count."""
    tag, n_channels, rate, byte_rate, _, n_bits = struct.unpack(byte_order + "HHIIHH", form[:16])
    return tag, float(rate * n_channels * ((n_bits + 7) // 8) if tag in PLAIN else byte_rate)


def _aiff_rate(common: bytes) -> float:
    """Bytes a second of uncompressed AIFF: the rate is an 80-bit float."""
    n_channels, _, n_bits, exponent, mantissa = struct.unpack(">hIhHQ", common[:18])
    if common[18:22] not in (b"", b"NONE", b"twos", b"sowt", b"raw "):
        return 0.0
    return n_channels * ((n_bits + 7) // 8) * mantissa * 2.0 ** min(64, (exponent & 0x7FFF) - 16383 - 63)


def _caf_rate(description: bytes) -> float:
    rate, _, _, bytes_per_packet, frames_per_packet, _, _ = struct.unpack(">d4sIIIII", description[:32])
    return rate * bytes_per_packet / frames_per_packet if frames_per_packet and 0 < rate < 1e9 else 0.0


def ends_in_chunks(view: View, family: Family, at: int) -> bool:
    """Whether chunks with names of printable letters follow from `at` up to the end of the file."""
    at += -at % family.align
    for _ in range(MAX_CHUNKS):
        head = view.read_at(at, family.chunk_head)
        if not head:
            return True
        if len(head) < family.chunk_head or not all(32 <= letter < 127 for letter in head[:4]):
            return False
        length = struct.unpack(family.size, head[family.id_bytes :])[0]
        length = max(0, length - family.chunk_head) if family.size_counts_head else length
        at += family.chunk_head + length + -length % family.align
        if at > len(view) + family.align:
            return False
    return False


def _patches(family: Family, at: int, body: int, length: int, long_at: int | None) -> tuple[tuple[int, bytes], ...]:
    """What the header has to say when the chunk at `at` has its samples up to body + length, where the file ends."""
    end = body + length
    if long_at is not None:
        return ((long_at, struct.pack("<QQ", end - 8, length)),)
    largest = (1 << 8 * struct.calcsize(family.size)) - 1
    size = length + (family.chunk_head if family.size_counts_head else 0)
    patches = [(at + family.id_bytes, struct.pack(family.size, min(size, largest)))]
    if family.total_at is not None:
        total = end if family.size_counts_head else end - 8
        patches.append((family.total_at, struct.pack(family.size, min(total, largest))))
    return tuple(patches)
