"""Finds and runs the program `diffusiontalker`. Nothing here needs Blender."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

MISSING = (
    "the program diffusiontalker is not found: install it, and choose its file in Edit, Preferences, Add-ons, "
    "DiffusionTalker"
)


class Failure(Exception):
    """One sentence for the user."""


def find(chosen: str = "") -> list[str]:
    """The command that starts the program: the chosen file, the one on PATH, or the package in this Python.
    Raises Failure when there is none.
    """
    if chosen:
        found = shutil.which(chosen)
        if found is None:
            raise Failure(f"{chosen} is no program: choose the file diffusiontalker in the extension's preferences")
        return [found]
    found = shutil.which("diffusiontalker")
    if found is not None:
        return [found]
    if importlib.util.find_spec("diffusiontalker") is not None:
        return [sys.executable, "-m", "diffusiontalker"]
    raise Failure(MISSING)


def run(command: Sequence[str], arguments: Sequence[str | Path]) -> dict:
    """Runs the program to its end. Returns what it reports as JSON.
    Raises Failure with the program's own sentence.
    """
    environment = dict(os.environ)
    if command[0] != sys.executable:  # Blender's Python is not the program's
        for name in ("PYTHONHOME", "PYTHONPATH"):
            environment.pop(name, None)
    call = [*command, *map(str, arguments), "--json"]
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # of Windows: no console beside Blender
    try:
        done = subprocess.run(
            call,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            creationflags=flags,
        )
    except OSError as e:
        raise Failure(f"{command[0]} cannot be started: {e.strerror}") from e
    if done.returncode:
        raise Failure(_sentence(done.stderr) or f"{command[0]} ended with code {done.returncode}")
    try:
        return json.loads(done.stdout)
    except ValueError as e:
        raise Failure(f"{command[0]} is not the program diffusiontalker: choose it in the preferences") from e


def _sentence(errors: str) -> str:
    """The sentence after the last `error:` of the program's messages."""
    lines = [line.split("error: ", 1)[1] for line in errors.splitlines() if "error: " in line]
    return lines[-1].strip() if lines else ""
