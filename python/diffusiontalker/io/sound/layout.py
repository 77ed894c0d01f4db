"""What lies in a sound file: the recordings that follow each other in it, and how long each one should be.

Decoders are told the truth about a part by its view, and what they give is compared with what should be there.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from diffusiontalker.errors import InputError
from diffusiontalker.io.sound import chunks, mpeg, ogg
from diffusiontalker.io.sound.view import View

_FLAC = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
_SUN = re.compile(rb"\.snd\x00\x00...{4}\x00\x00\x00[\x01-\x1b]|dns\...\x00\x00.{4}[\x01-\x1b]\x00\x00\x00", re.DOTALL)
_SUN_BYTES = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}  # of a sample, by the number of its encoding
_TOLERATED_S = 1 / 30  # less is missing than one frame of animation: headers are often a few bytes off
_MPEG_SLACK_FRAMES = 4  # the delay of encoder and decoder, which some files say and others do not
_MPEG_TAGS = (0x50, 0x55)  # WAV's format tags of MPEG audio
_STRANGE_S = 0.5  # bytes behind the samples that are no chunks and would last longer are told
_MAX_PARTS = 1000  # more recordings in one file are an accident, or meant to keep the program busy
_MPEG_SHARE = 0.3  # of the bytes are frames, or the file is something else that looks like MPEG audio in places

# What the first bytes say a file is, where only PyAV reads it.
_FOREIGN = (
    (4, b"ftyp", "an MP4 or M4A file"), (0, b"\x1aE\xdf\xa3", "a WebM or Matroska file"),
    (0, b"FLV\x01", "a Flash video"), (4, b"moov", "a QuickTime file"), (4, b"mdat", "a QuickTime file"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "a WMA or WMV file"), (0, b"#!AMR", "an AMR file"), (0, b"\xff\xf1", "an AAC file"),
    (0, b"\xff\xf9", "an AAC file"), (8, b"AVI ", "an AVI video"), (0, b"wvpk", "a WavPack file"),
    (0, b"MAC ", "a Monkey's Audio file"), (0, b"TTA1", "a TTA file"), (0, b"\x0bw", "an AC-3 file"),
    (0, b".RMF", "a RealMedia file"),
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One recording. view: what the decoder reads.   expected_s: seconds that it should give, None: not known.
    slack_s: how much less is no reason to doubt."""

    view: View
    expected_s: float | None = None
    slack_s: float = _TOLERATED_S


@dataclass(frozen=True)
class Layout:
    """parts: in order.   foreign: what the file is, when libsndfile does not read it; else None."""

    parts: list[Part]
    foreign: str | None = None

    @property
    def duration_s(self) -> float | None:
        """None: the file does not tell."""
        known = [part.expected_s for part in self.parts]
        return None if None in known else sum(s for s in known if s is not None)


def find_parts(view: View, name: str, warn: Callable[[str], None]) -> Layout:
    """Looks at the headers, and where they may be wrong or missing through the file, once.
    warn: receives sentences about what is missing.   Raises InputError: the header is cut off, or there are too many.
    """
    tag = mpeg.id3_bytes(view.read_at(0, 10))
    layout = _find_parts(view.part(tag if tag < len(view) else 0, len(view)), name, warn)
    if len(layout.parts) > _MAX_PARTS:
        raise InputError(
            f"{name} holds over {_MAX_PARTS} recordings behind each other: it is damaged, or no sound file"
        )
    return layout


def _find_parts(view: View, name: str, warn: Callable[[str], None]) -> Layout:
    head = view.read_at(0, 64)
    if (family := chunks.family_of(head)) is not None:
        return Layout(_chunked(view, family, name, warn))
    if _FLAC.match(head):
        return Layout(_flac(view))
    if head[:4] == b"OggS":
        links = ogg.find_links(view, _MAX_PARTS)
        return Layout([Part(view.part(k.start, k.end), k.duration_s, 0.1) for k in links] or [Part(view)])
    if head[:4] in (b".snd", b"dns."):
        return Layout(_sun(view, name, warn))
    for at, magic, what in _FOREIGN:
        if head[at : at + len(magic)] == magic:
            return Layout([Part(view)], what)
    return Layout(_mpeg(view, name, warn) or [Part(view)])


def say_cut(name: str, there: str, whole: str, warn: Callable[[str], None]) -> None:
    warn(f"{name} is cut off: {there} of {whole} that its header declares are there, and these are used")


def _chunked(view: View, family: chunks.Family, name: str, warn: Callable[[str], None]) -> list[Part]:
    parts: list[Part] = []
    while len(parts) <= _MAX_PARTS:
        found = chunks.find_samples(view, family, name)
        following = -1
        if family.next_header is not None and found.present:
            following = view.find(family.next_header, found.start if found.declared is None else found.end)
        only = view if following < 0 else view.part(0, following)
        if following >= 0 and found.declared is None:
            found = chunks.find_samples(only, family, name)  # its samples end where the next recording begins
        _say_missing(only, found, family, name, warn)
        is_mpeg = found.sample_format in _MPEG_TAGS
        inside = _mpeg(only.part(found.start, found.end), name, warn) if is_mpeg else []
        parts += inside or [_chunked_part(only, found, family)]
        next_family = chunks.family_of(view.read_at(following, 12)) if following >= 0 else None
        if next_family is None:
            break
        view, family = view.part(following, len(view)), next_family
    return parts


