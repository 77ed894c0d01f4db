"""The built-in head with its animation (.glb), and morph animations of other heads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from diffusiontalker.io.dials import dials_of_extras
from diffusiontalker.io.formats.angles import angles_of, matrices_of_quaternions
from diffusiontalker.io.formats.arkit_names import arkit_name
from diffusiontalker.io.formats.record import Format, Motion, Unusable
from diffusiontalker.io.glb import write_glb
from diffusiontalker.io.gltf.curves import Curve, GltfFile, grid_of
from diffusiontalker.spec.channels import ARKIT_CHANNELS

_TONGUE = ("tongueTipUp", "tongueBodyUp")


def read_glb(path: Path) -> Motion:
    """The weights of the last animation called Speech, or else of the first one, of all meshes whose
    mesh.extras.targetNames hold ARKit names in any spelling. A target of several meshes is taken from the first. The
    rotation of a node called Neck, or else Head, against its rest is the head pose. Keys at another rate than a usual
    one are sampled; targets of other names are left out."""
    file = GltfFile(path)
    columns: dict[str, tuple[Curve, int]] = {}
    turning: dict[str, tuple[Curve, np.ndarray]] = {}
    left: list[str] = []
    for node_index, kind, curve in file.curves():
        node = file.item("nodes", node_index)
        if kind == "weights":
            names = target_names(file, node)
            n = curve.values.shape[-1]
            if len(names) != n:
                raise Unusable(f"has {len(names)} names for {n} morph targets of a mesh")
            for k, name in enumerate(names):
                known = name if name in _TONGUE else arkit_name(name)
                if known is None:
                    left.append(name)
                else:
                    columns.setdefault(known, (curve, k))
        elif kind == "rotation" and curve.values.shape[-1] == 4:
            rest = np.asarray(node.get("rotation", [0, 0, 0, 1]), np.float64).reshape(1, 4)
            turning[str(node.get("name", "")).lower()] = (curve, rest)
    if not columns:
        raise Unusable(
            "animates no ARKit blendshape: its targets are " + (", ".join(left[:5]) if left else "without names")
        )
    neck = next((turning[name] for name in ("neck", "head") if name in turning), None)
    curves = [c for c, _ in columns.values()] + ([] if neck is None else [neck[0]])
    rate, times = grid_of(curves, len(columns))
    sampled = {id(curve): curve.on(rate).at(times) for curve in curves}
    names = [c for c in (*ARKIT_CHANNELS, *_TONGUE) if c in columns]
    weights = np.stack([sampled[id(columns[c][0])][:, columns[c][1]] for c in names], axis=1).astype(np.float32)
    pose = None
    if neck is not None:
        rest = matrices_of_quaternions(neck[1])
        pose = angles_of(matrices_of_quaternions(sampled[id(neck[0])]) @ rest.transpose(0, 2, 1))
    notes = (f"{len(left)} targets that are no ARKit blendshapes are left out, {left[0]} among them",) if left else ()
    return Motion(
        weights,
        tuple(names),
        rate.numerator,
        rate.denominator,
        head_pose=pose,
        notes=notes,
        dials=dials_of_extras(file.animation()),
    )


def target_names(file: GltfFile, node: dict) -> list[str]:
    """Names of the morph targets of a node's mesh, by the convention that all importers read; [] without names."""
    extras = file.item("meshes", node.get("mesh")).get("extras", {})
    names = extras.get("targetNames", []) if isinstance(extras, dict) else []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Unusable("has targetNames that are no list of names")
    return names


FORMAT = Format(
    (".glb",),
    write_glb,
    read_glb,
    "the built-in head with the animation (glTF 2.0)",
    channels=(*ARKIT_CHANNELS, *_TONGUE),
    remedy="export it as .glb with morph targets, their names and the animation",
)
