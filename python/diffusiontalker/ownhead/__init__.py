"""A character of the user's own: an animation goes into its glTF file, and everything else stays as it is."""

from diffusiontalker.ownhead.animate import (
    HeadReport,
    MeshReport,
    PreparedHead,
    animate_head,
    animate_prepared,
    prepare_head,
)
from diffusiontalker.ownhead.mapping import Mapping, load_mapping

__all__ = [
    "HeadReport",
    "Mapping",
    "MeshReport",
    "PreparedHead",
    "animate_head",
    "animate_prepared",
    "load_mapping",
    "prepare_head",
]
