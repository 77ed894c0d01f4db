"""The extension for Blender: its files lie in the folder `extension`, and build_extension() packs them."""

from diffusiontalker.blender.build import build_extension

__all__ = ["build_extension"]
