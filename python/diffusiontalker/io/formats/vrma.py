"""Expressions and the head of a VRM avatar (.vrma): the glTF extension VRMC_vrm_animation 1.0."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

from diffusiontalker.head.pose import quaternions
from diffusiontalker.io.curves import pose_of
from diffusiontalker.io.dials import animation_extras, dials_of_extras
from diffusiontalker.io.formats.angles import angles_of, matrices_of_quaternions
from diffusiontalker.io.formats.arkit_names import arkit_name
from diffusiontalker.io.formats.record import Format, Motion, Unusable
from diffusiontalker.io.glb_container import ANIMATION_NAME, GlbBuilder
from diffusiontalker.io.gltf.curves import Curve, GltfFile, grid_of
from diffusiontalker.io.visemes import arkit_weights, poses, shares
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX
from diffusiontalker.version import __version__

EXTENSION = "VRMC_vrm_animation"
_BLINKS = {"blinkLeft": "eyeBlinkLeft", "blinkRight": "eyeBlinkRight"}
# The bones that VRM 1.0 requires, in T-pose, metres from the parent: (name, parent, offset). Only the head moves.
_BONES: tuple[tuple[str, str | None, tuple[float, float, float]], ...] = (
    ("hips", None, (0.0, 0.9, 0.0)), ("spine", "hips", (0.0, 0.1, 0.0)), ("head", "spine", (0.0, 0.5, 0.0)),
    ("leftUpperArm", "spine", (0.18, 0.35, 0.0)), ("leftLowerArm", "leftUpperArm", (0.25, 0.0, 0.0)),
    ("leftHand", "leftLowerArm", (0.25, 0.0, 0.0)),
    ("rightUpperArm", "spine", (-0.18, 0.35, 0.0)), ("rightLowerArm", "rightUpperArm", (-0.25, 0.0, 0.0)),
    ("rightHand", "rightLowerArm", (-0.25, 0.0, 0.0)),
    ("leftUpperLeg", "hips", (0.09, -0.05, 0.0)), ("leftLowerLeg", "leftUpperLeg", (0.0, -0.4, 0.0)),
    ("leftFoot", "leftLowerLeg", (0.0, -0.4, 0.0)),
    ("rightUpperLeg", "hips", (-0.09, -0.05, 0.0)), ("rightLowerLeg", "rightUpperLeg", (0.0, -0.4, 0.0)),
    ("rightFoot", "rightLowerLeg", (0.0, -0.4, 0.0)),
)  # fmt: skip
_HEAD = 2  # among them


def write_vowels(anim, f: BinaryIO) -> None:
    """The preset expressions that every avatar has: the vowels aa ih ou ee oh by their share in each frame, blinkLeft
    and blinkRight. The rest of the face is lost."""
    weights = arkit_weights(anim.channels, np.asarray(anim.weights))
    names, _ = poses("vrm")
    found = shares("vrm", weights)
    presets = {name: found[:, k] for k, name in enumerate(names) if name != "neutral"}
    presets |= {name: weights[:, CHANNEL_INDEX[c]] for name, c in _BLINKS.items()}
    _write(anim, f, "preset", presets)


def write_arkit(anim, f: BinaryIO) -> None:
    """The ARKit channels as custom expressions of their names, for avatars with Perfect Sync. There are no presets
    beside them, since an avatar with both would open its mouth twice."""
    weights = arkit_weights(anim.channels, np.asarray(anim.weights))
    _write(anim, f, "custom", {c: weights[:, CHANNEL_INDEX[c]] for c in ARKIT_CHANNELS if c in anim.channels})


def _write(anim, f: BinaryIO, kind: str, expressions: dict[str, np.ndarray]) -> None:
    """An expression is a node whose translation x is its weight, 0..1; the head pose turns the bone head."""
    pose, n = pose_of(anim), len(anim.weights)
    builder = GlbBuilder()
    index = {name: i for i, (name, _, _) in enumerate(_BONES)}
    nodes: list[dict] = [{"name": name, "translation": list(offset)} for name, _, offset in _BONES]
    for name, parent, _ in _BONES:
        if parent is not None:
            nodes[index[parent]].setdefault("children", []).append(index[name])
    places = {name: {"node": len(nodes) + i} for i, name in enumerate(expressions)}
    nodes += [{"name": name} for name in expressions]
    document = {
        "asset": {"version": "2.0", "generator": f"DiffusionTalker {__version__}"},
        "extensionsUsed": [EXTENSION],
        "extensions": {
            EXTENSION: {
                "specVersion": "1.0",
                "humanoid": {"humanBones": {name: {"node": i} for name, i in index.items()}},
                "expressions": {kind: places},
            }
        },
        "scene": 0,
        "scenes": [{"nodes": [0, *(p["node"] for p in places.values())]}],
        "nodes": nodes,
    }
    if n:
        times = (np.arange(n, dtype=np.float64) * anim.fps_den / anim.fps_num).astype(np.float32)
        key_times = builder.accessor(times, None, bounds=True)
        targets = []
        if pose is not None:
            targets.append((builder.accessor(quaternions(pose), None), {"node": _HEAD, "path": "rotation"}))
        for name, curve in expressions.items():
            moved = np.zeros((n, 3), np.float32)
            moved[:, 0] = np.clip(curve, 0, 1)
            targets.append((builder.accessor(moved, None), {**places[name], "path": "translation"}))
        document["animations"] = [
            {
                "name": ANIMATION_NAME,
                "samplers": [{"input": key_times, "output": a, "interpolation": "LINEAR"} for a, _ in targets],
                "channels": [{"sampler": i, "target": target} for i, (_, target) in enumerate(targets)],
                **animation_extras(anim),
            }
        ]
    builder.write_head(f, document)


def read_vrma(path: Path) -> Motion:
    """Custom expressions with ARKit names, or else the preset vowels as poses and the blinks; the rotation of the bone
    head. Moods (happy, angry ...) are left out."""
    file = GltfFile(path)
    extensions = file.document.get("extensions", {})
    found = extensions.get(EXTENSION) if isinstance(extensions, dict) else None
    if not isinstance(found, dict):
        raise Unusable(f"has no {EXTENSION}")
    expressions, head = _places(found)
    moved: dict[str, Curve] = {}
    turning = None
    for node, kind, curve in file.curves():
        if kind == "translation" and node in expressions and curve.values.shape[-1] == 3:
            moved[expressions[node]] = curve
        if kind == "rotation" and node == head and curve.values.shape[-1] == 4:
            turning = curve
    arkit = {arkit_name(name): curve for name, curve in moved.items() if arkit_name(name) in ARKIT_CHANNELS}
    names, table = poses("vrm")
    known = [*_BLINKS, "blink", *names]
    if not arkit and not any(name in known for name in moved) and turning is None:
        raise Unusable("animates no expression of ARKit, no vowel, no blink and no head")
    curves = list(moved.values()) + ([] if turning is None else [turning])
    rate, times = grid_of(curves, len(ARKIT_CHANNELS))
    moved = {name: curve.on(rate) for name, curve in moved.items()}
    arkit = {name: curve.on(rate) for name, curve in arkit.items()}
    weights = np.zeros((len(times), len(ARKIT_CHANNELS)))
    for channel, curve in arkit.items():
        weights[:, CHANNEL_INDEX[str(channel)]] = curve.at(times)[:, 0]
    if not arkit:
        for name in names:
            if name in moved:
                weights += moved[name].at(times)[:, :1] * table[names.index(name)]
        for name, channel in _BLINKS.items():
            source = moved.get(name, moved.get("blink"))
            if source is not None:
                weights[:, CHANNEL_INDEX[channel]] = source.at(times)[:, 0]
    pose = None if turning is None else angles_of(matrices_of_quaternions(turning.on(rate).at(times)))
    left = [name for name in moved if arkit_name(name) not in arkit and (arkit or name not in known)]
    notes = (f"{len(left)} expressions are left out, {left[0]} among them",) if left else ()
    return Motion(
        weights.astype(np.float32), ARKIT_CHANNELS, rate.numerator, rate.denominator, head_pose=pose, notes=notes,
        dials=dials_of_extras(file.animation()),
    )  # fmt: skip


def _places(found: dict) -> tuple[dict[int, str], int | None]:
    """({node: expression}, node of the head)."""
    expressions: dict[int, str] = {}
    kinds = found.get("expressions", {})
    for kind in ("preset", "custom"):
        for name, place in (kinds.get(kind) or {}).items() if isinstance(kinds, dict) else ():
            if not isinstance(place, dict) or not isinstance(place.get("node"), int):
                raise Unusable(f"has the expression {name[:40]!r} without a node")
            expressions[place["node"]] = name
    bones = found.get("humanoid", {}).get("humanBones", {}) if isinstance(found.get("humanoid", {}), dict) else {}
    head = bones.get("head", {}) if isinstance(bones, dict) else {}
    return expressions, head.get("node") if isinstance(head, dict) else None


_REMEDY = "export it as VRM animation again"
VOWELS = Format((".vrma",), write_vowels, read_vrma, "vowels, blinks and head of a VRM avatar", remedy=_REMEDY)
PERFECT_SYNC = Format(
    (".arkit.vrma",), write_arkit, read_vrma, "the ARKit channels of a VRM avatar with Perfect Sync", remedy=_REMEDY
)
