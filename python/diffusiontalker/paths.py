"""Folders of the user that the program writes to."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """The user's cache of this program; nothing is made."""
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "diffusiontalker"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "diffusiontalker"
