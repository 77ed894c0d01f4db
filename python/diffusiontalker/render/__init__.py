"""Pictures, videos and web pages of the built-in head, or of a character of the user's own."""

from diffusiontalker.render.comparison import comparison_sheet, comparison_video
from diffusiontalker.render.page import Take, write_page
from diffusiontalker.render.scene import VIEWS, render_frames
from diffusiontalker.render.sheet import contact_sheet
from diffusiontalker.render.video import write_video

__all__ = [
    "VIEWS",
    "Take",
    "comparison_sheet",
    "comparison_video",
    "contact_sheet",
    "render_frames",
    "write_page",
    "write_video",
]