def _say_missing(
    view: View, found: chunks.Samples, family: chunks.Family, name: str, warn: Callable[[str], None]
) -> None:
    """Compares what the header declares with what the file holds."""
    if found.declared is None:
        return
    rate, missing, behind = found.bytes_per_second, found.declared - found.present, len(view) - found.end
    if rate and missing / rate >= _TOLERATED_S:
        say_cut(name, f"{found.present / rate:.2f} s", f"{found.declared / rate:.2f} s", warn)
    elif not rate and missing > 0.01 * found.declared:
        say_cut(name, f"{found.present} bytes", f"{found.declared} bytes", warn)
    elif rate and behind / rate >= _STRANGE_S and not chunks.ends_in_chunks(view, family, found.end):
        warn(
            f"{name} goes on for {behind / rate:.2f} s behind the {found.present / rate:.2f} s that its header "
            "declares: these are left out; convert the file if they are sound"
        )


def _chunked_part(view: View, found: chunks.Samples, family: chunks.Family) -> Part:
    """A part whose header declares what is there. The view of a WAV ends with its samples, because libsndfile refuses
    files with something strange behind them; AIFF and CAF may have chunks there that it needs."""
    patches = found.patches
    if family.name in ("WAV", "RIFX", "RF64") and found.end < len(view):
        view = view.part(0, found.end)
    view = View(view.file, view.start, view.end, patches)
    rate = found.bytes_per_second
    is_plain = found.sample_format in (0, *chunks.PLAIN)
    return Part(view, found.present / rate if rate and is_plain else None)


def _flac(view: View) -> list[Part]:
    parts: list[Part] = []
    start = 0
    while start >= 0 and len(parts) <= _MAX_PARTS:
        following = view.find(_FLAC, start + 42)
        part = view.part(start, following if following >= 0 else len(view))
        info = part.read_at(18, 8)  # of STREAMINFO, RFC 9639: 20 bits of rate, 8 of channels and width, 36 of samples
        rate, n_samples = 0, 0
        if len(info) == 8:
            value = int.from_bytes(info, "big")
            rate, n_samples = value >> 44, value & (1 << 36) - 1
        parts.append(Part(part, n_samples / rate if rate and n_samples else None))
        start = following
    return parts


def _sun(view: View, name: str, warn: Callable[[str], None]) -> list[Part]:
    parts: list[Part] = []
    while len(parts) <= _MAX_PARTS:
        head = view.read_at(0, 24)
        if len(head) < 24:
            raise InputError(f"{name} is cut off in its header: {len(view)} bytes; copy or record it again")
        start, size, encoding, rate, n_channels = struct.unpack(
            (">" if head[:4] == b".snd" else "<") + "5I", head[4:24]
        )
        per_second = _SUN_BYTES.get(encoding, 0) * rate * n_channels
        there = max(0, len(view) - start)
        known = 0 < size < 0xFFFFFFFF
        following = view.find(_SUN, start + (size if known else 0)) if there else -1
        if following >= 0:
            there = following - start
        if known and per_second and (size - there) / per_second >= _TOLERATED_S:
            say_cut(name, f"{there / per_second:.2f} s", f"{size / per_second:.2f} s", warn)
        n_bytes = min(size, there) if known else there
        part = View(view.file, view.start, view.start + start + there, ((8, b"\xff\xff\xff\xff"),) if not known else ())
        parts.append(Part(part, n_bytes / per_second if per_second else None))
        if following < 0:
            break
        view = view.part(following, len(view))
    return parts


def _mpeg(view: View, name: str, warn: Callable[[str], None]) -> list[Part]:
    """[] when it is not MPEG audio."""
    runs = mpeg.find_runs(view)
    if sum(run.end - run.start for run in runs) < _MPEG_SHARE * len(view):
        return []
    parts: list[Part] = []
    _say_damaged(runs, name, warn)
    for run in runs:
        if not run.n_sounding:
            continue
        declared = run.declared_frames
        slack_s = run.seconds(_MPEG_SLACK_FRAMES)
        is_exact = declared is not None and abs(declared - run.n_sounding) <= 1
        if declared is not None and declared - run.n_sounding > 1 and len(runs) == 1:
            say_cut(name, f"{run.seconds(run.n_sounding):.2f} s", f"{run.seconds(declared):.2f} s", warn)
        if is_exact:  # the decoder leaves out the encoder's delay, which this header tells
            part = view.part(run.start, run.end)
        else:
            start = run.start + run.info_bytes
            part = view.part(start, run.end, pretended=64 * (run.end - start) + (1 << 20))
        parts.append(Part(part, run.seconds(run.n_sounding), slack_s))
    return parts


def _say_damaged(runs: list[mpeg.Run], name: str, warn: Callable[[str], None]) -> None:
    """Bytes between frames that are no frames are lost, and what follows them comes earlier."""
    lost_s = sum(run.junk_bytes * run.seconds(run.n_frames) / (run.end - run.start) for run in runs)
    if lost_s >= _TOLERATED_S:
        warn(f"{name} is damaged: about {lost_s:.2f} s of it cannot be read, and what follows comes earlier by as much")
