"""What a WAV file's header promises against what the file holds: libsndfile reads a cut file without a word."""

from __future__ import annotations

import struct
from pathlib import Path

from diffusiontalker.errors import InputError

# Programs that write WAV into a pipe cannot know the length and put a placeholder there: 0, or nearly 2^31 or 2^32.
_UNKNOWN_FROM = 0x7FFF0000
_RF64_SIZE_IN_DS64 = 0xFFFFFFFF


def check_wav_complete(path: Path) -> None:
    """Does nothing for files that are not RIFF/RF64 WAVE.
    Raises InputError when the header is cut off, or the data are shorter than it declares (with both in seconds).
    """
    size = path.stat().st_size
    with path.open("rb") as f:
        head = f.read(12)
        if head[:4] not in (b"RIFF", b"RF64") or (len(head) >= 12 and head[8:12] != b"WAVE"):
            return
        byte_rate, data_size_64 = 0, None
        while True:
            chunk = f.read(8)
            if len(chunk) < 8:
                raise InputError(
                    f"{path} is cut off in its header: {size} bytes and no sound data; copy or record it again"
                )
            name, length = chunk[:4], struct.unpack("<I", chunk[4:])[0]
            if name == b"data":
                break
            body = f.read(min(length, 64))
            if name == b"fmt " and len(body) >= 16:
                byte_rate = struct.unpack("<I", body[8:12])[0]
            elif name == b"ds64" and len(body) >= 16:
                data_size_64 = struct.unpack("<Q", body[8:16])[0]
            f.seek(length - len(body) + (length & 1), 1)
        declared = data_size_64 if length == _RF64_SIZE_IN_DS64 and data_size_64 else length
        present = size - f.tell()
        unknown = data_size_64 is None and (declared == 0 or declared >= _UNKNOWN_FROM)
        if declared > present and not unknown:
            seconds = (
                f"{present / byte_rate:.2f} s of {declared / byte_rate:.2f} s" if byte_rate else f"{present} bytes"
            )
            raise InputError(f"{path} is cut off: it holds {seconds} that its header declares; copy or record it again")
