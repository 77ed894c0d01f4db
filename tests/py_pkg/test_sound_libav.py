"""Formats that PyAV reads, and what is said where it is not installed."""

from __future__ import annotations

import io

import numpy as np
import pytest
from cli_support import tone

from diffusiontalker.errors import InputError
from diffusiontalker.io.sound import libav
from diffusiontalker.io.sound.reading import Sound

av = pytest.importorskip("av")


def write(target, file_format: str, codec: str, seconds: float, rate: int = 44100, **options: str) -> None:
    """A stereo tone by PyAV."""
    with av.open(target, "w", format=file_format, options=options) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout = "stereo"
        convert = av.AudioResampler(format=stream.format.name, layout="stereo", rate=rate)
        samples = tone(seconds, rate, 2).T
        for start in range(0, samples.shape[1], 1024):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[:, start : start + 1024]), "fltp", "stereo")
            frame.sample_rate, frame.pts = rate, start
            for part in convert.resample(frame):
                container.mux(stream.encode(part))
        container.mux(stream.encode())


def made(file_format: str, codec: str, seconds: float = 1.0) -> bytes:
    buffer = io.BytesIO()
    write(buffer, file_format, codec, seconds)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("file_format", "codec"), [("mp4", "aac"), ("ipod", "aac"), ("matroska", "flac"), ("ogg", "flac"), ("adts", "aac")]
)
def test_formats_beyond_libsndfile_are_read_with_pyav(file_format, codec):
    said: list[str] = []
    with Sound(made(file_format, codec), warn=said.append) as sound:
        blocks = list(sound.blocks())
    assert {(rate, block.shape[1], block.dtype.name) for block, rate in blocks} == {(44100, 2, "float32")}
    read = np.concatenate([block for block, _ in blocks])
    assert 44100 <= len(read) < 44100 + 3000 and said == []
    assert np.abs(read).max() == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize(
    ("file_format", "codec", "says"), [("mp4", "aac", "an MP4 or M4A file"), ("ogg", "flac", "av")]
)
def test_without_pyav_the_error_says_what_to_install(monkeypatch, file_format, codec, says):
    monkeypatch.setattr(libav, "is_installed", lambda: False)
    with pytest.raises(InputError, match=says) as caught, Sound(made(file_format, codec)) as sound:
        list(sound.blocks())
    assert "pip install" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{path}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{path}'\n",
        "[playlist]\nFile1={path}\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    ],
)
def test_a_playlist_opens_no_other_file(tmp_path, text):
    (tmp_path / "secret.wav").write_bytes(made("wav", "pcm_s16le"))
    data = text.format(path=tmp_path / "secret.wav").encode()
    with pytest.raises(libav.UnreadableError):
        list(libav.blocks(_view(data)))
    with pytest.raises(InputError, match="cannot be read as sound"), Sound(data) as sound:
        list(sound.blocks())


def test_pyav_goes_on_where_libsndfile_stops():
    """Blocks of a decoder that is asked to leave out what was read already are the end of all blocks."""
    data = made("mp4", "aac")
    whole = np.concatenate([block for block, _ in libav.blocks(_view(data))])
    rest = np.concatenate([block for block, _ in libav.blocks(_view(data), skip=10_000)])
    assert np.array_equal(rest, whole[10_000:])


def test_a_cut_mp4_is_read_with_a_warning_or_refused(tmp_path):
    data = made("mp4", "aac", seconds=3.0)
    with pytest.raises(InputError, match="cannot be read"), Sound(data[: len(data) // 2]) as sound:
        list(sound.blocks())  # its index is at the end
    write(str(tmp_path / "front.mp4"), "mp4", "aac", 3.0, movflags="faststart")
    front = (tmp_path / "front.mp4").read_bytes()
    said: list[str] = []
    with Sound(front[: len(front) * 2 // 3], warn=said.append) as sound:
        seconds = sum(len(block) / rate for block, rate in sound.blocks())
    assert 1.0 < seconds < 2.9
    assert len(said) == 1 and "could be read" in said[0] and "of 3.0" in said[0]


def _view(data: bytes):
    from diffusiontalker.io.sound.view import View

    return View(io.BytesIO(data), 0, len(data))
