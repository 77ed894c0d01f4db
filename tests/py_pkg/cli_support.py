"""Runs the command line as a user does, and makes sound files of every kind."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

COMMAND = [sys.executable, "-m", "diffusiontalker"]


@dataclass
class Workplace:
    """A folder to work in, a tiny bundle and a temporary folder of its own."""

    folder: Path
    bundle: Path

    @property
    def tmp(self) -> Path:
        return self.folder.parent / "tmp"

    def environment(self) -> dict[str, str]:
        return {**os.environ, "TMPDIR": str(self.tmp), "PYTHONUNBUFFERED": "1"}

    def run(self, *args, stdin: bytes | None = None, preexec_fn=None) -> subprocess.CompletedProcess:
        """Runs the command in the folder; output is bytes."""
        return subprocess.run(
            [*COMMAND, *map(str, args)],
            cwd=self.folder,
            env=self.environment(),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=300,
            preexec_fn=preexec_fn,
        )

    def animate(self, *args, **kwargs) -> subprocess.CompletedProcess:
        """`animate` with the tiny bundle on the reference backend."""
        return self.run("animate", "--bundle", self.bundle, "--backend", "reference", *args, **kwargs)

    def saved(self, name: str, *args) -> tuple[dict, dict]:
        """What animate() of in.wav tells by --json, and the arrays of the NAME.npz that it writes."""
        result = self.animate("in.wav", "-o", f"{name}.npz", "--json", *args)
        assert result.returncode == 0, result.stderr.decode()
        with np.load(self.folder / f"{name}.npz") as arrays:
            return json.loads(result.stdout), dict(arrays)

    def files(self) -> dict[str, int]:
        """Name -> time of change of everything in the working and the temporary folder."""
        roots = (self.folder, self.tmp)
        return {str(p): p.stat().st_mtime_ns for root in roots for p in root.rglob("*") if p.is_file()}

    def refused(self, code: int, *args, says: str = "", **kwargs) -> str:
        """Runs `animate` and expects the exit code, one error line that contains `says`, and no file touched.
        Returns the line."""
        before = self.files()
        return check_refused(self.animate(*args, **kwargs), code, says, before, self.files())

    def wav(self, name: str = "in.wav", seconds: float = 0.5, rate: int = 16000, channels: int = 1, **kwargs) -> Path:
        """A sound file with a tone; subtype and format as soundfile.write takes them."""
        path = self.folder / name
        soundfile.write(path, tone(seconds, rate, channels), rate, **kwargs)
        return path


def check_refused(result, code: int, says: str, before: dict, after: dict) -> str:
    text = result.stderr.decode()
    assert result.returncode == code, text
    assert "Traceback" not in text
    errors = [line for line in text.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, text
    assert says in errors[0], errors[0]
    assert result.stdout == b""
    assert after == before
    return errors[0]


def tone(seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    """float32 [n] or [n, channels]."""
    t = np.arange(round(seconds * rate)) / rate
    mono = (0.3 * np.sin(2 * np.pi * 220 * t) * (np.sin(2 * np.pi * 3 * t) > 0)).astype(np.float32)
    return mono if channels == 1 else np.repeat(mono[:, None], channels, axis=1)


def float_wav(path: Path, samples: np.ndarray, rate: int = 16000) -> Path:
    """A float32 WAV written by hand, so that NaN and infinity survive."""
    data = np.asarray(samples, "<f4").tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 3, 1, rate, rate * 4, 4, 32)
    path.write_bytes(head + struct.pack("<4sI", b"data", len(data)) + data)
    return path
