"""Pictures and videos of the built-in head."""

from diffusiontalker.render.scene import VIEWS, render_frames
from diffusiontalker.render.sheet import contact_sheet
from diffusiontalker.render.video import write_video

__all__ = ["VIEWS", "contact_sheet", "render_frames", "write_video"]
