"""Sound of a client's messages as samples: raw samples cut anywhere, or Opus packets."""

from __future__ import annotations

from typing import Any

import numpy as np

from diffusiontalker.errors import InputError, UnsupportedError
from diffusiontalker.extras import install_command
from diffusiontalker.io.sound.pcm import ENCODINGS, pcm
from diffusiontalker.serve.settings import OPUS

OPUS_RATE_HZ = 48_000
_MAX_OPUS_BYTES = 1275 * 6  # of a packet: six frames of the largest size (RFC 6716, 3.2)


class Incoming:
    """Decodes the messages of one utterance. encoding: of Settings."""

    def __init__(self, encoding: str, rate_hz: int):
        self.encoding, self._rate_hz = encoding, rate_hz
        self._rest = b""  # of a sample that ends in the next message
        self._decoder = _opus_decoder() if encoding == OPUS else None

    @property
    def rate_hz(self) -> int:
        return OPUS_RATE_HZ if self._decoder is not None else self._rate_hz

    def samples(self, data: bytes) -> np.ndarray:
        """float32 [n]. Raises InputError: NaN or infinite samples, a packet that is no Opus."""
        if self._decoder is not None:
            return _decoded(self._decoder, data)
        data = self._rest + data if self._rest else data
        n_whole = len(data) - len(data) % ENCODINGS[self.encoding]
        samples = pcm(data[:n_whole], self.encoding)
        if not np.isfinite(samples).all():
            raise InputError(f"sample {int(np.argmin(np.isfinite(samples)))} of the message is not finite")
        self._rest = data[n_whole:]
        return samples


def _opus_decoder() -> Any:
    try:
        from av import CodecContext
    except ImportError as e:
        raise UnsupportedError(f"Opus needs PyAV on the server: {install_command('video')}, or send s16le") from e
    decoder = CodecContext.create("opus", "r")
    decoder.sample_rate = OPUS_RATE_HZ
    decoder.layout = "mono"
    return decoder


def _decoded(decoder: Any, data: bytes) -> np.ndarray:
    from av import Packet
    from av.error import FFmpegError

    if not 0 < len(data) <= _MAX_OPUS_BYTES:
        raise InputError(
            f"an Opus packet has {len(data)} bytes, expected 1..{_MAX_OPUS_BYTES}: send one in each message"
        )
    try:
        frames = decoder.decode(Packet(data))
    except FFmpegError as e:
        raise InputError(f"the message is no Opus packet: {e.strerror or e}") from e
    parts = []
    for frame in frames:
        array = frame.to_ndarray()
        scaled = array.astype(np.float32) / 32768 if array.dtype == np.int16 else array.astype(np.float32)
        n_channels = len(frame.layout.channels)
        parts.append(scaled.reshape(-1, n_channels).mean(axis=1) if len(scaled) == 1 else scaled.mean(axis=0))
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
