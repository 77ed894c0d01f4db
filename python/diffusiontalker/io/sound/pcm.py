"""Samples without a header (raw PCM), as services that speak give them and `--raw` names them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.sound.view import View
from diffusiontalker.spec.rates import MAX_CHANNELS, MAX_RATE_HZ, MIN_RATE_HZ

# Name -> bytes of a sample. The names are ffmpeg's.
ENCODINGS = {
    "s16le": 2, "s16be": 2, "s24le": 3, "s24be": 3, "s32le": 4, "s32be": 4, "s8": 1, "u8": 1,
    "f32le": 4, "f32be": 4, "f64le": 8, "f64be": 8, "mulaw": 1, "alaw": 1,
}  # fmt: skip


@dataclass(frozen=True)
class RawFormat:
    """What a header would say. encoding: one of ENCODINGS.   rate_hz: 1000..768000.   n_channels: 1..64."""

    encoding: str
    rate_hz: int
    n_channels: int = 1

    def __post_init__(self):
        """Raises InputError for an unknown encoding or a number out of range."""
        if self.encoding not in ENCODINGS:
            raise InputError(f"the raw encoding is {self.encoding!r}, expected one of {', '.join(ENCODINGS)}")
        for what, value, low, high in (
            ("rate of the raw sound", self.rate_hz, MIN_RATE_HZ, MAX_RATE_HZ),
            ("number of channels", self.n_channels, 1, MAX_CHANNELS),
        ):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
                raise InputError(f"the {what} is {value!r}, expected a whole number {low}..{high}")

    @property
    def frame_bytes(self) -> int:
        return ENCODINGS[self.encoding] * self.n_channels


def pcm(data, encoding: str = "s16le", n_channels: int = 1) -> np.ndarray:
    """The samples in raw bytes, float32 [n] or, for several channels, [n, n_channels], nominal -1..1.
    data: bytes, bytearray or memoryview, whole samples of all channels.   encoding: one of ENCODINGS.
    Raises InputError: an unknown encoding, bytes that end inside a sample.
    """
    form = RawFormat(encoding, MIN_RATE_HZ, n_channels)
    data = memoryview(data).cast("B")
    if len(data) % form.frame_bytes:
        raise InputError(
            f"{len(data)} bytes are no whole number of {form.frame_bytes}-byte samples ({encoding}, {n_channels} "
            "channels): keep the rest for the next piece"
        )
    samples = _decoded(data, encoding)
    return samples if n_channels == 1 else samples.reshape(-1, n_channels)


def raw_blocks(view: View, form: RawFormat) -> Iterator[np.ndarray]:
    """float32 [n, n_channels] blocks of a second; bytes of a last sample that is not whole are left out."""
    at = 0
    n_bytes = max(1, min(form.rate_hz, (1 << 20) // form.n_channels)) * form.frame_bytes
    while data := view.read_at(at, n_bytes):
        at += len(data)
        data = data[: len(data) - len(data) % form.frame_bytes]
        if data:
            yield _decoded(memoryview(data), form.encoding).reshape(-1, form.n_channels)


def _decoded(data: memoryview, encoding: str) -> np.ndarray:
    if encoding in ("mulaw", "alaw"):
        table = _MULAW if encoding == "mulaw" else _ALAW
        return table[np.frombuffer(data, np.uint8)]
    order = ">" if encoding.endswith("be") else "<"
    kind, n_bits = encoding[0], int(encoding.strip("sufbel"))
    if kind == "f":
        with np.errstate(over="ignore"):
            return np.frombuffer(data, f"{order}f{n_bits // 8}").astype(np.float32)
    if n_bits == 24:
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        triples = np.frombuffer(data, np.uint8).reshape(-1, 3)
        wide[:, 1:] = triples if order == "<" else triples[:, ::-1]
        return wide.view("<i4")[:, 0].astype(np.float32) / np.float32(2**31)
    if kind == "u":
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    return np.frombuffer(data, f"{order}i{n_bits // 8}").astype(np.float32) / np.float32(2 ** (n_bits - 1))


def _mulaw_table() -> np.ndarray:
    """Values of the 256 codes of mu-law. Source: ITU-T G.711, table 2."""
    code = ~np.arange(256, dtype=np.uint8)
    magnitude = (((code & 0x0F).astype(np.int32) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.float32) / 32768


def _alaw_table() -> np.ndarray:
    """Values of the 256 codes of A-law. Source: ITU-T G.711, table 1."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent = (code >> 4 & 7).astype(np.int32)
    mantissa = ((code & 0x0F).astype(np.int32) << 4) + np.where(exponent > 0, 0x108, 8)
    magnitude = mantissa << np.maximum(exponent - 1, 0)
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.float32) / 32768


_MULAW, _ALAW = _mulaw_table(), _alaw_table()
