"""Animates real heads and lets programs of others judge them: python tests/heads/judge.py WORK [HEAD ...]

WORK is a folder for packages, outputs and pictures. HEAD is a character of your own; NAME.glb@back looks at the other
side of one that looks along -z, NAME.glb@fit fits it, and NAME.glb@MAP.tsv takes a mapping. For each head: `head
inspect`, `animate --head`, the Khronos validator, three.js and three-vrm in Chromium, Blender. Prints a table; look at
WORK/pictures too. Ends with 1 when a consumer finds a fault. Needs node, Chromium, and DT_BLENDER, a Python with bpy.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "py_pkg"))
import sources
from own_head_support import Spoken

ROOT = Path(__file__).parents[2]
VALIDATE = """const v = require(process.argv[1] + '/gltf-validator');
v.validateBytes(new Uint8Array(require('fs').readFileSync(process.argv[2])), {maxIssues: 0, ignoredIssues: []})
.then((r) => console.log(JSON.stringify(r.issues)));"""
FPS = 30


@dataclass
class Head:
    """path: of the character.   options: of animate.   back: whether it looks along -z."""

    path: Path
    options: list[str]
    back: bool
    name: str = ""
    out: Path = Path()
    moved: str = ""
    frames: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def head_of(argument: str) -> Head:
    path, *marks = argument.split("@")
    options = [w for m in marks if m != "back" for w in (["--fit"] if m == "fit" else ["--map", m])]
    suffix = "_fit" if "fit" in marks else "_map" if options else ""
    return Head(Path(path), options, "back" in marks, Path(path).stem + suffix)


def animate(head: Head, work: Path) -> None:
    """Inspects and animates one head with the shipped recording."""
    head.out = work / "spoken" / f"{head.name}.glb"
    program = [sys.executable, "-m", "diffusiontalker"]
    inspect = [*program, "head", "inspect", str(head.path), *head.options, "--json"]
    done = subprocess.run(inspect, capture_output=True, text=True)
    if done.returncode:
        head.faults.append(f"inspect: {done.stderr.strip()}")
    command = [*program, "animate", str(ROOT / "examples" / "speech.wav"), "--head", str(head.path), *head.options]
    done = subprocess.run([*command, "-o", str(head.out), "--force", "--json"], capture_output=True, text=True)
    if done.returncode:
        head.faults.append(f"animate: {done.stderr.strip()}")
        return
    told = json.loads(done.stdout)["head"]
    n_moving = sum(len(mesh["matched"]) for mesh in told["meshes"])
    n_all = n_moving + sum(len(mesh["still"]) for mesh in told["meshes"])
    bones = ", ".join([told["bone"] or "no head bone", *told.get("bones", {})])
    head.moved = f"{n_moving}/{n_all} targets, {bones}"
    head.frames = loud_frames(Spoken(head.out.read_bytes()))


def loud_frames(spoken: Spoken) -> list[int]:
    """A closed mouth and three open ones: frames where most moves."""
    total = np.zeros(len(spoken.times))
    for channel in spoken.animation["channels"]:
        values = spoken.values(channel["target"]["node"], channel["target"]["path"])
        total += np.abs(values - values[0]).sum(axis=1)
    third = len(total) // 3
    return [int(np.argmin(total)), *(third * i + int(np.argmax(total[third * i : third * (i + 1)])) for i in range(3))]


def validate(head: Head, work: Path) -> str:
    """The validator's counts of the output; a fault is what the character itself does not have."""
    counts = []
    for path in (head.path, head.out):
        command = ["node", "-e", VALIDATE, str(work / "node_modules"), str(path)]
        issues = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        counts.append([issues[f"num{kind}"] for kind in ("Errors", "Warnings", "Infos", "Hints")])
    before, after = counts
    if any(a > b for a, b in zip(after, before, strict=True)):
        head.faults.append(f"validator: errors, warnings, infos, hints {before} before, {after} after")
    return "/".join(map(str, after)) + (f" (was {'/'.join(map(str, before))})" if before != after else "")


def check_web(head: Head, seen: dict) -> str:
    """Influences and rotations of three.js against the file's."""
    if "failed" in seen or seen["errors"]:
        head.faults.append(f"three.js: {seen.get('failed') or seen['errors'][:2]}")
        return "failed"
    spoken, worst = Spoken(head.out.read_bytes()), 0.0
    for frame, state in zip(head.frames, seen["states"], strict=True):
        for channel in spoken.animation["channels"]:
            node, path = channel["target"]["node"], channel["target"]["path"]
            wanted = spoken.values(node, path)[frame]
            got = state[str(node)]["influences" if path == "weights" else "rotation"]
            worst = max(worst, float(np.abs(np.array(got[: len(wanted)]) - wanted).max()))
    if worst > 1e-5:
        head.faults.append(f"three.js: values differ from the file's by {worst:.2g}")
    return f"{worst:.1g}{' three-vrm' if seen['vrm'] else ''}"


