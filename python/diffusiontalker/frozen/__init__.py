"""What programs that freeze Python need to know: a hook for PyInstaller, which finds it by an entry point."""

from __future__ import annotations

from pathlib import Path


def hook_folders() -> list[str]:
    """Folders with hook-*.py files of PyInstaller."""
    return [str(Path(__file__).parent)]
