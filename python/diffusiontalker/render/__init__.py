"""Pictures and videos of the built-in head."""

from .scene import VIEWS, render_frames
from .sheet import contact_sheet
from .video import write_video

__all__ = ["VIEWS", "contact_sheet", "render_frames", "write_video"]