def check_blender(head: Head, seen: dict) -> str:
    """Shape keys of Blender against the file's weights, by mesh and name."""
    if "is not available on this addon version" in seen.get("failed", ""):  # it reads the character itself no better
        return "does not read its compression"
    if "failed" in seen:
        head.faults.append(f"Blender: {seen['failed']}")
        return "failed"
    spoken = Spoken(head.out.read_bytes())
    differences = [*_of_keys(head, spoken, seen["states"]), *_of_bones(head, spoken, seen["bones"])]
    worst = max(differences, default=0.0)
    if worst > 1e-4 or not differences:
        head.faults.append(f"Blender: {len(differences)} values differ from the file's by {worst:.2g}")
    return f"{worst:.1g} of {len(differences)}"


def _of_keys(head: Head, spoken: Spoken, states: list[dict]) -> Iterator[float]:
    """How far shape keys are from the weights. Keys stand in the targets' order, and have their names."""
    for channel in spoken.animation["channels"]:
        if channel["target"]["path"] != "weights":
            continue
        node = spoken.document["nodes"][channel["target"]["node"]]
        names = spoken.document["meshes"][node["mesh"]].get("extras", {}).get("targetNames")
        values = np.clip(spoken.values(channel["target"]["node"]), 0, 1)
        for frame, state in zip(head.frames, states, strict=True):
            keys: dict = next((keys for name, keys in state.items() if _same(name, node)), {})
            if len(keys) == values.shape[1] and (names is None or list(keys) == names):
                yield from (abs(a - float(b)) for a, b in zip(keys.values(), values[frame], strict=True))


def _of_bones(head: Head, spoken: Spoken, bones: list[dict]) -> Iterator[float]:
    """How far the angles that bones turn between frames are from the file's, in radians. Blender gives bones axes of
    its own, and the angles stay."""
    for channel in spoken.animation["channels"]:
        name = spoken.document["nodes"][channel["target"]["node"]].get("name")
        if channel["target"]["path"] != "rotation" or name not in bones[0]:
            continue
        wanted = spoken.values(channel["target"]["node"], "rotation").astype(float)
        for frame, state in zip(head.frames[1:], bones[1:], strict=True):
            theirs = _angle(np.roll(bones[0][name], -1), np.roll(state[name], -1))
            yield abs(theirs - _angle(wanted[head.frames[0]], wanted[frame]))


def _angle(a: np.ndarray, b: np.ndarray) -> float:
    """Between two rotations, quaternions x, y, z, w."""
    return 4 * float(np.arcsin(min(1.0, min(np.linalg.norm(a - b), np.linalg.norm(a + b)) / 2)))


def _same(name: str, node: dict) -> bool:
    return name.split(".")[0] == str(node.get("name")).split(".")[0]


def sheet(head: Head, pictures: Path) -> None:
    """One picture of what Chromium and Blender show."""
    rows = [sorted(pictures.glob(f"{head.name}_{kind}_[0-9].png")) for kind in ("web", "blender")]
    images = [[Image.open(path).convert("RGB").resize((240, 240)) for path in row] for row in rows]
    out = Image.new("RGB", (960, 480), "white")
    for y, row in enumerate(images):
        for x, image in enumerate(row):
            out.paste(image, (240 * x, 240 * y))
    out.save(pictures / f"{head.name}.png")


def consumers(heads: list[Head], work: Path, bpy: str) -> tuple[dict, dict]:
    """What three.js and Blender see of all heads."""
    pictures = work / "pictures"
    files = [
        {
            "name": h.name, "path": str(h.out.resolve()), "back": h.back, "fps": FPS, "frames": h.frames,
            "times": [f / FPS for f in h.frames],
        }
        for h in heads
    ]  # fmt: skip
    job = {
        "modules": str((work / "node_modules").resolve()), "chromium": shutil.which("chromium"), "files": files,
        "pictures": str(pictures.resolve()),
    }  # fmt: skip
    (work / "job.json").write_text(json.dumps(job))
    here = Path(__file__).parent
    web = subprocess.run(
        ["node", str(here / "web.js"), str(work / "job.json")], capture_output=True, text=True, check=True
    )
    subprocess.run(
        [bpy, str(here / "blender_look.py"), str(work / "job.json"), str(work / "blender.json")],
        check=True, capture_output=True,
    )  # fmt: skip
    return json.loads(web.stdout), json.loads((work / "blender.json").read_text())


def main() -> int:
    work, bpy = Path(sys.argv[1]), os.environ.get("DT_BLENDER", "")
    if not bpy or shutil.which("chromium") is None or shutil.which("node") is None:
        print("error: node, chromium and DT_BLENDER (a Python with bpy) are needed", file=sys.stderr)
        return 2
    for name in ("spoken", "pictures"):
        (work / name).mkdir(parents=True, exist_ok=True)
    sources.fetch(work)
    heads = [head_of(argument) for argument in [*map(str, sources.heads(work, bpy)), *sys.argv[2:]]]
    for head in heads:
        animate(head, work)
    speaking = [head for head in heads if not head.faults]
    web, blender = consumers(speaking, work, bpy)
    for head in speaking:
        row = (validate(head, work), check_web(head, web[head.name]), check_blender(head, blender[head.name]))
        print(f"{head.name:<24}{head.moved:<40} validator {row[0]:<32} three.js {row[1]:<16} Blender {row[2]}")
        sheet(head, work / "pictures")
    faults = [f"{head.name}: {fault}" for head in heads for fault in head.faults]
    print("\n".join(faults) or "no faults")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
