"""The built-in head with its animation as USD: blend shapes of UsdSkel, time samples of their weights.

.usda is text and needs no library. .usdc and .usd (both binary) and reading need the package usd-core."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.extras import install_command
from diffusiontalker.head.appearance import still_colors
from diffusiontalker.head.model import Head, in_head_order, shown_channels
from diffusiontalker.head.pose import NECK_PIVOT, follow, quaternions
from diffusiontalker.head.shapes import head_of
from diffusiontalker.io.curves import pose_of, weight_blocks
from diffusiontalker.io.dials import KEY, checked_dials, kept_dials
from diffusiontalker.io.formats.angles import angles_of, matrices_of_quaternions
from diffusiontalker.io.formats.arkit_names import arkit_name
from diffusiontalker.io.formats.checks import MAX_BYTES, rate_of
from diffusiontalker.io.formats.record import Format, Motion, Unusable
from diffusiontalker.spec.channels import ARKIT_CHANNELS
from diffusiontalker.version import __version__

_TONGUE = ("tongueTipUp", "tongueBodyUp")
_JOINTS = ("Bust", "Bust/Neck")
_IDENTITY = ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0))


def write_usda(anim, f: BinaryIO) -> None:
    """One SkelRoot with the mesh, its 52 blend shapes, a skeleton of two joints (Bust, and Neck in the middle of the
    neck) and a SkelAnimation of the weights and the rotation of Neck. Frame k is time code k; timeCodesPerSecond is
    the frame rate. Metres, y is up. Dials that are not at their defaults are in the layer's data.
    Raises InputError for channels or a shape that the head does not have."""
    head = head_of(anim)
    in_head_order(head, anim.channels, np.zeros((0, len(anim.channels))))
    shown = shown_channels(head, anim.channels)
    pose = pose_of(anim)
    n, fps = len(anim.weights), repr(anim.fps_num / anim.fps_den)
    f.write(
        f"""#usda 1.0
(
    defaultPrim = "Head"
    doc = "DiffusionTalker {__version__}. Head: CC0, from the MakeHuman base mesh and the shapes of Mika Suominen"
    endTimeCode = {max(0, n - 1)}
    framesPerSecond = {fps}
    metersPerUnit = 1
    startTimeCode = 0
    timeCodesPerSecond = {fps}
    upAxis = "Y"{_kept(anim)}
)

