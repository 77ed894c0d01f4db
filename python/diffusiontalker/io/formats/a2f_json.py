"""Weights as the JSON that NVIDIA's Audio2Face exports, which add-ons for Blender, Maya, Unity and Unreal import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

from diffusiontalker.io.curves import weight_blocks, write_rows
from diffusiontalker.io.formats.arkit_names import arkit_name
from diffusiontalker.io.formats.checks import floats, json_object, names_of, rate_of
from diffusiontalker.io.formats.record import Format, Motion, Unusable


def write_a2f(anim, f: BinaryIO) -> None:
    """One object: exportFps, trackPath, numPoses, numFrames, facsNames, joints, rotations, translations, weightMat
    [frame][pose]. Keys and order are those of the exporter of Omniverse Audio2Face. It moves a jaw and eyes by joints;
    here they are weights, so the three lists of joints are empty. Nine digits keep every float32 exactly."""
    fps = anim.fps_num / anim.fps_den
    head = {
        "exportFps": int(fps) if fps.is_integer() else fps,
        "trackPath": "" if getattr(anim, "audio_path", None) is None else str(anim.audio_path),
        "numPoses": len(anim.channels),
        "numFrames": len(anim.weights),
        "facsNames": list(anim.channels),
        "joints": [],
        "rotations": [],
        "translations": [],
    }
    f.write(json.dumps(head, indent=1)[:-2].encode())
    write_rows(f, "weightMat", weight_blocks(anim))
    f.write(b"\n}\n")


def read_a2f(path: Path) -> Motion:
    """facsNames and weightMat at exportFps (or fps, 30 without either). ARKit names are known in every spelling; other
    poses keep their own. Joints are left out."""
    saved = json_object(path, "facsNames and weightMat")
    for key in ("facsNames", "weightMat"):
        if key not in saved:
            raise Unusable(f"has no {key}")
    names = tuple(arkit_name(n) or n for n in names_of(saved["facsNames"], "facsNames"))
    rate = rate_of(saved.get("exportFps", saved.get("fps", 30)))
    weights = floats(saved["weightMat"], "a weightMat")
    if len(weights) == 0:
        raise Unusable("has no frames in weightMat")
    notes = ("the movement of its joints is left out",) if saved.get("rotations") or saved.get("translations") else ()
    return Motion(weights, names, rate.numerator, rate.denominator, notes=notes)


FORMAT = Format(
    (".a2f.json",),
    write_a2f,
    read_a2f,
    "the blendshape export of NVIDIA Audio2Face",
    to_stdout=True,
    is_text=True,
    channels=None,
    holds_pose=False,
    remedy="export blendshapes as JSON from Audio2Face again",
    recognises=lambda beginning: b'"facsNames"' in beginning or b'"weightMat"' in beginning,
)
