"""The built-in head with its animation as binary glTF."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from diffusiontalker.head.appearance import MATERIALS, normals, still_colors
from diffusiontalker.head.model import Head, in_head_order, shown_channels, triangulate
from diffusiontalker.head.pose import quaternions
from diffusiontalker.head.shapes import head_of
from diffusiontalker.io.curves import pose_of, weight_blocks
from diffusiontalker.io.dials import animation_extras
from diffusiontalker.io.glb_container import ANIMATION_NAME, ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, GENERATOR, GlbBuilder
from diffusiontalker.io.glb_neck import NECK, add_neck, skin_attributes
from diffusiontalker.version import __version__

_COPYRIGHT = "Head: CC0, from the MakeHuman base mesh and the ARKit shapes of Mika Suominen"
_LICENSE = {
    "license": "CC0-1.0",
    "attribution": "MakeHuman project (base mesh), Mika Suominen (face units), cut for DiffusionTalker",
}


def write_glb(anim, f: BinaryIO) -> None:
    """One mesh with a primitive per material, 52 sparse morph targets (positions only: normals stay those of the
    neutral face, which keeps the file small), their standard names in mesh.extras.targetNames, and an animation of the
    weights with linear interpolation. Channels that the animation lacks stay 0. The optional targets of the tongue
    follow the 52 when the animation has a channel of them.
    A head pose makes the mesh a skin of two joints, Bust and below it Neck, and the animation turns Neck.
    Raises InputError for channels or a shape (anim.head) that the head does not have.
    """
    head = head_of(anim)
    in_head_order(head, anim.channels, np.zeros((0, len(anim.channels))))  # unknown channels are told before writing
    shown = shown_channels(head, anim.channels)
    pose = pose_of(anim)
    builder = GlbBuilder()
    document = {
        "asset": {
            "version": "2.0",
            "generator": f"{GENERATOR} {__version__}",
            "copyright": _COPYRIGHT,
            "extras": _LICENSE,
        },
        "scene": 0,
        "scenes": [{"name": "Scene", "nodes": [0]}],
        "nodes": [{"name": "Head", "mesh": 0}],
        "materials": [_material(name, *look) for name, look in MATERIALS.items()],
        "meshes": [
            {
                "name": "Head",
                "primitives": _primitives(head, len(shown), builder, pose is not None),
                "weights": [0.0] * len(shown),
                "extras": {"targetNames": list(shown)},
            }
        ],
    }
    if pose is not None:
        add_neck(document, builder)
    if len(anim.weights):
        document["animations"] = [_animation(anim, len(shown), builder, pose)]
    builder.write_head(f, document)
    for block in weight_blocks(anim):
        f.write(in_head_order(head, anim.channels, block).astype("<f4", copy=False).tobytes())


def _material(name: str, _parts, roughness: float) -> dict:
    return {
        "name": name,
        "doubleSided": True,  # the bust is open below, lashes and brows are strips
        "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": roughness},
    }


def _primitives(head: Head, n_targets: int, builder: GlbBuilder, is_skin: bool) -> list[dict]:
    """One per material, each with its own vertices, so that a viewer keeps no morph data it does not draw."""
    colors, vertex_normals = still_colors(head), normals(head)
    # glTF takes vertex colours as linear light.
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    shorts = np.round(np.column_stack([linear, np.ones(len(linear))]) * 65535).astype(np.uint16)
    triangles, owner = triangulate(head.quads)
    primitives = []
    for index, (parts, _) in enumerate(MATERIALS.values()):
        wanted = np.isin(head.face_part, [head.parts.index(p) for p in parts])
        used, local = np.unique(triangles[wanted[owner]], return_inverse=True)
        attributes = {
            "POSITION": builder.accessor(head.positions[used], ARRAY_BUFFER, bounds=True),
            "NORMAL": builder.accessor(vertex_normals[used], ARRAY_BUFFER),
            "COLOR_0": builder.accessor(shorts[used], ARRAY_BUFFER, normalized=True),
        }
        if is_skin:
            attributes |= skin_attributes(used, builder)
        indices = builder.accessor(local.ravel().astype(np.uint16), ELEMENT_ARRAY_BUFFER)
        targets = [{"POSITION": a} for a in _targets(head, n_targets, used, builder)]
        primitives.append({"attributes": attributes, "indices": indices, "material": index, "targets": targets})
    return primitives


def _targets(head: Head, n_targets: int, used: np.ndarray, builder: GlbBuilder) -> list[int]:
    """Accessors of the first n_targets targets on some vertices; those that do not move share one."""
    still: int | None = None
    accessors = []
    for k in range(n_targets):
        indices, deltas = head.target(k)
        here = np.isin(indices, used)
        if here.any():
            accessors.append(builder.sparse(np.searchsorted(used, indices[here]), deltas[here], len(used)))
        else:
            if still is None:
                still = builder.sparse(np.zeros(0, int), np.zeros((0, 3)), len(used))
            accessors.append(still)
    return accessors


def _animation(anim, n_targets: int, builder: GlbBuilder, pose: np.ndarray | None) -> dict:
    """The samplers; the output of the weights is reserved and comes last in the buffer."""
    n = len(anim.weights)
    times = (np.arange(n, dtype=np.float64) * anim.fps_den / anim.fps_num).astype(np.float32)
    turning = [] if pose is None else [(builder.accessor(quaternions(pose), None), {"node": NECK, "path": "rotation"})]
    n_values = n * n_targets
    time_accessor = builder.accessor(times, None, bounds=True)
    values = np.broadcast_to(np.float32(0), (n_values,))  # only its size and type are read
    value_accessor = builder.describe(values, builder.reserve(n_values * 4))
    curves = [(value_accessor, {"node": 0, "path": "weights"}), *turning]
    return {
        "name": ANIMATION_NAME,
        "samplers": [{"input": time_accessor, "output": values, "interpolation": "LINEAR"} for values, _ in curves],
        "channels": [{"sampler": i, "target": target} for i, (_, target) in enumerate(curves)],
        **animation_extras(anim),
    }
