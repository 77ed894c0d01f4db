"""The latency profiles that every exported bundle carries, and that training and scores use by name."""

from __future__ import annotations

# Frames; every number is a whole count of groups at 30, 25 and 60 fps. Chosen by `python -m training.eval latency`:
# at 30 fps 1.6 s, 302 ms and 102 ms from a sound to its frame.
PROFILES: dict[str, dict[str, int]] = {
    "offline": {"past_frames": 12, "hop_frames": 36, "lookahead_frames": 12},
    "live": {"past_frames": 18, "hop_frames": 6, "lookahead_frames": 3},
    "low-latency": {"past_frames": 21, "hop_frames": 3, "lookahead_frames": 0},
}


def profile_sizes(name: str) -> tuple[int, int, int]:
    """(past, hop, lookahead) frames of a profile. Raises KeyError for a name that PROFILES has not."""
    sizes = PROFILES[name]
    return sizes["past_frames"], sizes["hop_frames"], sizes["lookahead_frames"]
