"""Files of other programs: the layouts that their readers expect, and files that we did not write."""

from __future__ import annotations

import io
import json
import struct
import xml.etree.ElementTree as ElementTree
from fractions import Fraction

import numpy as np
import pytest
from export_support import random_animation, skip_without_usd, weights_of

import diffusiontalker
from diffusiontalker.api.animation import Animation
from diffusiontalker.api.saved import load_animation
from diffusiontalker.head import lip_opening, load_head
from diffusiontalker.head.pose import rotations
from diffusiontalker.io import read_motion, save_animation
from diffusiontalker.io.formats.arkit_names import arkit_name
from diffusiontalker.io.formats.rhubarb import write_dat
from diffusiontalker.io.visemes import poses, shares
from diffusiontalker.spec.channels import ARKIT_CHANNELS

# The three examples of Rhubarb's manual, "Output formats": somebody says "Hi."
HI_TSV = "0.00\tX\n0.05\tD\n0.27\tC\n0.31\tB\n0.43\tX\n0.47\tX\n"
HI_JSON = r"""{
  "metadata": {
    "soundFile": "C:\\Users\\Daniel\\Desktop\\av\\hi\\hi.wav",
    "duration": 0.47
  },
  "mouthCues": [
    { "start": 0.00, "end": 0.05, "value": "X" },
    { "start": 0.05, "end": 0.27, "value": "D" },
    { "start": 0.27, "end": 0.31, "value": "C" },
    { "start": 0.31, "end": 0.43, "value": "B" },
    { "start": 0.43, "end": 0.47, "value": "X" }
  ]
}
"""
HI_XML = r"""<?xml version="1.0" encoding="utf-8"?>
<rhubarbResult>
  <metadata>
    <soundFile>C:\Users\Daniel\Desktop\av\hi\hi.wav</soundFile>
    <duration>0.47</duration>
  </metadata>
  <mouthCues>
    <mouthCue start="0.00" end="0.05">X</mouthCue>
    <mouthCue start="0.05" end="0.27">D</mouthCue>
    <mouthCue start="0.27" end="0.31">C</mouthCue>
    <mouthCue start="0.31" end="0.43">B</mouthCue>
    <mouthCue start="0.43" end="0.47">X</mouthCue>
  </mouthCues>
</rhubarbResult>
"""


