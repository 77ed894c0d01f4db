"""Files whose header is not what the file holds, recordings behind each other, and what is no sound at all."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np

from benchmarks.inputs.kinds import Clip, Kind, encoded, wav


def patched(data: bytes, at: int, form: str, *values: int) -> bytes:
    """The bytes with struct.pack(form, *values) at an offset."""
    patch = struct.pack(form, *values)
    return data[:at] + patch + data[at + len(patch) :]


def sized(data: bytes, size: int, form: str = "<I", chunk: bytes = b"data", head: int = 4, total: int = -1) -> bytes:
    """A file whose chunk of samples declares `size` bytes; total >= 0: what the head of the file declares."""
    data = patched(data, data.index(chunk) + head, form, size)
    return data if total < 0 else patched(data, 4, form, total)


def _wav_sized(size: int, total: int) -> Callable[[Clip], bytes]:
    return lambda clip: sized(wav(clip), size, total=total)


def _flac(clip: Clip) -> bytes:
    return encoded(clip.samples, clip.rate, "FLAC", "PCM_16")


def _flac_of_unknown_length(clip: Clip) -> bytes:
    data = _flac(clip)
    rate_and_form = int.from_bytes(data[18:26], "big") >> 36 << 36
    return data[:18] + rate_and_form.to_bytes(8, "big") + bytes(16) + data[42:]  # no checksum of the samples either


def _w64(clip: Clip, size: int) -> bytes:
    data = encoded(clip.samples, clip.rate, "W64", "PCM_16")
    return patched(data, data.index(b"data\xf3\xac") + 16, "<Q", size)


def _rf64(clip: Clip, size: int) -> bytes:
    data = encoded(clip.samples, clip.rate, "RF64", "PCM_16")
    return patched(data, data.index(b"ds64") + 8, "<QQQ", size, size, size)


def _caf(clip: Clip) -> bytes:
    data = encoded(clip.samples, clip.rate, "CAF", "PCM_16")
    return patched(data, data.index(b"data") + 4, ">q", -1)


def _au(clip: Clip) -> bytes:
    return patched(encoded(clip.samples, clip.rate, "AU", "PCM_16"), 8, ">I", 0xFFFFFFFF)


def _aiff(clip: Clip) -> bytes:
    data = patched(encoded(clip.samples, clip.rate, "AIFF", "PCM_16"), 4, ">I", 0)
    data = patched(data, data.index(b"COMM") + 10, ">I", 0)
    return patched(data, data.index(b"SSND") + 4, ">I", 0)


def _half(make: Callable[[Clip], bytes], share: float = 0.5) -> Callable[[Clip], bytes]:
    """A file that breaks off in the middle of its bytes, or behind a share of them."""

    def cut(clip: Clip) -> bytes:
        data = make(clip)
        return data[: round(len(data) * share)]

    return cut


def _as(file_format: str, subtype: str) -> Callable[[Clip], bytes]:
    return lambda clip: encoded(clip.samples, clip.rate, file_format, subtype)


def _twice(make: Callable[[Clip], bytes]) -> Callable[[Clip], bytes]:
    return lambda clip: make(clip) * 2


def _with_chunk(identity: bytes, body: bytes, pad: bool = True) -> Callable[[Clip], bytes]:
    """A WAV with a chunk between the head and its format."""

    def make(clip: Clip) -> bytes:
        data = wav(clip)
        chunk = identity + struct.pack("<I", len(body)) + body + bytes(len(body) % 2 if pad else 0)
        return patched(data[:12] + chunk + data[12:], 4, "<I", len(data) + len(chunk) - 8)

    return make


def id3_head(n_bytes: int) -> bytes:
    """The first ten bytes of an ID3v2 tag of n_bytes in all."""
    return b"ID3\x04\x00\x00" + bytes(n_bytes - 10 >> shift & 127 for shift in (21, 14, 7, 0))


def id3(n_bytes: int) -> bytes:
    """An ID3v2 tag of n_bytes in all."""
    return id3_head(n_bytes) + bytes(n_bytes - 10)


UNKNOWN_LENGTH = [
    Kind("WAV that declares 0 bytes", _wav_sized(0, 36)),
    Kind("WAV that declares 2^32 - 1 bytes", _wav_sized(0xFFFFFFFF, 0xFFFFFFFF)),
    Kind("WAV that declares 2^31 - 1 bytes", _wav_sized(0x7FFFFFFF, 0x7FFFFFFF)),
    Kind("WAV, size of the file 0", lambda clip: patched(wav(clip), 4, "<I", 0)),
    Kind("RF64 that declares 0 bytes", lambda clip: _rf64(clip, 0), ".rf64"),
    Kind("RF64 that declares -1 bytes", lambda clip: _rf64(clip, 2**64 - 1), ".rf64"),
    Kind("RF64 that declares 2^62 bytes", lambda clip: _rf64(clip, 2**62), ".rf64"),
    Kind("Wave64 that declares 2^63 - 1 bytes", lambda clip: _w64(clip, 2**63 - 1), ".w64"),
    Kind("CAF that declares -1 bytes", _caf, ".caf"),
    Kind("AU that declares 2^32 - 1 bytes", _au, ".au"),
    Kind("AIFF that declares 0 samples", _aiff, ".aiff"),
    Kind("FLAC that declares 0 samples", _flac_of_unknown_length, ".flac"),
]

WRONG_LENGTH = [
    Kind("WAV that declares 16 bytes too many", lambda clip: sized(wav(clip), len(wav(clip)) - 44 + 16)),
    Kind("WAV with a wrong rate of bytes", lambda clip: patched(wav(clip), 28, "<I", 999)),
    Kind("WAV that lacks its last byte", lambda clip: wav(clip)[:-1]),
    Kind("WAV cut in half", _half(wav), share=0.5, says="is cut off", least_r=0.7),
    Kind("RIFX cut in half", _half(lambda clip: encoded(clip.samples, clip.rate, "WAV", "PCM_16", endian="BIG")),
         share=0.5, says="is cut off", least_r=0.7),
    Kind("RF64 cut in half", _half(_as("RF64", "PCM_16")), ".rf64", share=0.5, says="is cut off", least_r=0.7),
    Kind("Wave64 cut in half", _half(_as("W64", "PCM_16")), ".w64", share=0.5, says="is cut off", least_r=0.7),
    Kind("AIFF cut in half", _half(_as("AIFF", "PCM_16")), ".aiff", share=0.5, says="is cut off", least_r=0.7),
    Kind("CAF cut in half", _half(_as("CAF", "PCM_16")), ".caf", share=0.5, says="is cut off", least_r=0.7),
    Kind("AU cut in half", _half(_as("AU", "PCM_16")), ".au", share=0.5, says="is cut off", least_r=0.7),
    Kind("FLAC cut in half", _half(_flac), ".flac", share=0.5, says="is cut off", least_r=0.7),
    Kind("Ogg Vorbis cut at nine tenths", _half(_as("OGG", "VORBIS"), 0.9), ".ogg", share=0.8, says="is cut off",
         least_r=0.3),
    Kind("WAV that declares half of itself", lambda clip: sized(wav(clip), len(wav(clip)) // 2), share=0.5,
         says="goes on for", late_frames=1, least_r=0.7),
]  # fmt: skip

BEHIND_EACH_OTHER = [
    Kind("two WAVs glued", _twice(wav), share=2, least_r=0.85),
    Kind("two WAVs of unknown length glued", _twice(_wav_sized(0xFFFFFFFF, 0xFFFFFFFF)), share=2, least_r=0.85),
    Kind("two FLACs glued", _twice(_flac), ".flac", share=2, least_r=0.85),
    Kind("two AUs glued", _twice(_as("AU", "PCM_16")), ".au", share=2, least_r=0.85),
    Kind("two AIFFs glued", _twice(_as("AIFF", "PCM_16")), ".aiff", share=2, least_r=0.85),
    Kind("two Ogg Vorbis glued (chained)", _twice(_as("OGG", "VORBIS")), ".ogg", share=2, least_r=0.85),
    Kind("a WAV and one of another rate glued", lambda clip: wav(clip) + wav(clip.at(22050)), says="changes from"),
]

EXTRAS = [
    Kind("WAV, LIST of 4 kB before the sound", _with_chunk(b"LIST", bytes(4096))),
    Kind("WAV, odd chunk with a pad byte", _with_chunk(b"note", b"odd")),
    Kind("WAV, 600 kB of id3 before the sound", _with_chunk(b"id3 ", bytes(600_000))),
    Kind("WAV, garbage behind", lambda clip: wav(clip) + np.random.default_rng(0).bytes(999)),
    Kind("WAV, ID3 in front", lambda clip: id3(2000) + wav(clip)),
    Kind("FLAC, ID3 in front", lambda clip: id3(2000) + _flac(clip), ".flac"),
    Kind("FLAC named .mp3", _flac, ".mp3"),
    Kind("WAV named .raw", wav, ".raw"),
]


def _header_only(clip: Clip) -> bytes:
    return encoded(clip.samples[:0], clip.rate, "WAV", "PCM_16")


def _empty_chunks(_: Clip) -> bytes:
    return b"RIFF" + bytes(4) + b"WAVE" + bytes(30_000_000)


NO_SOUND = [
    Kind("nothing", lambda _: b"", share=0, says="is empty"),
    Kind("text named .wav", lambda _: b"This is no sound.\n" * 500, share=0, says="cannot be read as sound"),
    Kind("zeros, 30 MB", lambda _: bytes(30_000_000), share=0, says="cannot be read as sound"),
    Kind("RIFF and 3.7 million empty chunks", _empty_chunks, share=0, says="chunks before any sound"),
    Kind("random bytes", lambda _: np.random.default_rng(1).bytes(500_000), share=0, says="cannot be read as sound"),
    Kind("header of a WAV only", _header_only, share=0, says="holds no samples"),
    Kind("WAV cut in its header", lambda clip: wav(clip)[:30], share=0, says="is cut off in its header"),
    Kind("a picture", lambda _: b"\x89PNG\r\n\x1a\n" + bytes(5000), share=0, says="cannot be read as sound"),
    Kind("a playlist", lambda _: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", ".m3u8", share=0,
         says="cannot be read as sound"),
]  # fmt: skip
