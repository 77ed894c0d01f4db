"""Animation files from anybody: whatever is wrong with one is said in a sentence."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from export_support import random_animation, skip_without_usd

from diffusiontalker.errors import InputError
from diffusiontalker.io import FORMATS, READABLE, read_motion, save_animation

HEADER = "Timecode,BlendShapeCount,JawOpen,EyeBlinkLeft\n"
A2F = {"exportFps": 30, "facsNames": ["jawOpen"], "weightMat": [[0.5]]}


def glb_of(document, binary: bytes = b"") -> bytes:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    return (
        struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(binary))
        + struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    )  # fmt: skip


def morph(**changes) -> dict:
    """A document with one animated target; changes: of its first accessor."""
    return {
        "nodes": [{"mesh": 0}], "meshes": [{"extras": {"targetNames": ["jawOpen"]}}],
        "bufferViews": [{"byteLength": 8}, {"byteOffset": 8, "byteLength": 8}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 2, "type": "SCALAR", **changes},
            {"bufferView": 1, "componentType": 5126, "count": 2, "type": "SCALAR"},
        ],
        "animations": [{"samplers": [{"input": 0, "output": 1}],
                        "channels": [{"sampler": 0, "target": {"node": 0, "path": "weights"}}]}],
    }  # fmt: skip


TWO_KEYS = struct.pack("<4f", 0, 1, 0, 1)

BAD = {
    "empty.csv": (b"", "no rows below its header"),
    "no-column.csv": (b"a,b\n1,2\n", "Timecode and BlendShapeCount"),
    "ragged.csv": (HEADER.encode() + b"00:00:00:00.000,61,0.5\n", "3 values in row 2, and 4 in its header"),
    "words.csv": (HEADER.encode() + b"00:00:00:00.000,61,0.5,open\n", "'open' as EyeBlinkLeft in row 2"),
    "timecode.csv": (HEADER.encode() + b"12.5,61,0.5,0\n", "timecode '12.5' in row 2"),
    "back.csv": (HEADER.encode() + b"00:00:02:00,61,0,0\n00:00:01:00,61,0,0\n", "timecodes that go back, in row 3"),
    "hole.csv": (HEADER.encode() + b"00:00:00:00,61,0,0\n09:00:00:00,61,0,0\n", "most of the time is missing"),
    "nan.csv": (HEADER.encode() + b"00:00:00:00,61,nan,0\n", "not finite"),
    "latin.csv": (HEADER.encode() + b"\xff\xfe\x00", "is not a saved animation"),
    "notime.curves.csv": (b"jawOpen\n1\n", "no column called time"),
    "strange.curves.csv": (b"time,smirk\n0,1\n", "no column of an ARKit blendshape"),
    "still.curves.csv": (b"time,jawOpen\n0,1\n0,1\n", "times that do not rise"),
    "twice.curves.csv": (b"time,jawOpen,JawOpen\n0,1,1\n", "a channel in two columns"),
    "a.oculus.csv": (b"time,sil,PP,PP\n0,1,0,0\n", "a viseme in two columns"),
    "list.json": (b"[]", "no object"),
    "half.json": (b'{"weights": [[1', "is not a saved animation"),
    "deep.json": (b"[" * 100000, "is not a saved animation"),
    "names.a2f.json": (json.dumps({**A2F, "facsNames": "jawOpen"}).encode(), "no list of names"),
    "shape.a2f.json": (json.dumps({**A2F, "weightMat": [[0.5, 1]]}).encode(), "weights [1, 2] for 1 channels"),
    "rate.a2f.json": (json.dumps({**A2F, "exportFps": 0}).encode(), "frame rate of 0"),
    "word.a2f.json": (json.dumps({**A2F, "exportFps": "fast"}).encode(), "frame rate that is no number"),
    "none.a2f.json": (json.dumps({**A2F, "weightMat": []}).encode(), "no frames"),
    "inf.a2f.json": (b'{"facsNames": ["jawOpen"], "weightMat": [[Infinity]]}', "not finite"),
    "shape.tsv": (b"0.00\tZ\n1.00\tX\n", "mouth shape 'Z'"),
    "spaces.tsv": (b"0.00 X\n1.00 X\n", "no time, tab and mouth shape in line 1"),
    "back.tsv": (b"1.00\tX\n0.00\tA\n", "does not rise"),
    "long.tsv": (b"0\tX\n999999\tX\n", "more than 256 MB"),
    "none.xml": (b"<mouthCues/>", "no rhubarbResult"),
    "bare.xml": (b"<rhubarbResult><mouthCue x='1'>A</mouthCue></rhubarbResult>", "without start, end and shape"),
    "cue.rhubarb.json": (b'{"mouthCues": [{"start": 0}]}', "mouthCues with start, end and value"),
    "moho.dat": (b"MohoSwitch2\n", "MohoSwitch1"),
    "words.dat": (b"MohoSwitch1\n1 loud\n", "the line '1 loud'"),
    "lengths.oculus.json": (b'{"visemes": ["aa"], "vtimes": [], "vdurations": []}', "of one length"),
    "words.oculus.json": (b'{"visemes": ["aa"], "vtimes": ["x"], "vdurations": [1]}', "the time 'x'"),
    "none.bvh": (b"HIERARCHY\nROOT A\n{\n}\nMOTION\nFrames: 1\nFrame Time: 0.1\n", "no joint that rotates"),
    "short.bvh": (
        b"HIERARCHY ROOT A { CHANNELS 1 Xrotation\n} MOTION\nFrames: 9\nFrame Time: 0.1\n1",
        "1 numbers for 9",
    ),
    "zero.bvh": (b"HIERARCHY ROOT A { CHANNELS 1 Xrotation\n} MOTION\nFrames: 1\nFrame Time: 0\n1", "Frame Time of 0"),
    "text.pc2": (b"hello", "POINTCACHE2"),
    "huge.pc2": (struct.pack("<12siiffi", b"POINTCACHE2\0", 1, 2**31 - 1, 0, 1, 2**31 - 1), "vertices"),
    "short.pc2": (struct.pack("<12siiffi", b"POINTCACHE2\0", 1, 9, 0, 1, 9), "need 1004"),
    "huge.mdd": (struct.pack(">2i", 2**31 - 1, 2**31 - 1), "too short"),
    "text.mdd": (b"abc", "too short"),
    "text.glb": (b"hello, this is no model", "no binary glTF"),
    "size.glb": (glb_of({})[:-4], "damaged"),
    "none.glb": (glb_of({}), "no animation"),
    "ends.glb": (glb_of(morph(), TWO_KEYS[:12]), "ends within the numbers"),
    "type.glb": (glb_of(morph(componentType=7), TWO_KEYS), "accessor that cannot be read"),
    "count.glb": (glb_of(morph(count=10**12), TWO_KEYS), "ends within the numbers"),
    "view.glb": (glb_of(morph(bufferView=-1), TWO_KEYS), "number -1 of 2 bufferViews"),
    "sparse.glb": (glb_of(morph(sparse={}), TWO_KEYS), "sparse or compressed"),
    "times.glb": (glb_of(morph(), struct.pack("<4f", 1, 1, 0, 1)), "times do not rise"),
    "days.glb": (glb_of(morph(), struct.pack("<4f", 0, 1e9, 0, 1)), "rows 1e+09 s apart"),
    "names.glb": (
        glb_of({**morph(), "meshes": [{"extras": {"targetNames": ["smirk"]}}]}, TWO_KEYS),
        "no ARKit blendshape: its targets are smirk",
    ),
    "model.vrma": (glb_of(morph(), TWO_KEYS), "no VRMC_vrm_animation"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path, name):
    data, says = BAD[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_motion(tmp_path / name)
    text = str(caught.value)
    assert text.startswith(str(tmp_path / name)) and says in text, text
    assert "\n" not in text and len(text.removeprefix(str(tmp_path))) < 400
    assert text.endswith(tuple(f.remedy for f in FORMATS)), "what to do comes last"


def test_names_that_nothing_reads(tmp_path):
    (tmp_path / "a.fbx").write_bytes(b"")
    with pytest.raises(InputError, match=r"names no format that is read: use one of \.glb \.csv"):
        read_motion(tmp_path / "a.fbx")
    with pytest.raises(InputError, match="does not exist"):
        read_motion(tmp_path / "none.csv")
    with pytest.raises(InputError, match="0 recordings of Live Link Face"):
        read_motion(tmp_path)


def test_usd_that_is_none_is_refused(tmp_path):
    skip_without_usd(".usda")
    for text, says in (("hello", "no USD file"), ('#usda 1.0\ndef Xform "A"\n{\n}\n', "no SkelAnimation")):
        (tmp_path / "a.usda").write_text(text)
        with pytest.raises(InputError, match=says):
            read_motion(tmp_path / "a.usda")


# OpenUSD's own parsers are not ours to test, and its messages go to standard error.
@pytest.mark.parametrize("suffix", [s for s in READABLE if not s.startswith(".usd")])
def test_damaged_files_are_read_or_refused(tmp_path, suffix):
    """Cut and changed bytes of a real file; a motion that is still read is finite."""
    rng = np.random.default_rng(5)
    path = tmp_path / f"a{suffix}"
    save_animation(random_animation(3, pose=True), path)
    whole = path.read_bytes()
    front = min(len(whole), 6000)  # documents and headers
    for round_ in range(25):
        data = bytearray(whole)
        if round_ % 3 == 0:
            del data[int(rng.integers(0, len(data))) :]
        else:
            for place in rng.integers(0, front if round_ % 3 == 1 else len(data), 4):
                data[place] = rng.integers(0, 256)
        path.write_bytes(bytes(data))
        try:
            motion, _ = read_motion(path)
        except InputError:
            continue
        assert np.isfinite(motion.weights).all() and motion.weights.ndim == 2
