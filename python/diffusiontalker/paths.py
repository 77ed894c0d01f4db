"""Folders of the user that the program writes to, and files that are not there."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from diffusiontalker.errors import OutputError


def cache_folder() -> Path:
    """The user's cache of this program; nothing is made. Raises OutputError for a user without a home folder."""
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "diffusiontalker"
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"]) / "diffusiontalker"
    try:
        return Path.home() / ".cache" / "diffusiontalker"
    except RuntimeError as e:
        raise OutputError("there is no home folder to keep a cache in: set XDG_CACHE_HOME to a folder of yours") from e


def not_there(path: Any, check: str = "check the path") -> str:
    """The sentence for a file that does not exist, or is a symbolic link to one. check: what to do about it."""
    name = os.fsdecode(path)
    try:
        target = os.readlink(path)
    except (OSError, ValueError):
        return f"{name} does not exist: {check}"
    return f"{name} is a symbolic link to {os.fsdecode(target)}, which does not exist: check where the link leads"
