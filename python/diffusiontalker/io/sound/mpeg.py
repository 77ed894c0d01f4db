"""The frames of an MP3 file, counted: how long it is, and where its sound begins and ends.

libsndfile asks libmpg123, which believes a Xing, Info or VBRI header, and without one multiplies the size of the file
with the bit rate of the first frame. Programs that write into a pipe cannot write such a header.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from diffusiontalker.io.sound.view import View

# ISO/IEC 11172-3 and 13818-3: kbit/s by index 1..14, for layers I, II, III of MPEG-1 and of MPEG-2 and 2.5.
_BIT_RATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_BIT_RATES[2, 3] = _BIT_RATES[2, 2]
_SAMPLE_RATES = (44100, 48000, 32000)  # of MPEG-1; MPEG-2 has half of them, 2.5 a quarter
# Twelve bits of every frame, then a bit rate and a sample rate that exist.
_RATES = b"".join(b"\\x%x0-\\x%xb" % (k, k) for k in range(1, 15))
_SYNC = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][" + _RATES + rb"]")
_BLOCK = 1 << 20
_LARGEST_FRAME = 4608  # bytes; layer II at 384 kbit/s and 32 kHz has 1728
_START_WITHIN = 1 << 20  # of the file: a first frame after more than this is no MP3
_JUNK = 1000  # bytes between frames that libmpg123 skips; after more it stops
_MAX_FALSE = 100_000  # places that look like a frame and are none: a damaged file is given up then


@dataclass(frozen=True)
class Header:
    """What four bytes say. kind: all that stays the same within a run."""

    size: int
    kind: tuple[int, int, int, bool]  # version (1, 2, 25), layer, sample rate, whether it is mono
    frame_samples: int


@dataclass
class Run:
    """Frames of one layer, rate and number of channels that follow each other."""

    kind: tuple[int, int, int, bool]
    start: int  # of the first frame
    end: int
    frame_samples: int
    n_frames: int = 0
    info_bytes: int = 0  # of a Xing, Info or VBRI frame at the start, which holds no sound; 0: there is none
    declared_frames: int | None = None  # that frame's count of the others
    junk_bytes: int = 0  # that are no frames, before it and in it, but for tags

    @property
    def rate_hz(self) -> int:
        return self.kind[2]

    @property
    def n_sounding(self) -> int:
        """Frames without that of the header."""
        return self.n_frames - bool(self.info_bytes)

    def seconds(self, n_frames: int) -> float:
        return n_frames * self.frame_samples / self.rate_hz


_SEEN: dict[bytes, Header | None] = {}  # few of the 2^32 occur: a table makes the count four times as fast


def frame_header(four: bytes) -> Header | None:
    """None for bytes that begin no frame, and for the free format, whose frames do not tell their size."""
    if four not in _SEEN:
        if len(_SEEN) > 4096:
            _SEEN.clear()
        _SEEN[four] = _frame_header(four)
    return _SEEN[four]


def _frame_header(four: bytes) -> Header | None:
    if len(four) < 4 or four[0] != 0xFF or four[1] & 0xE0 != 0xE0:
        return None
    version = {0: 25, 2: 2, 3: 1}.get(four[1] >> 3 & 3)
    layer = 4 - (four[1] >> 1 & 3)
    rate_index, padding, bit_rate_index = four[2] >> 2 & 3, four[2] >> 1 & 1, four[2] >> 4
    if version is None or layer == 4 or rate_index == 3 or bit_rate_index in (0, 15):
        return None
    rate = _SAMPLE_RATES[rate_index] // {1: 1, 2: 2, 25: 4}[version]
    bits = 1000 * _BIT_RATES[min(version, 2), layer][bit_rate_index - 1]
    n_samples = 384 if layer == 1 else 576 if layer == 3 and version != 1 else 1152
    size = (12 * bits // rate + padding) * 4 if layer == 1 else n_samples // 8 * bits // rate + padding
    return Header(size, (version, layer, rate, four[3] >> 6 == 3), n_samples)


def find_runs(view: View) -> list[Run]:
    """All frames of a file, in order; [] when it is not MP3. Reads the file once."""
    runs: list[Run] = []
    window, window_at, at, n_false, junk_from = b"", 0, 0, 0, -1
    while at + 4 <= len(view) and n_false < _MAX_FALSE:
        if not window_at <= at <= window_at + len(window) - 2 * _LARGEST_FRAME and window_at + len(window) < len(view):
            window, window_at = view.read_at(at, _BLOCK), at
        here = at - window_at
        header = frame_header(window[here : here + 4])
        goes_on = bool(runs) and header is not None and header.kind == runs[-1].kind
        if header is not None and (
            (goes_on and at == runs[-1].end) or _is_followed(window, here, header, len(view) - at)
        ):
            if not goes_on or at - runs[-1].end > _JUNK:
                runs.append(Run(header.kind, at, at, header.frame_samples))
                _read_info(runs[-1], window[here : here + header.size])
            runs[-1].junk_bytes += at - junk_from if junk_from >= 0 else 0
            at, junk_from = min(len(view), at + header.size), -1
            runs[-1].n_frames += 1
            runs[-1].end = at
        elif tag := id3_bytes(window[here : here + 10]):
            at += tag if at + tag < len(view) else 10  # a damaged size of a tag hides no frames
            n_false += not runs
        else:
            n_false += header is not None
            junk_from = at if junk_from < 0 and runs else junk_from
            found = _SYNC.search(window, here + 1)
            at = window_at + (found.start() if found else max(here + 1, len(window) - 2))
            if not runs and at > _START_WITHIN:
                break
    return runs


def _is_followed(window: bytes, here: int, header: Header, n_left: int) -> bool:
    """Whether another frame of its kind follows, or the file ends: four bytes alone look like a header by chance."""
    following = frame_header(window[here + header.size : here + header.size + 4])
    return header.size >= n_left if following is None else following.kind == header.kind


def id3_bytes(head: bytes) -> int:
    """Length of the ID3v2 tag that begins with these 10 bytes; 0 when they begin none."""
    if len(head) < 10 or head[:3] != b"ID3":
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + size + (10 if head[5] & 0x10 else 0)


def _read_info(run: Run, frame: bytes) -> None:
    """Looks for a header of the whole file in the first frame. Source: the Xing VBR header, LAME's tag revision 1."""
    version, _, _, is_mono = run.kind
    side = (17 if is_mono else 32) if version == 1 else (9 if is_mono else 17)
    for at in (4 + side, 6 + side):  # with a checksum behind the frame's header
        if frame[at : at + 4] in (b"Xing", b"Info"):
            run.info_bytes = len(frame)
            if len(frame) >= at + 12 and frame[at + 7] & 1:
                run.declared_frames = struct.unpack(">I", frame[at + 8 : at + 12])[0]
            return
    if frame[36:40] == b"VBRI" and len(frame) >= 54:
        run.info_bytes, run.declared_frames = len(frame), struct.unpack(">I", frame[50:54])[0]
