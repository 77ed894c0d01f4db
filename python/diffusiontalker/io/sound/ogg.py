"""The pages of an Ogg file: the links of a chained one, of which libsndfile reads the first, and how long each is."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from diffusiontalker.io.sound.view import View

_PAGE = re.compile(rb"OggS\x00")
_PAGE_HEAD = 27  # bytes before the table of a page's segments (RFC 3533)
_BEGINS = 2  # flag of the first page of a stream
_SMALL, _MAX_SMALL = 64, 100_000  # bytes; more pages that are so small are no sound, and not looked at one by one
_NO_PACKET_ENDS = (1 << 64) - 1


@dataclass
class Link:
    """One part of a chained file; several streams may lie side by side in it."""

    start: int
    end: int
    serial: int | None = None  # of its stream of sound
    rate_hz: float = 0.0  # of the granules
    skip: int = 0  # granules before the sound begins
    granules: int = 0

    @property
    def duration_s(self) -> float | None:
        return max(0, self.granules - self.skip) / self.rate_hz if self.rate_hz else None


def find_links(view: View, most: int) -> list[Link]:
    """The links of an Ogg file, most + 1 at the most; [] when it is none. Reads the heads of the pages."""
    links: list[Link] = []
    at, begins, n_small = 0, False, 0
    while len(links) <= most and n_small < _MAX_SMALL:
        head = view.read_at(at, _PAGE_HEAD + 255)
        if len(head) < _PAGE_HEAD or head[:4] != b"OggS":
            at = view.find(_PAGE, at + 1) if links else -1  # decoders go on behind damaged pages too
            n_small += 1
            if at < 0:
                break
            continue
        flags, granule, serial = struct.unpack("<BQI", head[5:18])
        body = at + _PAGE_HEAD + head[26]
        end = body + sum(head[_PAGE_HEAD : _PAGE_HEAD + head[26]])
        if flags & _BEGINS:
            if not begins:
                links.append(Link(at, at))
            if links[-1].serial is None:
                _read_codec(links[-1], serial, view.read_at(body, 64))
        elif not links:
            return []
        begins = bool(flags & _BEGINS)
        if serial == links[-1].serial and granule != _NO_PACKET_ENDS:
            links[-1].granules = max(links[-1].granules, granule)
        n_small += end - at < _SMALL
        at = links[-1].end = min(end, len(view))
    if links and n_small >= _MAX_SMALL:
        links[-1].end = len(view)
    return links


def _read_codec(link: Link, serial: int, packet: bytes) -> None:
    if packet[:7] == b"\x01vorbis" and len(packet) >= 16:
        link.rate_hz = struct.unpack("<I", packet[12:16])[0]
    elif packet[:8] == b"OpusHead" and len(packet) >= 12:
        link.rate_hz, link.skip = 48000, struct.unpack("<H", packet[10:12])[0]  # RFC 7845: always 48 kHz
    elif packet[:5] == b"\x7fFLAC" and len(packet) >= 30:
        link.rate_hz = int.from_bytes(packet[27:30], "big") >> 4
    elif packet[:8] == b"Speex   " and len(packet) >= 40:
        link.rate_hz = struct.unpack("<I", packet[36:40])[0]
    else:
        return
    link.serial = serial
