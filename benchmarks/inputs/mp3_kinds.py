"""MP3 files, as libsndfile writes them and as programs leave them that write into a pipe."""

from __future__ import annotations

import io
from collections.abc import Callable

from benchmarks.inputs.header_kinds import id3, id3_head
from benchmarks.inputs.kinds import Clip, Kind, encoded
from diffusiontalker.io.sound.mpeg import find_runs
from diffusiontalker.io.sound.view import View


def mp3(clip: Clip, rate: int = 0, mode: str = "VARIABLE") -> bytes:
    """With the Xing or Info header that tells its length."""
    changed = clip.at(rate) if rate else clip
    return encoded(changed.samples, changed.rate, "MP3", "MPEG_LAYER_III", bitrate_mode=mode, compression_level=0.2)


def without_header(data: bytes) -> bytes:
    """As it comes out of a pipe: the first frame, which tells the length, is left out."""
    run = find_runs(View(io.BytesIO(data), 0, len(data)))[0]
    return data[run.start + run.info_bytes :]


def _piped(rate: int = 0) -> Callable[[Clip], bytes]:
    return lambda clip: without_header(mp3(clip, rate))


def _cut(clip: Clip) -> bytes:
    data = mp3(clip)
    return data[: len(data) // 2]


def _damaged(clip: Clip) -> bytes:
    data = bytearray(mp3(clip))
    for at in range(len(data) // 3, len(data) // 3 + 3000, 7):
        data[at] ^= 0x55
    return bytes(data)


MP3 = [
    Kind("MP3, constant bit rate", lambda clip: mp3(clip, 44100, "CONSTANT"), ".mp3", late_frames=1, least_r=0.9),
    Kind("MP3, variable bit rate", mp3, ".mp3", late_frames=1, least_r=0.9),
    *(
        Kind(f"MP3 from a pipe (no length header), {rate} Hz", _piped(rate), ".mp3", late_frames=6, least_r=0.85)
        for rate in (8000, 16000, 22050, 44100, 48000)
    ),
    Kind("MP3, tag of 400 kB in front, tag behind", lambda clip: id3(400_000) + mp3(clip) + b"TAG" + bytes(125), ".mp3",
         late_frames=1, least_r=0.9),
    Kind("MP3, 5 kB of zeros in front", lambda clip: bytes(5000) + mp3(clip), ".mp3", late_frames=1, least_r=0.9),
    Kind("MP3, tag that declares 200 MB in front", lambda clip: id3_head(200_000_000) + mp3(clip), ".mp3",
         late_frames=1, least_r=0.9),
    Kind("MP3 named .wav", mp3, ".wav", late_frames=1, least_r=0.9),
    Kind("MP3 cut in half", _cut, ".mp3", share=0.5, says="is cut off", late_frames=6, least_r=0.8),
    Kind("two MP3s glued", lambda clip: mp3(clip) * 2, ".mp3", share=2, late_frames=9, least_r=0.85),
    Kind("two MP3s without header glued", lambda clip: _piped()(clip) * 2, ".mp3", share=2, late_frames=9,
         least_r=0.8),
    Kind("MP3, 428 bytes of it damaged", _damaged, ".mp3", early_frames=8, late_frames=2, least_r=0.3,
         says="is damaged"),
]  # fmt: skip
