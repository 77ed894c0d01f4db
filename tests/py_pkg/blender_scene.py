"""Runs inside Blender (or a Python with bpy): installs the extension, uses it as an artist does, and writes what came
of it as JSON. Arguments behind the last "--": the .zip, the program, the folder with inputs, the bundle, the output."""

import json
import math
import sys
from pathlib import Path

import bpy
from mathutils import Quaternion

ARCHIVE, PROGRAM, FOLDER, BUNDLE, OUT = sys.argv[sys.argv.index("--") + 1 :]
FOLDER = Path(FOLDER)
NAMES = ["jawOpen", "MouthSmile_L", "eyeBlinkRight", "Hat"]
OPTIONS = f'--bundle "{BUNDLE}" --backend reference'


def scene(fps, base=1.0):
    """A face with shape keys on a crooked armature, selected, at frame 1."""
    bpy.ops.wm.read_homefile(use_empty=True)
    install_program()
    made = bpy.context.scene
    made.render.fps, made.render.fps_base = fps, base
    made.diffusiontalker.options = OPTIONS
    made.frame_set(1)
    rig = armature()
    o = face(rig)
    select(o)
    return made, o, rig


def install_program(path=PROGRAM):
    name = next(a.module for a in bpy.context.preferences.addons if a.module.endswith("diffusiontalker"))
    bpy.context.preferences.addons[name].preferences.program = path


def armature():
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.collection.objects.link(rig)
    select(rig)
    bpy.ops.object.mode_set(mode="EDIT")
    neck = rig.data.edit_bones.new("neck_joint")
    neck.head, neck.tail, neck.roll = (0, 0, 1), (0.1, -0.2, 1.3), 0.7
    head = rig.data.edit_bones.new("mixamorig:Head")
    head.head, head.tail, head.roll, head.parent = neck.tail, (0, 0.1, 1.6), -1.1, neck
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def face(rig, name="Face", names=NAMES):
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 0, 1)], [], [(0, 1, 2)])
    o = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(o)
    o.modifiers.new("Armature", "ARMATURE").object = rig
    o.shape_key_add(name="Basis")
    for i, key in enumerate(names):
        o.shape_key_add(name=key).data[i % 3].co.y -= 1
        o.data.shape_keys.key_blocks[key].value = 0
    return o


def select(*objects):
    bpy.ops.object.select_all(action="DESELECT")
    for o in objects:
        o.select_set(True)
    bpy.context.view_layer.objects.active = objects[0] if objects else None


def error_of(call, **arguments):
    """The sentence that an operator refuses with."""
    try:
        call(**arguments)
    except RuntimeError as e:
        return str(e).removeprefix("Error: ").strip()
    return None


def evaluated(made, o, first, last):
    """Shape key -> its value at every frame."""
    found = {name: [] for name in o.data.shape_keys.key_blocks.keys()[1:]}
    for frame in range(first, last + 1):
        made.frame_set(frame)
        for name, values in found.items():
            values.append(o.data.shape_keys.key_blocks[name].value)
    return found


def keys_of(owner):
    """Path -> frames with keys."""
    bag = owner.animation_data.action.layers[0].strips[0].channelbag(owner.animation_data.action_slot)
    return {f"{c.data_path}[{c.array_index}]": [round(p.co[0], 3) for p in c.keyframe_points] for c in bag.fcurves}


def turns(made, rig, first, last):
    """World rotation of the head bone against its rest, per frame: yaw, pitch, roll as the package has them."""
    rest = (rig.matrix_world @ rig.data.bones["mixamorig:Head"].matrix_local).to_quaternion()
    out = []
    for frame in range(first, last + 1):
        made.frame_set(frame)
        posed = (rig.matrix_world @ rig.pose.bones["mixamorig:Head"].matrix).to_quaternion()
        q = posed @ rest.inverted()
        upright = Quaternion((1, 0, 0), -math.pi / 2)  # Blender's axes to y up
        out.append(list(upright @ q @ upright.inverted()))
    return out


def speaks_a_strip():
    made, o, _ = scene(24)
    made.sequence_editor_create()
    strip = made.sequence_editor.strips.new_sound("line", str(FOLDER / "in.wav"), 1, 11)
    strip.frame_offset_start, strip.frame_offset_end = 3, 4
    made.sequence_editor.active_strip = strip
    made.frame_end = 5
    bpy.ops.diffusiontalker.speak()
    return {
        "values": evaluated(made, o, 11, 60), "keys": keys_of(o.data.shape_keys), "end": made.frame_end,
        "strip": [strip.frame_final_start, strip.frame_final_end],
    }  # fmt: skip


