"""Heads for the page: what is drawn, and how channels move it."""

from __future__ import annotations

import json
import struct
from fractions import Fraction
from typing import Any

import numpy as np

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.model import Model
from diffusiontalker.ownhead import PreparedHead, prepare_head
from diffusiontalker.ownhead.animate import animate_prepared
from diffusiontalker.ownhead.bones import find_bone, scene_matrices
from diffusiontalker.ownhead.names import Match
from diffusiontalker.ownhead.puppet import Puppet, puppet_of_data
from diffusiontalker.ownhead.rig import MorphMesh
from diffusiontalker.ownhead.visemes import VISEMES, viseme_system
from diffusiontalker.render.figure_data import PageBytes, built_in_head, figure_data
from diffusiontalker.spec.channels import ARKIT_CHANNELS


def still(model: Model) -> Animation:
    """A motion of one second in which nothing moves, for what a head has to offer."""
    rate = Fraction(model.fps_num, model.fps_den)
    n = max(2, round(float(rate)))
    return model.animation(np.zeros((n, model.n_channels), np.float32), None, np.zeros((n, 3), np.float32))


def built_in(model: Model) -> bytes:
    """The built-in head as packed() gives it."""
    anim = still(model)
    return packed(built_in_head(anim), anim)


def own(model: Model, data: bytes, fit: bool) -> bytes:
    """A character of the user as packed() gives it.   data: of a .glb or .vrm.   fit: find what moves each target
    by its shape.   Raises InputError as prepare_head() and puppet_of_data()."""
    return packed(prepare_head(data, fit=fit), still(model))


def packed(prepared: PreparedHead, anim: Animation) -> bytes:
    """Length of the JSON, little-endian u32; the JSON, filled with spaces up to a multiple of four; the numbers that it
    names."""
    data = PageBytes()
    document = head_document(prepared, anim, data)
    text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<I", len(text)) + text + data.joined()


def head_document(prepared: PreparedHead, anim: Animation, data: PageBytes) -> dict[str, Any]:
    """figure: for the viewer.   rig: for rig.js.   report: for people.   pictures: files that the figure names."""
    file, report = animate_prepared(prepared, anim)
    puppet = puppet_of_data(file)
    return {
        "figure": figure_data(puppet, data),
        "rig": rig_of(prepared, puppet),
        "report": {
            "n_moving": report.n_matched,
            "n_still": sum(len(mesh.still) for mesh in report.meshes),
            "turns_head": report.bone is not None,
            "bones": sorted(report.face_bones),
            "notes": list(report.notes),
        },
        "pictures": data.pictures,
    }


def rig_of(prepared: PreparedHead, puppet: Puppet) -> dict[str, Any]:
    """What makes weights of targets and turns of bones of the channels, as ownhead.curves and ownhead.face_bones do."""
    visemes: list[dict] = []
    nodes = {}
    for mesh in prepared.meshes:
        matches = prepared.plan[mesh.index]
        if matches:
            entry = _mesh_rig(mesh, matches, visemes)
            nodes.update({str(node): {**entry, "rest": puppet.rest[node].tolist()} for node in mesh.nodes})
    return {
        "arkit": list(ARKIT_CHANNELS),
        "nodes": nodes,
        "visemes": visemes,
        "axes": puppet.figure.axes.tolist(),
        "movers": _movers(prepared, puppet),
    }


def _mesh_rig(mesh: MorphMesh, matches: dict[int, Match], visemes: list[dict]) -> dict[str, Any]:
    """targets: [target, whether the sum is bounded to 0..1, [[source, share], ...]].   visemes: index of the system of
    its visemes; -1 for none."""
    wanted = [v for v in VISEMES if any(v in m.terms for m in matches.values())]
    known = [system["names"] for system in visemes]
    if wanted and wanted not in known:
        gram, products = viseme_system(wanted)
        visemes.append({"names": wanted, "gram": gram.tolist(), "products": products.tolist()})
        known.append(wanted)
    targets = [
        [target, len(m.terms) > 1 and min(m.terms.values()) >= 0, [[s, float(share)] for s, share in m.terms.items()]]
        for target, m in matches.items()
    ]
    return {"targets": targets, "visemes": known.index(wanted) if wanted else -1}


def _movers(prepared: PreparedHead, puppet: Puppet) -> list[dict]:
    """part: head, jaw, leftEye or rightEye.   above: index of the next mover above it, -1 for none.   pivot: in the
    scene."""
    places = scene_matrices(prepared.gltf)
    nodes = tuple(node for mesh in prepared.meshes for node in mesh.nodes)
    head = find_bone(prepared.gltf, prepared.head_bone, nodes)
    parts: dict[int, dict] = {b.bone.node: _face_bone(b) for b in prepared.face_bones}
    if head is not None:
        parts[head.node] = {"part": "head"}
    return [
        {**parts[node], "above": above, "pivot": places[node][:3, 3].tolist()}
        for node, above in zip(puppet.figure.movers, puppet.figure.above, strict=True)
    ]


def _face_bone(bone) -> dict[str, Any]:
    return {"part": bone.part, "angles": list(bone.angles), "closes": "mouthClose" in bone.channels}