@pytest.mark.parametrize(("name", "text"), [("a.tsv", HI_TSV), ("a.json", HI_JSON), ("a.xml", HI_XML)])
def test_the_examples_of_rhubarbs_manual_are_read_and_written_alike(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    motion, read_as = read_motion(tmp_path / name)
    assert [(c.shape, float(c.start), float(c.end)) for c in motion.cues][1] == ("D", 0.05, 0.27)
    assert len(motion.weights) == 14 and motion.weights[4].max() == pytest.approx(0.4)  # jawOpen of D
    for suffix, expected in ((".tsv", HI_TSV), (".rhubarb.json", HI_JSON), (".xml", HI_XML)):
        save_animation(load_animation(tmp_path / name), tmp_path / f"b{suffix}", force=True)
        sound = {
            ".rhubarb.json": r"C:\\Users\\Daniel\\Desktop\\av\\hi\\hi.wav",
            ".xml": r"C:\Users\Daniel\Desktop\av\hi\hi.wav",
        }
        assert (tmp_path / f"b{suffix}").read_text() == expected.replace(sound.get(suffix, "none"), "")
    assert read_as.suffix in (".tsv", ".rhubarb.json", ".xml")


def test_switch_data_of_moho_is_as_rhubarb_writes_it(tmp_path):
    """24 frames a second, frames from 1, names after Preston Blair, and the mouth at rest at the end."""
    (tmp_path / "a.tsv").write_text(HI_TSV)
    out = io.BytesIO()
    write_dat(load_animation(tmp_path / "a.tsv").resampled(24), out)
    assert out.getvalue().decode() == "MohoSwitch1\n1 rest\n2 AI\n7 E\n8 etc\n11 rest\n12 rest\n"
    (tmp_path / "a.dat").write_bytes(out.getvalue())
    assert [c.shape for c in read_motion(tmp_path / "a.dat")[0].cues] == ["X", "D", "C", "B", "X"]
    (tmp_path / "b.dat").write_text("MohoSwitch1\n1 A\n3 E\n9 X\n")  # letters: E is a shape and not a name here
    assert [c.shape for c in read_motion(tmp_path / "b.dat")[0].cues] == ["A", "E"]


def spoken() -> Animation:
    """Open, p, open, u, f, rest: half a second of each, at 30 frames a second."""
    names, table = poses("rhubarb")
    rows = np.stack([table[names.index(s)] for s in "DADFGX"]).astype(np.float32)
    return Animation(np.repeat(rows, 15, axis=0), ARKIT_CHANNELS, 30)


def test_cues_name_the_mouths_that_are_shown(tmp_path):
    save_animation(spoken(), tmp_path / "a.xml")
    root = ElementTree.parse(tmp_path / "a.xml").getroot()
    cues = [(c.text, c.get("start"), c.get("end")) for c in root.iter("mouthCue")]
    assert cues == [
        ("D", "0.00", "0.50"), ("A", "0.50", "1.00"), ("D", "1.00", "1.50"), ("F", "1.50", "2.00"),
        ("G", "2.00", "2.50"), ("X", "2.50", "3.00"),
    ]  # fmt: skip
    save_animation(spoken(), tmp_path / "a.oculus.json")
    track = json.loads((tmp_path / "a.oculus.json").read_text())
    assert track["visemes"] == ["aa", "PP", "aa", "U", "FF", "sil"]
    assert track["vtimes"] == [0, 500, 1000, 1500, 2000, 2500] and set(track["vdurations"]) == {500}


def test_a_closure_of_one_frame_has_its_cue(tmp_path):
    animation = spoken()
    animation.weights[5] = animation.weights[20]
    save_animation(animation, tmp_path / "a.tsv")
    lines = (tmp_path / "a.tsv").read_text().splitlines()
    assert lines[:3] == ["0.00\tD", "0.17\tA", "0.20\tD"]
    back = load_animation(tmp_path / "a.tsv")
    assert lip_opening(load_head(), back.weights).argsort()[:16].min() == 5, "the closed frame is closed again"


def test_shares_of_a_pose_are_that_pose_alone():
    for alphabet in ("oculus", "rhubarb", "vrm"):
        names, table = poses(alphabet)
        found = shares(alphabet, table)
        assert found.min() >= 0 and np.abs(found.sum(axis=1) - 1).max() < 1e-9
        assert np.abs(found @ table - table).max() < 0.02, alphabet
        assert found[names.index("aa" if "aa" in names else "D")].max() > 0.9


def test_closed_lips_show_no_open_shape_whatever_the_jaw_does():
    """A p with a low jaw: mouthClose brings the lips together, and an avatar without it must not gape."""
    face = weights_of(jawOpen=0.3, mouthClose=0.32, mouthLowerDownLeft=0.05, mouthLowerDownRight=0.05)
    assert lip_opening(load_head(), face)[0] < 0.004
    for alphabet, shut in (("vrm", "neutral"), ("oculus", "PP"), ("rhubarb", "A")):
        names, table = poses(alphabet)
        found = shares(alphabet, face.astype(np.float64))[0]
        assert sum(found[k] for k in range(len(names)) if lip_opening(load_head(), table)[k] > 0.01) < 1e-9
        resting = {shut, "neutral", "sil", "X"}
        assert sum(found[k] for k, name in enumerate(names) if name in resting) > 1 - 1e-9, alphabet


def test_the_layout_of_pc2(tmp_path):
    """Signature, version 1, points, start, sampling, samples: 32 bytes, little-endian; then the positions."""
    animation = random_animation(3)
    save_animation(animation, tmp_path / "a.pc2")
    data = (tmp_path / "a.pc2").read_bytes()
    assert struct.unpack("<12siiffi", data[:32]) == (b"POINTCACHE2\0", 1, 8090, 0.0, 1.0, 3)
    assert np.array_equal(np.frombuffer(data[32:], "<f4").reshape(3, 8090, 3), animation.vertices())


def test_the_layout_of_mdd(tmp_path):
    """Frames, points, the times in seconds, the positions; all big-endian."""
    animation = random_animation(3, 25)
    save_animation(animation, tmp_path / "a.mdd")
    data = (tmp_path / "a.mdd").read_bytes()
    assert struct.unpack(">2i3f", data[:20]) == (3, 8090, 0.0, pytest.approx(0.04), pytest.approx(0.08))
    assert np.array_equal(np.frombuffer(data[20:], ">f4").reshape(3, 8090, 3), animation.vertices())


def test_a2f_json_has_what_importers_of_audio2face_read(tmp_path):
    animation = random_animation(4, 30000, 1001)
    save_animation(animation, tmp_path / "a.a2f.json")
    saved = json.loads((tmp_path / "a.a2f.json").read_text())
    assert list(saved) == [
        "exportFps", "trackPath", "numPoses", "numFrames", "facsNames", "joints", "rotations", "translations",
        "weightMat",
    ]  # fmt: skip
    assert saved["exportFps"] == 30000 / 1001 and (saved["numPoses"], saved["numFrames"]) == (52, 4)
    assert np.array_equal(np.array(saved["weightMat"], np.float32), animation.weights)
    # What other exporters write: names in another case, an fps key, tongue poses of their own, in a plain .json.
    other = {"fps": 60, "facsNames": ["JawOpen", "eyeBlink_L", "tongueTipUp"], "weightMat": [[0.5, 0.25, 1], [0, 0, 0]]}
    (tmp_path / "b.json").write_text(json.dumps(other))
    motion, read_as = read_motion(tmp_path / "b.json")
    assert read_as.suffix == ".a2f.json" and motion.fps_num == 60
    assert motion.channels == ("jawOpen", "eyeBlinkLeft", "tongueTipUp") and motion.weights[0].tolist() == [
        0.5,
        0.25,
        1,
    ]


def bvh_rotation(text: str, frame: int) -> np.ndarray:
    """The head's rotation as BVH defines it: channels multiply in their order, angles in degrees, right-handed."""
    lines = text.splitlines()
    yaw, pitch, roll = np.radians([float(v) for v in lines[lines.index("MOTION") + 3 + frame].split()[-3:]])
    assert "CHANNELS 3 Yrotation Xrotation Zrotation" in text
    (cy, cx, cz), (sy, sx, sz) = np.cos([yaw, pitch, roll]), np.sin([yaw, pitch, roll])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return y @ x @ z


def test_bvh_turns_the_head_as_the_pose_says(tmp_path):
    animation = random_animation(5, 24000, 1001, pose=True)
    save_animation(animation, tmp_path / "a.bvh")
    text = (tmp_path / "a.bvh").read_text()
    for k, expected in enumerate(rotations(animation.head_pose)):
        assert np.abs(bvh_rotation(text, k) - expected).max() < 1e-6
    assert "Frames: 5\nFrame Time: 0.0417083333" in text
    # Another order of channels, and a skeleton with more joints, as motion capture writes it.
    other = (
        "HIERARCHY\nROOT Hips\n{\n OFFSET 0 0 0\n"
        " CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation\n"
        " JOINT Head\n {\n OFFSET 0 1 0\n CHANNELS 3 Zrotation Xrotation Yrotation\n"
        " End Site\n {\n OFFSET 0 1 0\n }\n }\n}\n"
        "MOTION\nFrames: 2\nFrame Time: 0.0333333\n0 0 0 0 0 0 0 0 30\n0 0 0 0 0 0 0 20 0\n"
    )
    (tmp_path / "b.bvh").write_text(other)
    motion = read_motion(tmp_path / "b.bvh")[0]
    assert (motion.fps_num, motion.fps_den) == (30, 1)
    assert np.degrees(motion.head_pose) == pytest.approx(np.array([[30, 0, 0], [0, 20, 0]]), abs=1e-4)


def recording(codes: list[str], swap: bool = False) -> str:
    """A Live Link Face recording; swap: columns as an old version of the app ordered them, the right side first."""
    names = ["JawOpen", "EyeBlinkLeft", "EyeBlinkRight", "HeadYaw", "LeftEyeYaw"]
    rows = [[0.1 * (i % 9), 0.5, 0.25, 0.125, 0.3] for i in range(len(codes))]
    order = [0, 2, 1, 3, 4] if swap else [0, 1, 2, 3, 4]
    lines = [",".join(["Timecode", "BlendshapeCount", *(names[k] for k in order)])]
    lines += [",".join([code, "61", *(f"{row[k]:.10f}" for k in order)]) for code, row in zip(codes, rows, strict=True)]
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize("swap", [False, True])
def test_a_recording_of_the_phone_is_read_by_names(tmp_path, swap):
    codes = [f"12:27:{47 + (k + 47) // 60:02d}:{(k + 47) % 60:02d}.{169 + k:03d}" for k in range(40)]
    (tmp_path / "a.csv").write_text(recording(codes, swap))
    motion = read_motion(tmp_path / "a.csv")[0]
    assert (motion.fps_num, len(motion.weights)) == (60, 40)
    assert motion.weights[0, motion.channels.index("eyeBlinkLeft")] == 0.5
    assert motion.head_pose[0].tolist() == [0.125, 0, 0]
    assert any("eyes" in note for note in motion.notes)


@pytest.mark.parametrize("rate", [24, 25, 30, 50, 60])
def test_the_rate_of_a_recording_is_what_its_timecode_counts(tmp_path, rate):
    codes = [f"00:00:{k // rate:02d}:{k % rate:02d}.000" for k in range(rate // 2, rate * 2)]
    (tmp_path / "a.csv").write_text(recording(codes))
    assert read_motion(tmp_path / "a.csv")[0].fps_num == rate


def test_frames_that_a_phone_dropped_are_filled(tmp_path):
    codes = [f"23:59:{59 if k < 30 else 0:02d}:{k % 30:02d}.000".replace("23:59:00", "00:00:00") for k in range(60)]
    del codes[40:44]
    (tmp_path / "a.csv").write_text(recording(codes))
    motion = read_motion(tmp_path / "a.csv")[0]
    assert (motion.fps_num, len(motion.weights)) == (30, 60)
    assert any("4 frames" in note for note in motion.notes)


def test_the_folder_of_a_take_is_its_calibrated_recording(tmp_path):
    take = tmp_path / "20260101_MySlate_1"
    take.mkdir()
    codes = [f"00:00:00:{k:02d}.000" for k in range(20)]
    for name in ("MySlate_1_iPhone_cal", "MySlate_1_iPhone_raw", "MySlate_1_iPhone_neutral"):
        (take / f"{name}.csv").write_text(recording(codes[: 10 if name.endswith("cal") else 20]))
    (take / "frame_log.csv").write_text("a,b\n1,2\n")
    assert len(read_motion(take)[0].weights) == 10


def glb(document: dict, binary: bytes) -> bytes:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    total = 28 + len(text) + len(binary)
    return (
        struct.pack("<4sIII4s", b"glTF", 2, total, len(text), b"JSON")
        + text
        + struct.pack("<I4s", len(binary), b"BIN\0")
        + binary
    )


@pytest.mark.parametrize("kind", ["LINEAR", "STEP", "CUBICSPLINE"])
def test_a_head_of_another_program_is_read(tmp_path, kind):
    """Two meshes, names of other rigs, keys that are no frames, byte weights, and a bone at an angle."""
    times = np.array([0, 0.1, 0.5], "<f4")
    keys = np.array([[0, 0], [1, 0.5], [0, 1]], "<f4")
    values = keys if kind != "CUBICSPLINE" else np.stack([0 * keys, keys, 0 * keys], axis=1)
    half = np.float32(np.sqrt(0.5))
    turn = np.array([[0, half, 0, half], [0, 1, 0, 0], [0, 1, 0, 0]], "<f4")  # 90 degrees at rest, then 180
    parts = [times.tobytes(), values.astype("<f4").tobytes(), turn.tobytes()]
    starts = np.cumsum([0, *map(len, parts)]).tolist()
    document = {
        "asset": {"version": "2.0"},
        "nodes": [{"name": "Face", "mesh": 0}, {"name": "Head", "rotation": [0, float(half), 0, float(half)]}],
        "meshes": [{"primitives": [], "extras": {"targetNames": ["blendShape1.JawOpen", "eyeBlink_L"]}}],
        "bufferViews": [
            {"buffer": 0, "byteOffset": s, "byteLength": len(p)} for s, p in zip(starts, parts, strict=False)
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "SCALAR"},
            {"bufferView": 1, "componentType": 5126, "count": values.size, "type": "SCALAR"},
            {"bufferView": 2, "componentType": 5126, "count": 3, "type": "VEC4"},
        ],
        "buffers": [{"byteLength": starts[-1]}],
        "animations": [
            {
                "samplers": [{"input": 0, "output": 1, "interpolation": kind}, {"input": 0, "output": 2}],
                "channels": [
                    {"sampler": 0, "target": {"node": 0, "path": "weights"}},
                    {"sampler": 1, "target": {"node": 1, "path": "rotation"}},
                ],
            }
        ],
    }
    (tmp_path / "a.glb").write_bytes(glb(document, b"".join(parts)))
    motion = read_motion(tmp_path / "a.glb")[0]
    rate = Fraction(motion.fps_num, motion.fps_den)
    assert motion.channels == ("eyeBlinkLeft", "jawOpen")
    k = round(rate / 20)  # halfway to the second key
    u = float(k / rate) / 0.1
    expected = {"LINEAR": u, "STEP": 0.0 if u < 1 else 1.0, "CUBICSPLINE": 3 * u**2 - 2 * u**3}[kind]
    assert motion.weights[k, 1] == pytest.approx(expected, abs=1e-5)
    assert motion.head_pose[0] == pytest.approx([0, 0, 0], abs=1e-5)
    assert motion.head_pose[-1] == pytest.approx([np.pi / 2, 0, 0], abs=1e-5)


def test_names_of_other_programs():
    spellings = {
        "eyeBlink_L": "eyeBlinkLeft", "EyeBlinkLeft": "eyeBlinkLeft", "blendShapes.MouthSmileRight": "mouthSmileRight",
        "BS_Node.jawOpen": "jawOpen", "mouth_smile_left": "mouthSmileLeft", "HeadYaw": "headYaw", "jawleft": "jawLeft",
        "mouthLeft": "mouthLeft", "MouthRight": "mouthRight", "jaw": None, "viseme_PP": None, "": None,
    }  # fmt: skip
    assert {name: arkit_name(name) for name in spellings} == spellings
    assert [arkit_name(name) for name in ARKIT_CHANNELS] == list(ARKIT_CHANNELS)


def test_vrm_animation_has_the_vowels_and_only_them(tmp_path):
    """Presets and custom expressions in one file would open a Perfect Sync avatar's mouth twice."""
    animation = Animation(np.repeat(weights_of(jawOpen=0.4, eyeBlinkLeft=0.9), 3, axis=0), ARKIT_CHANNELS, 30)
    found = {}
    for suffix in (".vrma", ".arkit.vrma"):
        save_animation(animation, tmp_path / f"a{suffix}")
        data = (tmp_path / f"a{suffix}").read_bytes()
        document = json.loads(data[20 : 20 + struct.unpack("<I", data[12:16])[0]])
        extension = document["extensions"]["VRMC_vrm_animation"]
        assert extension["specVersion"] == "1.0" and document["extensionsUsed"] == ["VRMC_vrm_animation"]
        assert len(extension["humanoid"]["humanBones"]) == 15, "the bones that VRM requires"
        found[suffix] = {kind: set(names) for kind, names in extension["expressions"].items()}
    assert found[".vrma"] == {"preset": {"aa", "ih", "ou", "ee", "oh", "blinkLeft", "blinkRight"}}
    assert found[".arkit.vrma"] == {"custom": set(ARKIT_CHANNELS)}
    back = load_animation(tmp_path / "a.vrma")
    assert back.channel("jawOpen")[0] == pytest.approx(0.4, abs=0.01)
    assert back.channel("eyeBlinkLeft")[0] == pytest.approx(0.9)


def test_the_table_of_nvidias_client_is_read(tmp_path):
    (tmp_path / "animation_frames.csv").write_text(
        ",timeCode,blendShapes.EyeBlinkLeft,blendShapes.JawOpen\n0,0.0,0.5,0.25\n1,0.0333333,0.5,0.75\n"
    )
    motion = read_motion(tmp_path / "animation_frames.csv")[0]
    assert (motion.fps_num, motion.channels) == (30, ("eyeBlinkLeft", "jawOpen"))
    assert motion.weights.tolist() == [[0.5, 0.25], [0.5, 0.75]]


@pytest.mark.slow
def test_usd_is_what_usdskel_computes(tmp_path):
    """Weights, skinned points and rate as OpenUSD's own code finds them, and its validators find nothing."""
    skip_without_usd(".usda")
    from pxr import Usd, UsdGeom, UsdSkel, UsdValidation, Vt

    animation = random_animation(4, 25, pose=True)
    save_animation(animation, tmp_path / "a.usda")
    stage = Usd.Stage.Open(str(tmp_path / "a.usda"))
    assert stage.GetTimeCodesPerSecond() == 25 and UsdGeom.GetStageMetersPerUnit(stage) == 1
    context = UsdValidation.ValidationContext(UsdValidation.ValidationRegistry().GetOrLoadAllValidators())
    assert [e.GetErrorAsString() for e in context.Validate(stage)] == []
    cache, root = UsdSkel.Cache(), UsdSkel.Root(stage.GetPrimAtPath("/Head"))
    cache.Populate(root, Usd.PrimDefaultPredicate)
    skeleton = cache.GetSkelQuery(UsdSkel.Skeleton(stage.GetPrimAtPath("/Head/Skeleton")))
    mesh = UsdGeom.Mesh(stage.GetPrimAtPath("/Head/Face"))
    skinning, k = cache.GetSkinningQuery(mesh.GetPrim()), 3
    shapes = UsdSkel.BlendShapeQuery(UsdSkel.BindingAPI(mesh.GetPrim()))
    weights = skeleton.GetAnimQuery().ComputeBlendShapeWeights(k)
    assert np.array_equal(np.array(weights), animation.weights[k])
    points = Vt.Vec3fArray(mesh.GetPointsAttr().Get())
    found = shapes.ComputeSubShapeWeights(weights)
    assert shapes.ComputeDeformedPoints(
        *found, shapes.ComputeBlendShapePointIndices(), shapes.ComputeSubShapePointOffsets(), points
    )
    assert skinning.ComputeSkinnedPoints(skeleton.ComputeSkinningTransforms(k), points, k)
    assert np.abs(np.array(points) - animation.vertices(k, k + 1)[0]).max() < 1e-6


def test_the_package_reads_an_animation_by_its_name(tmp_path):
    save_animation(random_animation(3, 60), tmp_path / "a.curves.csv")
    animation = diffusiontalker.load_animation(str(tmp_path / "a.curves.csv"))
    assert (animation.fps, animation.n_frames) == (60, 3)
    with pytest.raises(diffusiontalker.InputError, match="does not exist"):
        diffusiontalker.load_animation("none.npz")
