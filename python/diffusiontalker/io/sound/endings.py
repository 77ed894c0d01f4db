"""What the names of recordings end in. Files are told apart by it, and read by their content."""

from __future__ import annotations

SOUND_SUFFIXES = (
    ".wav", ".wave", ".w64", ".rf64", ".flac", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".mp3", ".ogg", ".oga",
    ".opus", ".m4a", ".aac", ".wma", ".amr", ".mka",
)  # fmt: skip
VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi")  # of which the sound track is read