def imports(name, mode, fps, base=1.0):
    made, o, rig = scene(fps, base)
    rig.location = (1, 2, 3)
    rig.pose.bones["mixamorig:Head"].rotation_mode = mode
    made.frame_set(5)
    bpy.ops.diffusiontalker.import_animation(filepath=str(FOLDER / name))
    last = made.frame_end if made.frame_end != 250 else 34
    return {"values": evaluated(made, o, 5, last), "turns": turns(made, rig, 5, last)}


def two_takes():
    made, o, _ = scene(30)
    for frame in (1, 101):
        made.frame_set(frame)
        bpy.ops.diffusiontalker.import_animation(filepath=str(FOLDER / "take.json"))
    o.data.shape_keys.key_blocks["Hat"].keyframe_insert("value", frame=7)
    made.frame_set(101)
    bpy.ops.diffusiontalker.import_animation(filepath=str(FOLDER / "take.json"))
    return {"keys": keys_of(o.data.shape_keys)}


def one_step_of_undo():
    scene(30)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.diffusiontalker.import_animation(filepath=str(FOLDER / "take.json"))
    animated = bpy.data.objects["Face"].data.shape_keys.animation_data is not None
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    data = bpy.data.objects["Face"].data.shape_keys.animation_data
    return {"animated": animated, "left": data is not None and data.action is not None}


def a_rig_of_odd_names():
    _, _, rig = scene(30)
    odd = face(rig, "Odd", ["Gob", "Winker"])
    select(odd)
    take = str(FOLDER / "take.json")
    refused = error_of(bpy.ops.diffusiontalker.import_animation, filepath=take)
    path = FOLDER / "map.tsv"
    bpy.ops.diffusiontalker.draft_mapping(filepath=str(path))
    path.write_text(path.read_text().replace("Gob\t-", "Gob\tjawOpen"))
    bpy.ops.diffusiontalker.import_animation(filepath=take)
    return {"refused": refused, "keys": keys_of(odd.data.shape_keys)}


def refusals():
    made, o, _ = scene(30)
    speak, take = bpy.ops.diffusiontalker.speak, bpy.ops.diffusiontalker.import_animation
    path = str(FOLDER / "take.json")
    found = {"silence": error_of(speak)}
    made.sequence_editor_create()
    for frame in (1, 50):
        made.sequence_editor.strips.new_sound("line", str(FOLDER / "in.wav"), 1, frame)
    made.sequence_editor.active_strip = None
    found["two sounds"] = error_of(speak)
    found["no file"] = error_of(take, filepath=str(FOLDER / "none.csv"))
    select(o, face(armature(), "Second"))
    found["two characters"] = error_of(take, filepath=path)
    select()
    found["nothing"] = error_of(take, filepath=path)
    select(o)
    made.diffusiontalker.options = '--seed "7'
    n_strips = len(made.sequence_editor.strips)
    found["quote"] = error_of(bpy.ops.diffusiontalker.speak_file, filepath=str(FOLDER / "in.wav"))
    made.diffusiontalker.options = "--emotion wrath"
    found["mood"] = error_of(bpy.ops.diffusiontalker.speak_file, filepath=str(FOLDER / "in.wav"))
    found["strips"] = len(made.sequence_editor.strips) - n_strips
    install_program("/nowhere/diffusiontalker")
    found["program"] = error_of(take, filepath=path)
    found["animated"] = o.data.shape_keys.animation_data is not None
    return found


def main():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.extensions.package_install_files(filepath=ARCHIVE, repo="user_default", enable_on_install=True)
    results = {
        "strip": speaks_a_strip(),
        "take.json": imports("take.json", "XYZ", 30), "take.npz": imports("take.npz", "QUATERNION", 24),
        "take.csv": imports("take.csv", "AXIS_ANGLE", 60), "take.glb": imports("take.glb", "ZYX", 30, 1.001),
        "takes": two_takes(), "odd": a_rig_of_odd_names(), "refusals": refusals(), "undo": one_step_of_undo(),
    }  # fmt: skip
    Path(OUT).write_text(json.dumps(results))


main()