def SkelRoot "Head"
{{
{_skeleton()}
{_mesh(head, shown)}
""".encode()
    )
    _write_animation(anim, f, head, shown, pose)
    f.write(b"}\n")


def _kept(anim) -> str:
    """The layer's data of the dials; nothing where all are at their defaults."""
    dials = kept_dials(anim)
    if dials is None:
        return ""
    text = json.dumps({"dials": dials}).replace("\\", "\\\\").replace('"', '\\"')
    return f'\n    customLayerData = {{\n        string {KEY} = "{text}"\n    }}'


def _tuples(rows: Iterable) -> str:
    return "[" + ", ".join("(" + ", ".join(f"{v:.7g}" for v in row) + ")" for row in rows) + "]"


def _numbers(values: Iterable) -> str:
    return "[" + ", ".join(f"{v:.9g}" for v in values) + "]"


def _tokens(names: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _matrix(offset=(0.0, 0.0, 0.0)) -> str:
    rows = [*_IDENTITY, (*offset, 1)]  # USD's vectors are rows: the offset is the last one
    return "( " + ", ".join("(" + ", ".join(f"{v:.7g}" for v in row) + ")" for row in rows) + " )"


def _skeleton() -> str:
    bind = f"[{_matrix()}, {_matrix(NECK_PIVOT)}]"
    return f"""    def Skeleton "Skeleton" (
        prepend apiSchemas = ["SkelBindingAPI"]
    )
    {{
        uniform matrix4d[] bindTransforms = {bind}
        uniform token[] joints = {_tokens(_JOINTS)}
        uniform matrix4d[] restTransforms = {bind}
        rel skel:animationSource = </Head/Speech>
    }}
"""


@lru_cache(maxsize=2)
def _mesh(head: Head, shown: tuple[str, ...]) -> str:
    """The mesh with its blend shapes: the same text for every animation of a head."""
    faces = [list(dict.fromkeys(quad)) for quad in head.quads.tolist()]  # a triangle repeats its last vertex
    share = follow()
    joint_weights = np.stack([1 - share, share], axis=1).ravel()
    low, high = head.positions.min(0), head.positions.max(0)
    colors = still_colors(head)
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    shapes = "\n".join(
        f"""        def BlendShape "{name}"
        {{
            uniform vector3f[] offsets = {_tuples(head.target(k)[1].tolist())}
            uniform int[] pointIndices = {_numbers(head.target(k)[0].tolist())}
        }}
"""
        for k, name in enumerate(shown)
    )
    targets = ", ".join(f"</Head/Face/{name}>" for name in shown)
    return f"""    def Mesh "Face" (
        prepend apiSchemas = ["SkelBindingAPI"]
    )
    {{
        float3[] extent = {_tuples([low.tolist(), high.tolist()])}
        int[] faceVertexCounts = {_numbers([len(face) for face in faces])}
        int[] faceVertexIndices = {_numbers([i for face in faces for i in face])}
        point3f[] points = {_tuples(head.positions.tolist())}
        color3f[] primvars:displayColor = {_tuples(linear.tolist())} (
            interpolation = "vertex"
        )
        int[] primvars:skel:jointIndices = {_numbers([0, 1] * len(share))} (
            elementSize = 2
            interpolation = "vertex"
        )
        float[] primvars:skel:jointWeights = {_numbers(joint_weights.tolist())} (
            elementSize = 2
            interpolation = "vertex"
        )
        uniform token[] skel:blendShapes = {_tokens(shown)}
        rel skel:blendShapeTargets = [{targets}]
        rel skel:skeleton = </Head/Skeleton>
        uniform token subdivisionScheme = "none"

{shapes}    }}
"""


def _write_animation(anim, f: BinaryIO, head: Head, shown: tuple[str, ...], pose: np.ndarray | None) -> None:
    neck = _tuples([(0, 0, 0), NECK_PIVOT])
    f.write(
        f"""    def SkelAnimation "Speech"
    {{
        uniform token[] blendShapes = {_tokens(shown)}
        uniform token[] joints = {_tokens(_JOINTS)}
        float3[] translations = {neck}
        half3[] scales = [(1, 1, 1), (1, 1, 1)]
""".encode()
    )
    if pose is None:
        f.write(b"        quatf[] rotations = [(1, 0, 0, 0), (1, 0, 0, 0)]\n")
    else:
        f.write(b"        quatf[] rotations.timeSamples = {\n")
        for k, (x, y, z, w) in enumerate(quaternions(pose).tolist()):
            f.write(f"            {k}: [(1, 0, 0, 0), ({w:.9g}, {x:.9g}, {y:.9g}, {z:.9g})],\n".encode())
        f.write(b"        }\n")
    if not len(anim.weights):
        f.write(f"        float[] blendShapeWeights = {_numbers([0] * len(shown))}\n".encode())
    else:
        f.write(b"        float[] blendShapeWeights.timeSamples = {\n")
        k = 0
        for block in weight_blocks(anim):
            rows = in_head_order(head, anim.channels, block).tolist()
            f.write("".join(f"            {k + i}: {_numbers(row)},\n" for i, row in enumerate(rows)).encode())
            k += len(rows)
        f.write(b"        }\n")
    f.write(b"    }\n")


def _library():
    if importlib.util.find_spec("pxr") is None:
        raise InputError(f"binary USD needs usd-core: `{install_command('usd')}`, or save as .usda")
    from pxr import Sdf, Usd, UsdSkel

    return Sdf, Usd, UsdSkel


def write_usdc(anim, f: BinaryIO) -> None:
    """The same stage in USD's binary form. Raises InputError without usd-core, with the command that installs it."""
    Sdf, _, _ = _library()
    with tempfile.TemporaryDirectory(prefix="diffusiontalker-") as folder:
        text, binary = Path(folder) / "a.usda", Path(folder) / "a.usdc"
        with text.open("wb") as out:
            write_usda(anim, out)
        if not Sdf.Layer.FindOrOpen(str(text)).Export(str(binary)):
            raise InputError("USD cannot store this animation: save it as .usda")
        f.write(binary.read_bytes())


def read_usd(path: Path) -> Motion:
    """The first SkelAnimation with blend shapes of ARKit names; the rotation of its joint Neck, or else Head, against
    the first joint's axes. Raises InputError without usd-core, with the command that installs it."""
    _, Usd, UsdSkel = _library()
    try:
        stage = Usd.Stage.Open(str(path))
    except Exception as e:  # what Tf raises has many lines
        raise Unusable("is no USD file") from e
    found = [UsdSkel.Animation(prim) for prim in stage.Traverse() if prim.IsA(UsdSkel.Animation)]
    found = [a for a in found if any(arkit_name(str(n)) or n in _TONGUE for n in a.GetBlendShapesAttr().Get() or [])]
    if not found:
        raise Unusable("has no SkelAnimation with ARKit blend shapes")
    animation = found[0]
    tokens = [str(n) for n in animation.GetBlendShapesAttr().Get()]
    names = [n if n in _TONGUE else arkit_name(n) for n in tokens]
    weights = animation.GetBlendShapeWeightsAttr()
    samples = weights.GetTimeSamples() or [0.0]
    per_second = stage.GetTimeCodesPerSecond()
    step = float(np.median(np.diff(samples))) if len(samples) > 1 else 1.0
    rate = rate_of(per_second / step)
    n = round((samples[-1] - samples[0]) / step) + 1
    if n * len(names) * 4 > MAX_BYTES:
        raise Unusable(f"has {n} frames, more than {MAX_BYTES >> 20} MB")
    codes = [samples[0] + k * step for k in range(n)]
    rows = [weights.Get(code) for code in codes]
    if any(row is None or len(row) != len(names) for row in rows):
        raise Unusable(f"has another number of weights than its {len(names)} blend shapes")
    known = [i for i, name in enumerate(names) if name is not None]
    table = np.array(rows, np.float32)[:, known]
    notes: tuple[str, ...] = ()
    if len(known) < len(names):
        notes = (f"{len(names) - len(known)} blend shapes that are not ARKit's are left out",)
    pose = _neck(animation, codes)
    channels = tuple(str(names[i]) for i in known)
    dials = _dials(stage)
    return Motion(table, channels, rate.numerator, rate.denominator, head_pose=pose, notes=notes, dials=dials)


def _dials(stage) -> dict | None:
    """What _kept() wrote; None where nothing of the kind is there."""
    text = stage.GetRootLayer().customLayerData.get(KEY)
    try:
        ours = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        ours = None
    return checked_dials(ours.get("dials")) if isinstance(ours, dict) else None


def _neck(animation, codes: list[float]) -> np.ndarray | None:
    """The head pose of a SkelAnimation; None where no joint called Neck or Head has rotations over time."""
    joints = [str(j).split("/")[-1].lower() for j in animation.GetJointsAttr().Get() or []]
    attribute = animation.GetRotationsAttr()
    place = next((joints.index(name) for name in ("neck", "head") if name in joints), None)
    if place is None or not attribute.GetTimeSamples():
        return None
    turns = [attribute.Get(code)[place] for code in codes]
    return angles_of(matrices_of_quaternions(np.array([[*q.GetImaginary(), q.GetReal()] for q in turns])))


USDA = Format(
    (".usda",),
    write_usda,
    read_usd,
    "the built-in head with the animation (USD, text)",
    channels=(*ARKIT_CHANNELS, *_TONGUE),
    is_text=True,
)
USDC = Format(
    (".usdc", ".usd"),
    write_usdc,
    read_usd,
    "the same, binary; needs usd-core",
    channels=(*ARKIT_CHANNELS, *_TONGUE),
)
