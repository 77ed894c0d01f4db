"""What ffmpeg writes, into files and into pipes. libsndfile reads a few of them, PyAV the rest."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.inputs.kinds import Clip, Kind, wav

PYAV = "ffmpeg, PyAV"


def is_there() -> bool:
    return shutil.which("ffmpeg") is not None


def _file(ending: str, *options: str) -> Callable[[Clip], bytes]:
    """Into a file, whose header ffmpeg finishes."""

    def make(clip: Clip) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"made{ending}"
            _run(clip, *options, os.fspath(path))
            return path.read_bytes()

    return make


def _pipe(file_format: str, *options: str) -> Callable[[Clip], bytes]:
    """Into a pipe, where ffmpeg cannot go back to finish the header."""
    return lambda clip: _run(clip, *options, "-f", file_format, "-")


def _run(clip: Clip, *options: str) -> bytes:
    command = ["ffmpeg", "-v", "error", "-f", "wav", "-i", "-", *options]
    return subprocess.run(command, input=wav(clip), capture_output=True, check=True, timeout=120).stdout


def _video(ending: str, *options: str) -> Callable[[Clip], bytes]:
    return _file(ending, "-f", "lavfi", "-i", "color=c=gray:s=64x64:r=10:d=60", "-shortest", *options)


PIPES = [
    Kind("ffmpeg pipe: MP3, variable", _pipe("mp3", "-q:a", "4"), ".mp3", late_frames=6, least_r=0.85),
    Kind("ffmpeg pipe: MP3, 44.1 kHz", _pipe("mp3", "-ar", "44100", "-q:a", "2"), ".mp3", late_frames=6, least_r=0.85),
    Kind("ffmpeg pipe: WAV", _pipe("wav")),
    Kind("ffmpeg pipe: RF64", _pipe("wav", "-rf64", "always"), ".rf64"),
    Kind("ffmpeg pipe: Wave64", _pipe("w64"), ".w64"),
    Kind("ffmpeg pipe: FLAC", _pipe("flac"), ".flac"),
    Kind("ffmpeg pipe: CAF", _pipe("caf"), ".caf"),
    Kind("ffmpeg pipe: AIFF", _pipe("aiff"), ".aiff"),
    Kind("ffmpeg pipe: AU", _pipe("au"), ".au"),
    Kind("ffmpeg pipe: Ogg Vorbis", _pipe("ogg", "-c:a", "libvorbis"), ".ogg", late_frames=1, least_r=0.9),
    Kind("ffmpeg pipe: Ogg Opus", _pipe("opus"), ".opus", late_frames=1, least_r=0.9),
    Kind("ffmpeg file: MP3, variable", _file(".mp3", "-q:a", "4"), ".mp3", late_frames=1, least_r=0.9),
    Kind(
        "ffmpeg file: WAV with MP3 inside",
        _file(".wav", "-c:a", "libmp3lame", "-q:a", "4"),
        late_frames=6,
        least_r=0.85,
    ),
    Kind(
        "ffmpeg pipe: WAV with MP3 inside", _pipe("wav", "-c:a", "libmp3lame", "-q:a", "4"), late_frames=6, least_r=0.85
    ),
    Kind("ffmpeg file: MP2", _file(".mp2"), ".mp2", late_frames=3, least_r=0.9),
]

FOREIGN = [
    Kind("M4A, AAC", _file(".m4a", "-c:a", "aac"), ".m4a", late_frames=2, least_r=0.9),
    Kind("M4A, AAC, index in front", _file(".m4a", "-c:a", "aac", "-movflags", "faststart"), ".m4a", late_frames=2,
         least_r=0.9),
    Kind("M4A, Apple Lossless", _file(".m4a", "-c:a", "alac"), ".m4a", late_frames=1),
    Kind("MP4 video with sound", _video(".mp4", "-c:v", "mpeg4"), ".mp4", late_frames=3, least_r=0.85),
    Kind("MOV video with PCM", _video(".mov", "-c:v", "mpeg4", "-c:a", "pcm_s16le"), ".mov", late_frames=3),
    Kind("AAC stream (ADTS)", _pipe("adts", "-c:a", "aac"), ".aac", late_frames=3, least_r=0.85),
    Kind("WebM, Opus", _file(".webm", "-c:a", "libopus"), ".webm", late_frames=1, least_r=0.9),
    Kind("Matroska, FLAC", _file(".mka", "-c:a", "flac"), ".mka"),
    Kind("Matroska pipe, Vorbis", _pipe("matroska", "-c:a", "libvorbis"), ".mkv", late_frames=1, least_r=0.9),
    Kind("Ogg FLAC", _file(".ogg", "-c:a", "flac"), ".ogg"),
    Kind("Ogg Speex", _file(".spx", "-c:a", "libspeex"), ".spx", late_frames=2, least_r=0.8),
    Kind("WMA", _file(".wma", "-c:a", "wmav2", "-ar", "44100"), ".wma", late_frames=4, early_frames=1, least_r=0.75),
    Kind("AC-3", _file(".ac3", "-ar", "48000"), ".ac3", late_frames=3, least_r=0.85),
    Kind("WavPack", _file(".wv"), ".wv"),
    Kind("TTA", _file(".tta"), ".tta"),
    Kind("FLV", _file(".flv", "-c:a", "aac", "-ar", "44100"), ".flv", late_frames=4, least_r=0.85),
    Kind("MPEG transport stream, AAC", _pipe("mpegts", "-c:a", "aac"), ".ts", late_frames=4, least_r=0.85),
    Kind("AVI, PCM", _file(".avi", "-c:a", "pcm_s16le"), ".avi", late_frames=1),
    Kind("video without sound", _file(".mp4", "-f", "lavfi", "-i", "color=c=gray:s=64x64:r=10:d=1", "-map", "1:v",
                                      "-c:v", "mpeg4"), ".mp4", share=0, says="no sound"),
]  # fmt: skip

KINDS = [*(Kind(**{**k.__dict__, "needs": "ffmpeg"}) for k in PIPES),
         *(Kind(**{**k.__dict__, "needs": PYAV}) for k in FOREIGN)]  # fmt: skip
