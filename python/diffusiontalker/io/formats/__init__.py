"""The kinds of animation files, one module each; FORMATS is the one list of them."""

from __future__ import annotations

from diffusiontalker.io.formats import (
    a2f_json,
    bvh,
    curves_csv,
    glb,
    live_link,
    oculus,
    rhubarb,
    usd,
    vertex_caches,
    vrma,
    weights_json,
    weights_npz,
)
from diffusiontalker.io.formats.record import Cue, Format, Motion

FORMATS: tuple[Format, ...] = (
    glb.FORMAT,
    live_link.FORMAT,
    weights_json.FORMAT,
    weights_npz.FORMAT,
    a2f_json.FORMAT,
    vrma.VOWELS,
    vrma.PERFECT_SYNC,
    usd.USDA,
    usd.USDC,
    vertex_caches.PC2,
    vertex_caches.MDD,
    rhubarb.TSV,
    rhubarb.XML,
    rhubarb.JSON,
    rhubarb.DAT,
    oculus.SHARES,
    oculus.TRACK,
    bvh.FORMAT,
    curves_csv.FORMAT,
)

__all__ = ["FORMATS", "Cue", "Format", "Motion"]
